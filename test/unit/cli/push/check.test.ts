/** `push --dry-run` rejects what the gateway or a worker would reject because of the record alone. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { checkFile } from '../../../../services/cli/push/check.ts'
import { openSource } from '../../../../services/cli/push/source.ts'
import { harness } from '../../gateway/harness.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-check-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** @returns `<line> <pointer> <rule>` of each rejected record */
async function check(feed: string, records: readonly Record<string, unknown>[]) {
  const file = join(folder, `${feed}.ndjson`)
  writeFileSync(file, records.map((record) => JSON.stringify(record)).join('\n'))
  const contract = loadContracts('schemas/feeds').find((one) => one.feed === feed)
  if (!contract) throw new Error(`no contract ${feed}`)
  const rejected: string[] = []
  const report = {
    progress: () => undefined,
    rejected: (_: string, line: number, error: { pointer: string; rule: string }) =>
      void rejected.push(`${line} ${error.pointer} ${error.rule}`),
    say: () => undefined,
    end: () => undefined,
  }
  const sent = await checkFile(openSource(file), contract, report)
  expect(sent.rejected).toBe(new Set(rejected.map((one) => one.split(' ')[0])).size)
  return rejected
}

test('what is told of a rejected record is what the receipt of the gateway would tell', async () => {
  const wrong = [{ code: 'zqx', recorded_at: '2150-01-01T00:00:00Z' }, { kind: 'zqx' }]
  const file = join(folder, 'told.ndjson')
  writeFileSync(file, wrong.map((more) => JSON.stringify(diagnosis(more))).join('\n'))
  const contract = loadContracts('schemas/feeds').find(({ feed }) => feed === 'diagnosis')
  const told: unknown[] = []
  const nothing = () => undefined
  const report = {
    progress: nothing,
    say: nothing,
    end: nothing,
    rejected: (_: string, __: number, e: unknown) => void told.push(e),
  }
  if (contract) await checkFile(openSource(file), contract, report)
  const gateway = await harness()
  const answer = await gateway.post('diagnosis', 'application/x-ndjson', readFileSync(file, 'utf8'))
  await gateway.close()
  expect(told).toHaveLength(3)
  expect(told).toEqual(answer.json<{ errors: unknown }>().errors)
})

const diagnosis = (more: Record<string, unknown>) => ({
  record_id: 'r',
  patient_ipp: '8000123',
  code_system: 'cim10',
  code: 'E119',
  kind: 'principal',
  recorded_at: '2024-05-06T07:08:09Z',
  ...more,
})

test('a rule of severity reject, a guard that refuses, and a spelling that is none of a fault', async () => {
  const records = [{}, { code: 'E11.9' }, { code: 'zqx' }, { record_version: -1 }, { record_version: 185056912345 }]
  expect(await check('diagnosis', records.map(diagnosis))).toEqual([
    '3 /code cim10-form',
    '4 /record_version version-not-negative',
    '5 /record_version guard-record-version',
  ])
})

test('rules on fields that do not survive, and rules of the record', async () => {
  const patient = { record_id: 'r', patient_ipp: 'p', sex: 'female', updated_at: '2024-05-06T07:08:09Z' }
  expect(await check('patient', [{ ...patient, birth_date: '2150-01-01' }])).toEqual([
    '1 /birth_date birth-not-in-future',
  ])
  const stay = { record_id: 'r', patient_ipp: 'p', kind: 'other', started_at: '2024-05-06T07:08:09Z' }
  expect(await check('encounter', [{ ...stay, ended_at: '2024-05-05T07:08:09Z' }])).toEqual([
    '1 /ended_at end-after-start',
  ])
})
