/**
 * With many partitions the batches that wait for a load go into one insert: every record is in its table once, whatever becomes of that insert.
 * The states that a crash leaves are made here: the intents of a merged insert, and its tokens with or without rows.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { isBalanced } from '#core/ledger/row.ts'
import { formatProgress } from '../../services/curate/load/intent.ts'
import { layoutOf } from '../../services/curate/load/layout.ts'
import { commitAs, readTopics } from '../helpers/kafka.ts'
import { onlyLong } from '../helpers/long.ts'
import { recordOf } from '../helpers/records.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

const FEEDS = ['observation', 'patient'] as const
const PARTITIONS = 12
const layouts = new Map(loadContracts('schemas/feeds').map((contract) => [contract.feed, layoutOf(contract)]))
let line: Pipeline
let feeds: string
let sent = 0

beforeAll(async () => {
  feeds = mkdtempSync(join(tmpdir(), 'chainon-feeds-'))
  for (const feed of FEEDS) copyFileSync(`schemas/feeds/${feed}.avsc`, join(feeds, `${feed}.avsc`))
  line = await startPipeline({ CHAINON_PARTITIONS: String(PARTITIONS), CHAINON_FEEDS_DIR: feeds }, 'earlier-rules')
})
afterAll(async () => {
  await line?.stop()
  rmSync(feeds, { recursive: true, force: true })
})

/** One in ten observations is rejected by a rule; every patient has a link. */
async function push(count: number): Promise<void> {
  const ids = Array.from({ length: count }, () => sent++)
  await line.push(
    'chu',
    'observation',
    ids.map((id) =>
      recordOf('observation', `r${id}`, `ipp-${id}`, id % 10 === 3 ? { effective_at: '1850-01-01T00:00:00Z' } : {}),
    ),
  )
  await line.push(
    'chu',
    'patient',
    ids.map((id) => recordOf('patient', `p${id}`, `ipp-${id}`, {})),
  )
}

/** Raw rows, rows of the views, and origins; nothing of a forged row. */
async function expectExact(): Promise<void> {
  expect(isBalanced(await line.completeLedger())).toBe(true)
  const [row] = await line.rows<Record<string, string>>(
    `SELECT (SELECT count() FROM feed_observation WHERE record_id != 'forged') AS observations,
            (SELECT count() FROM feed_observation FINAL WHERE record_id != 'forged') AS final_observations,
            (SELECT uniqExact(_origin_partition, _origin_offset) FROM feed_observation WHERE record_id != 'forged') AS origins,
            (SELECT count() FROM origin_loaded WHERE feed = 'observation' AND partition < ${PARTITIONS}) AS witnessed,
            (SELECT count() FROM feed_patient WHERE record_id != 'forged') AS patients,
            (SELECT count() FROM feed_patient FINAL WHERE record_id != 'forged') AS final_patients,
            (SELECT count() FROM quarantine WHERE feed != 'forged') AS rejected,
            (SELECT count() FROM person_link WHERE patient_id != 'forged') AS links,
            (SELECT uniqExact(patient_id) FROM person_link WHERE patient_id != 'forged') AS linked,
            (SELECT sum(checked) FROM rule_quality WHERE feed = 'observation' AND rule = 'loinc-key') AS checked,
            (SELECT sum(to_offset - from_offset) FROM ledger_batch WHERE feed != 'forged') AS tiled`,
  )
  const loaded = sent * 0.9
  expect(Object.fromEntries(Object.entries(row ?? {}).map(([name, value]) => [name, Number(value)]))).toEqual({
    observations: loaded,
    final_observations: loaded,
    origins: loaded,
    witnessed: loaded,
    patients: sent,
    final_patients: sent,
    rejected: sent / 10,
    links: sent,
    linked: sent,
    checked: sent,
    tiled: sent * 2,
  })
}

async function mergedBatches(outcome: string): Promise<number> {
  const counter = new RegExp(`^chainon_merged_batches_total\\{[^}]*outcome="${outcome}"[^}]*\\} (\\d+)`, 'm')
  return Number(counter.exec(await line.services.curate.metrics())?.[1] ?? 0)
}

/** A row of each table that no batch writes, in a partition that does not exist. */
const TABLES = [
  { table: 'feed_observation', row: "(record_id, _origin_partition) VALUES ('forged', 77)" },
  { table: 'feed_patient', row: "(record_id, _origin_partition) VALUES ('forged', 77)" },
  { table: 'quarantine', row: "(feed, partition) VALUES ('forged', 77)" },
  { table: 'rule_outcome', row: "(feed) VALUES ('forged')" },
  { table: 'person_link', row: "(patient_id) VALUES ('forged')" },
  { table: 'ledger_batch', row: "(feed) VALUES ('forged')" },
] as const

