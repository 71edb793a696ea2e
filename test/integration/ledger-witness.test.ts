/**
 * The ledger is an independent witness: what happens to rows behind curate's back shows in `chainon ledger`, although every tile is in
 * order. Each case has a feed of its own, because a finding stays until an operator closes it.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runToEnd } from '../helpers/gateway.ts'
import { type Feed, recordOf } from '../helpers/records.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

let line: Pipeline

beforeAll(async () => {
  line = await startPipeline({ CHAINON_PARTITIONS: '1' })
}, 120_000)
afterAll(async () => line?.stop())

async function push(feed: Feed, count: number, first = 0): Promise<void> {
  const ids = Array.from({ length: count }, (_, i) => first + i)
  await line.push(
    'chu',
    feed,
    ids.map((id) => recordOf(feed, `${feed}-${id}`, `ipp-${id}`)),
  )
  await line.completeLedger()
}

/** What an operator sees. */
async function ledger(...args: string[]): Promise<{ status: number | null; said: string }> {
  const { status, stdout, stderr } = await runToEnd('services/cli/main.ts', ['ledger', ...args], line.env)
  return { status, said: stdout + stderr }
}

/** @returns the sentences of the ledger that name the feed and say what is wrong */
async function problemsOf(feed: Feed): Promise<string> {
  const { said } = await ledger()
  return said
    .split('\n')
    .filter((text) => text.startsWith(`chainon: ${feed},`))
    .join('\n')
}

const command = (query: string) => line.clickhouse.command({ query })

test('records as they are loaded, corrected and sent again balance', async () => {
  await push('procedure', 10)
  await push('procedure', 10)
  await command('OPTIMIZE TABLE feed_procedure FINAL')
  expect(await line.rows('SELECT toUInt32(count()) AS rows FROM feed_procedure')).toEqual([{ rows: 10 }])
  expect(await problemsOf('procedure')).toBe('')
})

test('a deleted row shows', async () => {
  await push('observation', 10)
  await command('DELETE FROM feed_observation WHERE _origin_offset = 4')
  expect(await problemsOf('observation')).toMatch(/1 row.* missing/)
})

test('a row that is deleted after its origin was verified shows', async () => {
  await push('death', 10)
  expect(await problemsOf('death')).toBe('')
  await command('DELETE FROM feed_death WHERE _origin_offset = 4')
  expect(await problemsOf('death')).toMatch(/1 row.* missing/)
})

test('a detached partition shows, and the finding stays when the rows are back', async () => {
  await push('encounter', 10)
  await command("ALTER TABLE feed_encounter DETACH PARTITION ID 'all'")
  expect(await problemsOf('encounter')).toMatch(/10 rows.* missing/)
  await command("ALTER TABLE feed_encounter ATTACH PARTITION ID 'all'")
  expect(await problemsOf('encounter')).toMatch(/10 rows.* missing/)
})

test('a lost correction shows, although an older version of the record is there', async () => {
  await push('diagnosis', 10)
  await push('diagnosis', 10)
  await command('DELETE FROM feed_diagnosis WHERE _origin_offset >= 10')
  expect(await problemsOf('diagnosis')).toMatch(/10 rows.* missing/)
})

test('a row that is inserted twice shows', async () => {
  await push('medication', 10)
  await command('INSERT INTO feed_medication SELECT * FROM feed_medication WHERE _origin_offset = 4')
  expect(await problemsOf('medication')).toMatch(/1 row.* more than/)
})

test('a tile without rows shows', async () => {
  await push('document', 10)
  await line.services.curate.stop()
  await line.push('chu', 'document', [recordOf('document', 'late', 'ipp-1')])
  const tile = await line.rows("SELECT * FROM ledger_batch WHERE feed = 'document' ORDER BY from_offset DESC LIMIT 1")
  const forged = { ...tile[0], from_offset: 10, to_offset: 11, loaded: 1, rejected: 0, quarantined: 0 }
  await line.clickhouse.insert({ table: 'ledger_batch', values: [forged], format: 'JSONEachRow' })
  expect(await problemsOf('document')).toMatch(/1 row.* missing/)
})
