/** What an input must lead to: records, refusals with a known reason, and no other error. */
import { hash } from 'node:crypto'
import { loadContracts } from '#core/contract/load.ts'
import { localTime } from '#core/contract/local-time.ts'
import { recordReader } from '#core/contract/record-reader.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { parseMapping } from '#core/csv/mapping.ts'
import { tableRecords } from '#core/csv/records.ts'
import { FAULTS, type FaultCode } from '#core/faults/codes.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { codeSpeller } from '#core/guards/canonical.ts'
import { recordChecker } from '#core/rules/check-record.ts'
import { hl7Messages } from '../../services/cli/push/hl7-file.ts'
import { deidentifyFile } from '../../services/deidentify/dicom/deidentify-file.ts'
import { dicomItems } from '../../services/gateway/decode/dicom/items.ts'
import { partsOf } from '../../services/gateway/decode/dicom/multipart.ts'
import { openBundle } from '../../services/gateway/decode/fhir/bundle.ts'
import { bundleItems } from '../../services/gateway/decode/fhir/items.ts'
import { openLines } from '../../services/gateway/decode/fhir/resources.ts'
import { hl7Items } from '../../services/gateway/decode/hl7/items.ts'
import type { Item } from '../../services/gateway/decode/item.ts'
import { pmsiItems } from '../../services/gateway/decode/pmsi/items.ts'
import { recordItems } from '../../services/gateway/decode/records.ts'
import { BOUNDARY, type Case, type Format } from './cases.ts'
import { MAPPING } from './samples.ts'

export interface Outcome {
  /** Valid records. */
  readonly taken: number
  /** Refused records by rule; a body that is refused as a whole counts by its code. */
  readonly refused: readonly string[]
}

/** Refusals of the readers of files, beside the faults of records. */
const FILE_RULES = ['malformed-row', 'cell-count']
const LIMITS = { maxBodyBytes: 1_000_000, maxRecordBytes: 100_000, maxRecords: 10_000 }
const SETTINGS = { charset: 'ASCII', localTime: localTime('Europe/Paris'), ippAuthorities: [] }
const RECEIVED_AT = Date.parse('2025-03-01T12:00:00Z')
const DICOM = {
  settings: SETTINGS,
  receivedAt: RECEIVED_AT,
  maxBytes: LIMITS.maxRecordBytes,
  onUnmapped: () => undefined,
  keepFiles: true,
}
const REPLACEMENT = {
  uid: (uid: string) => `2.25.${BigInt(`0x${hash('sha256', uid)}`) % 10n ** 30n}`,
  patientId: 'P',
  days: 3,
}
const nothing = () => undefined
const PMSI = { receivedAt: RECEIVED_AT, maxLineBytes: LIMITS.maxRecordBytes, onUnmapped: nothing }
const PROVENANCE = { producer: 'hospital-1', receivedAt: RECEIVED_AT * 1000 }

const contracts = loadContracts('schemas/feeds')
const validators = new Map(contracts.map((contract) => [contract.feed, validator(contract)]))
const observations = contracts.find(({ feed }) => feed === 'observation') as FeedContract
const mapping = parseMapping(MAPPING, observations)

