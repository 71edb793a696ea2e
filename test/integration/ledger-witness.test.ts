/**
 * The ledger is an independent witness: what happens to rows behind curate's back shows in `chainon ledger`, although every tile is in
 * order. Each case has a feed of its own, because a finding stays until an operator closes it; all happen at once, and the ledger is read between.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runToEnd } from '../helpers/gateway.ts'
import { type Feed, recordOf } from '../helpers/records.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

/** Those whose records are sent twice. */
const CORRECTED: readonly Feed[] = ['procedure', 'diagnosis']
const ONCE: readonly Feed[] = ['observation', 'death', 'encounter', 'medication', 'document']
let line: Pipeline
/** What an operator is told: of the records as they were loaded, after they were tampered with, and after a partition is back. */
let loaded: string
let tampered: string
let restored: string

const send = (feed: Feed) =>
  line.push(
    'chu',
    feed,
    Array.from({ length: 10 }, (_, id) => recordOf(feed, `${feed}-${id}`, `ipp-${id}`)),
  )

async function ledger(): Promise<string> {
  const { stdout, stderr } = await runToEnd('services/cli/main.ts', ['ledger'], line.env)
  return stdout + stderr
}

/** @returns the sentences that name the feed and say what is wrong */
const problemsOf = (said: string, feed: Feed) =>
  said
    .split('\n')
    .filter((text) => text.startsWith(`chainon: ${feed},`))
    .join('\n')

const command = (query: string) => line.clickhouse.command({ query })

beforeAll(async () => {
  line = await startPipeline({ CHAINON_PARTITIONS: '1' })
  await Promise.all([...CORRECTED, ...ONCE].map(send))
  await line.completeLedger()
  await Promise.all(CORRECTED.map(send))
  await line.completeLedger()
  await command('OPTIMIZE TABLE feed_procedure FINAL')
  loaded = await ledger()
  await command('DELETE FROM feed_observation WHERE _origin_offset = 4')
  await command("ALTER TABLE feed_encounter DETACH PARTITION ID 'all'")
  await command('DELETE FROM feed_diagnosis WHERE _origin_offset >= 10')
  await command('INSERT INTO feed_medication SELECT * FROM feed_medication WHERE _origin_offset = 4')
  await line.services.curate.stop()
  await line.push('chu', 'document', [recordOf('document', 'late', 'ipp-1')])
  const tile = await line.rows("SELECT * FROM ledger_batch WHERE feed = 'document' ORDER BY from_offset DESC LIMIT 1")
  const forged = { ...tile[0], from_offset: 10, to_offset: 11, loaded: 1, rejected: 0, quarantined: 0 }
  await line.clickhouse.insert({ table: 'ledger_batch', values: [forged], format: 'JSONEachRow' })
  tampered = await ledger()
  await command("ALTER TABLE feed_encounter ATTACH PARTITION ID 'all'")
  await command('DELETE FROM feed_death WHERE _origin_offset = 4')
  restored = await ledger()
})
afterAll(async () => line?.stop())

test('records as they are loaded, corrected and sent again balance', async () => {
  expect(await line.rows('SELECT toUInt32(count()) AS rows FROM feed_procedure')).toEqual([{ rows: 10 }])
  for (const feed of [...CORRECTED, ...ONCE]) expect(problemsOf(loaded, feed), feed).toBe('')
  for (const said of [tampered, restored]) expect(problemsOf(said, 'procedure')).toBe('')
})

test('a deleted row shows', () => {
  expect(problemsOf(tampered, 'observation')).toMatch(/1 row.* missing/)
})

test('a row that is deleted after its origin was verified shows', () => {
  expect(problemsOf(tampered, 'death')).toBe('')
  expect(problemsOf(restored, 'death')).toMatch(/1 row.* missing/)
})

test('a detached partition shows, and the finding stays when the rows are back', () => {
  expect(problemsOf(tampered, 'encounter')).toMatch(/10 rows.* missing/)
  expect(problemsOf(restored, 'encounter')).toMatch(/10 rows.* missing/)
})

test('a lost correction shows, although an older version of the record is there', () => {
  expect(problemsOf(tampered, 'diagnosis')).toMatch(/10 rows.* missing/)
})

test('a row that is inserted twice shows', () => {
  expect(problemsOf(tampered, 'medication')).toMatch(/1 row.* more than/)
})

test('a tile without rows shows', () => {
  expect(problemsOf(tampered, 'document')).toMatch(/1 row.* missing/)
})
