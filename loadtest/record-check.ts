/**
 * `npx node loadtest/record-check.ts`: what the rules of severity reject cost the gateway for a record: reading, spelling and encoding it with the
 * guards that refuse a record, as before, and with everything that a worker would reject it for. Both alternate in one process, so that a
 * busy machine slows both equally: compare the ratios. Sealing is left out, which makes the ratio an upper bound. Needs no server.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import avsc from 'avsc'
import { violationOf } from '#core/contract/actions.ts'
import { identifiedSchema } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { recordReader } from '#core/contract/record-reader.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { codeSpeller } from '#core/guards/canonical.ts'
import { compileGuards } from '#core/guards/compile.ts'
import type { Provenance } from '#core/pipeline/verdict.ts'
import { recordChecker } from '#core/rules/check-record.ts'
import { machine } from './machine.ts'

const ROUNDS = 51
const RECORDS_PER_ROUND = 2000
const ROOT = join(import.meta.dirname, '..')
const AT = '2024-05-06T07:08:09.123Z'
const TRAITS = {
  ins: '279035121518989',
  birth_family_name: 'DURAND',
  birth_given_names: 'CAMILLE',
  birth_date: '1979-03-15',
}
const RECORDS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  patient: { sex: 'female', updated_at: AT, ...TRAITS },
  encounter: { encounter_nda: 'nda-1', kind: 'inpatient', started_at: AT, ended_at: '2024-05-09T10:00:00Z' },
  diagnosis: { encounter_nda: 'nda-1', code_system: 'cim10', code: 'E11.9', kind: 'principal', recorded_at: AT },
  procedure: { encounter_nda: 'nda-1', code_system: 'ccam', code: 'HHFA016', performed_at: AT },
  observation: { code_system: 'loinc', code: '718-7', effective_at: AT, value_number: 13.5, value_unit: 'g/dL' },
  medication: { kind: 'request', code_system: 'atc', code: 'N02BE01', started_at: AT, quantity: 3 },
  document: { kind_system: 'loinc', kind: '34117-2', authored_at: AT, text: 'Note. '.repeat(100) },
  death: { sex: 'male', died_on: '2024-05-06', death_place_insee: '69381', cause_code: 'I219', ...TRAITS },
}

type Check = (record: Record<string, unknown>, provenance: Provenance) => readonly unknown[]

const lines = loadContracts(join(ROOT, 'schemas/feeds')).map((contract) => {
  const { check: refused } = compileGuards(contract, (field) => violationOf(field) === 'refuse')
  const [before, after] = [path(contract, refused), path(contract, recordChecker(contract))]
  const rounds = Array.from({ length: ROUNDS }, () => [nanoseconds(before), nanoseconds(after)])
  const of = (index: number) => median(rounds.map((round) => round[index] ?? 0)).toFixed(0)
  const ratio = median(rounds.map(([was = 1, is = 0]) => is / was)).toFixed(3)
  return `${contract.feed.padEnd(14)}${of(0).padStart(10)}${of(1).padStart(10)}${ratio.padStart(8)}`
})
const date = new Date().toISOString()
const text = `${date}  ${machine()}
npx node loadtest/record-check.ts

${ROUNDS} rounds of ${RECORDS_PER_ROUND} records, before and after in turn: median nanoseconds per record from JSON to Avro, and the median of the
ratios in the same round. Before: guards that refuse a record. After: these, and every rule of severity reject of both zones.

${'feed'.padEnd(14)}${'before'.padStart(10)}${'after'.padStart(10)}${'ratio'.padStart(8)}
${lines.join('\n')}
`
process.stdout.write(text)
const results = join(ROOT, 'loadtest/results')
mkdirSync(results, { recursive: true })
writeFileSync(join(results, `${date.slice(0, 10)}-record-check.txt`), text)

/** @returns a record's way in the gateway: from its line to the bytes that are sealed */
function path(contract: FeedContract, check: Check): () => void {
  const read = recordReader(contract, 'json')
  const spell = codeSpeller(contract)
  const schema = identifiedSchema(contract) as unknown as avsc.Schema
  const type = avsc.Type.forSchema(schema, { registry: {}, logicalTypes: {} })
  const provenance = { producer: 'hospital-1', receivedAt: Date.now() * 1000 }
  const line = JSON.stringify({ record_id: 'record-1', patient_ipp: '8000123', ...RECORDS[contract.feed] })
  return () => {
    const found = read(JSON.parse(line))
    if (!found.ok) throw new Error(`no record of ${contract.feed}`)
    const record = spell(found.record, provenance.producer)
    if (check(record, provenance).length > 0) throw new Error(`a record of ${contract.feed} is rejected`)
    record._producer = provenance.producer
    record._received_at = provenance.receivedAt
    type.toBuffer(record)
  }
}

function nanoseconds(run: () => void): number {
  const started = performance.now()
  for (let i = 0; i < RECORDS_PER_ROUND; i++) run()
  return ((performance.now() - started) * 1e6) / RECORDS_PER_ROUND
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