async function insertAs(token: string, { table, row }: (typeof TABLES)[number]): Promise<void> {
  await line.clickhouse.command({
    query: `INSERT INTO ${table} ${row}`,
    clickhouse_settings: { insert_deduplication_token: token, insert_deduplicate: 1, async_insert: 0 },
  })
}
async function forgedRows(): Promise<number> {
  const [row] = await line.rows<{ n: string }>(
    `SELECT (SELECT count() FROM feed_observation WHERE record_id = 'forged') + (SELECT count() FROM feed_patient WHERE record_id = 'forged')
          + (SELECT count() FROM quarantine WHERE feed = 'forged') + (SELECT count() FROM rule_outcome WHERE feed = 'forged')
          + (SELECT count() FROM person_link WHERE patient_id = 'forged') + (SELECT count() FROM ledger_batch WHERE feed = 'forged') AS n`,
  )
  return Number(row?.n)
}

/** What a worker leaves that is killed after the intents of a merged insert of all that waits: `curate` is stopped meanwhile. */
async function leaveIntents(merged: string, count: number): Promise<void> {
  await line.services.curate.stop()
  await push(count)
  for (const feed of FEEDS) {
    const topic = `${line.place.namespace}pseudonymised.${feed}`
    const reached = new Map(
      (
        await line.rows<Record<'partition' | 'log' | 'end' | 'incarnation' | 'topic', string>>(
          `SELECT toString(partition) AS partition, toString(max(log_to)) AS log, toString(max(to_offset)) AS end, any(incarnation) AS incarnation,
                  any(log_incarnation) AS topic FROM ledger_batch WHERE feed = '${feed}' GROUP BY partition`,
        )
      ).map((row) => [Number(row.partition), row]),
    )
    const before = [...reached.values()].reduce((sum, { log }) => sum + Number(log), 0)
    const read = () => readTopics(line.env, [topic])
    await expect.poll(async () => (await read()).length).toBe(before + count)
    const lengths = new Map<number, number>()
    for (const { partition } of await read()) lengths.set(partition, (lengths.get(partition) ?? 0) + 1)
    const commits = [...reached].map(([partition, { log, end, incarnation, topic: logIncarnation }]) => {
      const more = (lengths.get(partition) ?? 0) - Number(log)
      const intent = {
        to: BigInt(log) + BigInt(more),
        originTo: BigInt(end) + BigInt(more),
        layout: layouts.get(feed) ?? '',
        attempt: '',
        deadline: Date.now() + 100_000,
        merged,
      }
      const progress = { logIncarnation, incarnation, hwm: BigInt(end) - 1n }
      return { topic, partition, offset: log, metadata: formatProgress(more > 0 ? { ...progress, intent } : progress) }
    })
    await commitAs(line.env, `${line.place.namespace}curate`, commits)
  }
}

test('batches of many partitions share their blocks, and every record is loaded once', async () => {
  for (let round = 0; round < 3; round++) await push(200)
  await expectExact()
  expect(await mergedBatches('stored')).toBeGreaterThan(0)
  const [blocks] = await line.rows<{ tiles: string; moments: string }>(
    'SELECT toString(count()) AS tiles, toString(uniqExact(loaded_at)) AS moments FROM ledger_batch',
  )
  expect(Number(blocks?.moments)).toBeLessThan(Number(blocks?.tiles))
})

test('a merged insert that was never stored, and arrives when its partitions are loaded, is dropped', async (context) => {
  onlyLong(context)
  await leaveIntents('late-insert', 200)
  line.services.curate = await line.start('curate')
  await expectExact()
  for (const one of TABLES) await insertAs(`late-insert:${one.table}`, one)
  expect(await forgedRows()).toBe(0)
  expect(await line.rows("SELECT count() > 0 AS fenced FROM insert_fence WHERE merged = 'late-insert'")).toEqual([
    { fenced: 1 },
  ])
})

test('a merged insert whose tokens are stored without their rows is loaded again', async (context) => {
  onlyLong(context)
  await leaveIntents('token-only', 200)
  for (const one of TABLES) await insertAs(`token-only:${one.table}`, one)
  line.services.curate = await line.start('curate')
  await expectExact()
  expect(await forgedRows()).toBe(TABLES.length)
})

test('a worker that is suspended while it loads, and wakes when another has its partitions, doubles nothing', async (context) => {
  onlyLong(context)
  const first = line.services.curate
  const second = await line.start('curate')
  for (let round = 0; round < 3; round++) {
    await push(200)
    first.child.kill('SIGSTOP')
    await push(100)
    // The group takes it out after its session.
    await new Promise((resolve) => setTimeout(resolve, 12_000))
    first.child.kill('SIGCONT')
    await expectExact()
  }
  line.services.curate = second
  await first.stop()
})
