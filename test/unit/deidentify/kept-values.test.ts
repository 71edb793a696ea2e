/**
 * What a record may keep: a code, a unit or a number that could name a person does not reach the pseudonymised record. The contracts and
 * the pipeline are the real ones.
 */
import { describe, expect, test } from 'vitest'
import { identifiedSchema, pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { recordReader } from '#core/contract/record-reader.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { deidentifyPipeline } from '../../../services/deidentify/pipeline.ts'
import { decoderOf, encoderOf } from '../../guide/avro.ts'
import { type Feed, nirOf, recordOf } from '../../helpers/records.ts'

const contracts = new Map(loadContracts('schemas/feeds').map((contract) => [contract.feed, contract]))
const RECEIVED_AT = Date.UTC(2026, 0, 31) * 1000
const NIR = nirOf('1850569123456')

function contractOf(feed: Feed): FeedContract {
  const contract = contracts.get(feed)
  if (!contract) throw new Error(`there is no feed ${feed}`)
  return contract
}

/** @returns the outcome of a record as a hospital sends it, and what reaches the pseudonymised log, as text and as values */
function deidentified(feed: Feed, more: Readonly<Record<string, unknown>>) {
  const contract = contractOf(feed)
  const read = recordReader(contract, 'json')(recordOf(feed, 'record-1', 'ipp-8000123', more))
  if (!read.ok) throw new Error(`not a record: ${JSON.stringify(read.faults)}`)
  const value = encoderOf(identifiedSchema(contract)).encode({
    ...read.record,
    _producer: 'hospital-1',
    _received_at: RECEIVED_AT,
  })
  const result = deidentifyPipeline({
    contract,
    decoder: decoderOf(identifiedSchema(contract)),
    encoder: encoderOf(pseudonymisedSchema(contract)),
    pseudonymiser: pseudonymiser(1, Buffer.alloc(32, 1)),
    tokenSecret: Buffer.alloc(32, 2),
  }).run({ value: value ?? null, offset: '42', timestamp: '0' })
  if (result.kind === 'fail') return { outcome: result.fault, record: {}, text: JSON.stringify(result.details) }
  const decoded = decoderOf(pseudonymisedSchema(contract)).decode(result.value.body.value)
  return { outcome: 'pass', record: decoded?.record ?? {}, text: JSON.stringify(decoded?.record) }
}

describe('a value that could name a person', () => {
  test.each<[Feed, string, unknown, RegExp]>([
    ['diagnosis', 'code', 'DUPONT Jean 12 rue Foch', /DUPONT/],
    ['document', 'kind', `CR DUPONT Jean NIR ${NIR}`, /DUPONT/],
    ['observation', 'value_number', Number(NIR), new RegExp(NIR)],
    ['medication', 'route', '06 12 34 56 78', /06 12/],
  ])('%s: %s', (feed, field, value, leak) => {
    expect(deidentified(feed, { [field]: value }).text).not.toMatch(leak)
  })
})