/** @throws Error when the input leads to anything else than it must: the case is then a defect */
export async function judge({ format, body, good }: Case): Promise<Outcome> {
  const taken: Readonly<Record<string, unknown>>[] = []
  const refused: string[] = []
  const refuse = (rule: string) => {
    if (
      FAULTS[rule as FaultCode]?.blame !== 'record' &&
      !FILE_RULES.includes(rule) &&
      !/^[a-z0-9][a-z0-9-]{0,63}$/.test(rule)
    )
      throw new Error('a refusal has no known reason')
    refused.push(rule)
  }
  const take = (feed: string, raw: unknown, source: 'json' | 'avro') => {
    const faults = validators.get(feed)?.(raw, source) ?? [{ rule: 'unmapped-resource' }]
    if (faults.length === 0) taken.push(raw as Record<string, unknown>)
    else for (const { rule } of faults) refuse(rule)
  }
  try {
    if (format === 'table') {
      for await (const { converted } of tableRecords(chunks(body), mapping, observations, 'fuzz', nothing)) {
        if ('record' in converted) take('observation', JSON.parse(JSON.stringify(converted.record)), 'json')
        else for (const { rule } of converted.refused) refuse(rule)
      }
    } else if (format === 'hl7-file') {
      for await (const record of hl7Messages(chunks(body))) {
        if (record.refused) for (const { rule } of record.refused) refuse(rule)
        else for (const item of hl7Items(record.bytes, SETTINGS, RECEIVED_AT, LIMITS.maxRecordBytes, nothing)) one(item)
      }
    } else for (const item of await itemsOf(format, body)) one(item)
  } catch (error) {
    if (!(error instanceof ChainonError) || FAULTS[error.code].blame !== 'request') throw error
    refused.push(error.code)
  }
  function one(item: Item): void {
    if (item.kind === 'undecodable') refuse(item.fault)
    else {
      take(item.feed, item.raw, item.source)
      if (item.file) judgeFile(item.file, item.raw as Record<string, unknown>)
    }
  }
  const names = new Set(taken.flatMap(({ record_id, patient_ipp }) => [record_id, patient_ipp]))
  const lost = good.filter((name) => !names.has(name))
  if (lost.length > 0) throw new Error(`good records are not taken: ${lost.join(', ')}`)
  if (taken.length + refused.length === 0) {
    if (!isEmpty(format, body)) throw new Error('the input is neither taken nor refused')
    // What the gateway answers to a request without a record.
    refused.push('no-records')
  }
  return { taken: taken.length, refused }
}

/** What is written of a file can be read again, and has neither the number of the patient nor that of the instance. */
function judgeFile(file: Buffer, { patient_ipp, record_id }: Readonly<Record<string, unknown>>): void {
  const result = deidentifyFile(file, REPLACEMENT)
  if ('reason' in result) return
  const written = Buffer.concat(result.chunks)
  if ('reason' in deidentifyFile(written, REPLACEMENT)) throw new Error('what was written cannot be read')
  for (const number of [patient_ipp, record_id])
    if (typeof number === 'string' && number.length > 5 && written.includes(number))
      throw new Error('an identifier is left in a file')
}

/** @returns whether the body says itself that it has no record; of Avro it is not looked at */
function isEmpty(format: string, body: Buffer): boolean {
  const text = body
    .toString()
    .replace(/^\uFEFF/, '')
    .trim()
  if (text === '' || format === 'avro') return true
  if (format !== 'json' && format !== 'fhir') return false
  const value = JSON.parse(text) as unknown
  const { entry } = (format === 'fhir' ? value : { entry: value }) as { entry?: unknown }
  return !Array.isArray(entry) || entry.length === 0
}

async function itemsOf(format: Exclude<Format, 'table' | 'hl7-file'>, body: Buffer): Promise<Iterable<Item>> {
  if (format === 'fhir-lines') return bundleItems(await openLines(body, RECEIVED_AT, LIMITS), nothing)
  if (format === 'fhir') return bundleItems(await openBundle(body, RECEIVED_AT, LIMITS), nothing)
  if (format === 'hl7') return hl7Items(body, SETTINGS, RECEIVED_AT, LIMITS.maxRecordBytes, nothing)
  if (format === 'pmsi') return pmsiItems(body, PMSI)
  if (format === 'dicom') return dicomItems([{ file: body }], DICOM)
  if (format === 'stow') return dicomItems(partsOf(body, BOUNDARY), DICOM)
  return recordItems(format, body, observations, LIMITS, () => undefined)
}

function validator(contract: FeedContract) {
  const read = { json: recordReader(contract, 'json'), avro: recordReader(contract, 'avro') }
  const spell = codeSpeller(contract)
  const check = recordChecker(contract)
  return (raw: unknown, source: 'json' | 'avro') => {
    const found = read[source](raw)
    return found.ok ? check(spell(found.record, PROVENANCE.producer), PROVENANCE) : found.faults
  }
}

/** A file comes in pieces that end anywhere. */
async function* chunks(body: Buffer): AsyncGenerator<Buffer> {
  for (let from = 0; from < body.length; from += 97) yield body.subarray(from, from + 97)
}
