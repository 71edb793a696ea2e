/**
 * A deduplication token is never the only proof. ClickHouse writes a token to its log before it renames the part into place: killed
 * between the two, it has the token and not the rows, and drops the retry as a duplicate. That window is some 0.1 ms long, so the state
 * that it leaves is made here: a row that is none of the batch's is inserted under the token of the next block.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { isBalanced } from '#core/ledger/row.ts'
import { formatProgress } from '../../services/curate/load/intent.ts'
import { layoutOf } from '../../services/curate/load/layout.ts'
import { commitAs, type GroupOffset, readTopics } from '../helpers/kafka.ts'
import { onlyLong } from '../helpers/long.ts'
import { recordOf } from '../helpers/records.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

const layouts = new Map(loadContracts('schemas/feeds').map((contract) => [contract.feed, layoutOf(contract)]))
let line: Pipeline
let sent = 0

beforeAll(async () => {
  line = await startPipeline({ CHAINON_PARTITIONS: '1' }, 'earlier-rules')
})
afterAll(async () => line?.stop())

/** One in ten observations is rejected by a rule; every patient has traits and so a link. */
async function push(count: number): Promise<void> {
  const ids = Array.from({ length: count }, (_, i) => sent + i)
  sent += count
  const observations = ids.map((id) =>
    recordOf('observation', `r${id}`, `ipp-${id}`, id % 10 === 3 ? { effective_at: '1850-01-01T00:00:00Z' } : {}),
  )
  await line.push('chu', 'observation', observations)
  await line.push(
    'chu',
    'patient',
    ids.map((id) => recordOf('patient', `p${id}`, `ipp-${id}`, {})),
  )
}

/** What the tables hold, raw: nothing is hidden by a view. */
async function stored(): Promise<Record<string, number>> {
  const [row] = await line.rows<Record<string, string>>(
    `SELECT (SELECT count() FROM feed_observation WHERE record_id != 'forged') AS observations,
            (SELECT uniqExact(record_id) FROM feed_observation WHERE record_id != 'forged') AS distinct_observations,
            (SELECT count() FROM feed_patient WHERE record_id != 'forged') AS patients,
            (SELECT count() FROM quarantine WHERE feed != 'forged') AS rejected,
            (SELECT uniqExact(patient_id) FROM person_link WHERE patient_id != 'forged') AS linked,
            (SELECT sum(checked) FROM rule_quality WHERE feed = 'observation' AND rule = 'loinc-key') AS checked,
            (SELECT sum(to_offset - from_offset) FROM ledger_batch WHERE feed != 'forged') AS tiled`,
  )
  return Object.fromEntries(Object.entries(row ?? {}).map(([name, value]) => [name, Number(value)]))
}

/** What `count` more records of both feeds add to each of these. */
async function expectAdded(count: number, before: Readonly<Record<string, number>>): Promise<void> {
  expect(isBalanced(await line.completeLedger())).toBe(true)
  const after = await stored()
  expect(Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]))).toEqual(
    {
      observations: count * 0.9,
      distinct_observations: count * 0.9,
      patients: count,
      rejected: count / 10,
      linked: count,
      checked: count,
      tiled: count * 2,
    },
  )
}

/** A row of each table that no batch writes, in a partition that does not exist. */
const TABLES = [
  { table: 'feed_observation', feed: 'observation', row: "(record_id, _origin_partition) VALUES ('forged', 7)" },
  { table: 'quarantine', feed: 'observation', row: "(feed) VALUES ('forged')" },
  { table: 'rule_outcome', feed: 'observation', row: "(feed) VALUES ('forged')" },
  { table: 'ledger_batch', feed: 'observation', row: "(feed) VALUES ('forged')" },
  { table: 'feed_patient', feed: 'patient', row: "(record_id, _origin_partition) VALUES ('forged', 7)" },
  { table: 'person_link', feed: 'patient', row: "(patient_id) VALUES ('forged')" },
] as const

/** How far curate has loaded a feed: the log's next offset and the last origin. */
async function reached(feed: string): Promise<{ log: number; hwm: number; incarnation: string; topic: string }> {
  const [row] = await line.rows<Record<'log' | 'hwm' | 'incarnation' | 'topic', string>>(
    `SELECT toString(max(log_to)) AS log, toString(toInt64(max(to_offset)) - 1) AS hwm, any(incarnation) AS incarnation,
            any(log_incarnation) AS topic FROM ledger_batch WHERE feed = '${feed}'`,
  )
  return { log: Number(row?.log), hwm: Number(row?.hwm), incarnation: row?.incarnation ?? '', topic: row?.topic ?? '' }
}

async function forgeToken({ table, row }: (typeof TABLES)[number], token: string): Promise<void> {
  await line.clickhouse.command({
    query: `INSERT INTO ${table} ${row}`,
    clickhouse_settings: { insert_deduplication_token: token, insert_deduplicate: 1, async_insert: 0 },
  })
}

/** The state of a curate that was killed while it loaded the last 30 records of a feed: the intent is there, the tokens of these tables are, their rows are not. */
async function killedWhileLoading(feed: string, tables: readonly (typeof TABLES)[number][]): Promise<GroupOffset> {
  const { log, hwm, incarnation, topic: logIncarnation } = await reached(feed)
  const topic = `${line.place.namespace}pseudonymised.${feed}`
  await expect.poll(async () => (await readTopics(line.env, [topic])).length).toBe(log + 30)
  for (const one of tables) await forgeToken(one, `${feed}:${incarnation}:0:${hwm + 1}-${hwm + 31}:${one.table}`)
  const intent = { to: BigInt(log + 30), originTo: BigInt(hwm + 31), layout: layouts.get(feed) ?? '', attempt: '' }
  const metadata = formatProgress({
    logIncarnation,
    incarnation,
    hwm: BigInt(hwm),
    intent: { ...intent, deadline: Date.now() + 10_000 },
  })
  return { topic, partition: 0, offset: String(log), metadata }
}

async function losesNothing(tables: readonly (typeof TABLES)[number][]): Promise<void> {
  const start = await stored()
  await push(20)
  await expectAdded(20, start)
  await line.services.curate.stop()
  await push(30)
  const offsets: GroupOffset[] = []
  for (const [feed, own] of Map.groupBy(tables, ({ feed }) => feed)) offsets.push(await killedWhileLoading(feed, own))
  await commitAs(line.env, `${line.place.namespace}curate`, offsets)
  line.services.curate = await line.start('curate')
  await expectAdded(50, start)
}

describe('tokens without rows, found with an intent', () => {
  test('lose nothing, of all tables at once', () => losesNothing(TABLES))

  test.for(TABLES)('lose nothing of $table alone', async (one, context) => {
    onlyLong(context)
    await losesNothing([one])
  })
})
