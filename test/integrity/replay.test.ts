/**
 * Exactly-once loading: offsets that are set back or lost, intents of an earlier process, messages that are written twice, partitions
 * that are reassigned to another worker. After each case the ledger is balanced and no table has an extra row.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { isRowBalanced } from '#core/ledger/row.ts'
import { parsePrometheusText } from '#core/telemetry/prometheus-text.ts'
import { formatProgress } from '../../services/curate/load/intent.ts'
import { layoutOf } from '../../services/curate/load/layout.ts'
import { commitAs, deleteGroup, groupOffsets, readTopics } from '../helpers/kafka.ts'
import { onlyLong } from '../helpers/long.ts'
import { recordOf } from '../helpers/records.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

const FEED = 'observation'
const layout = layoutOf(loadContracts('schemas/feeds').find(({ feed }) => feed === FEED) as FeedContract)
type Tile = Record<'incarnation' | 'log' | 'offset' | 'to' | 'originTo' | 'hwm', string> & { partition: number }
let pipeline: Pipeline
let group = ''
let topic = ''
let sent = 0

beforeAll(async () => {
  // Small batches, so that a few hundred records make many blocks.
  pipeline = await startPipeline(
    { CHAINON_BATCH_MAX_RECORDS: '40', CHAINON_INTENT_DEADLINE_SECONDS: '10' },
    'earlier-rules',
  )
  group = `${pipeline.place.namespace}curate`
  topic = `${pipeline.place.namespace}pseudonymised.${FEED}`
})
afterAll(async () => pipeline?.stop())

/** Sends new records of many patients, so of both partitions; one in ten is rejected, one in ten flagged. */
async function push(count: number): Promise<void> {
  const ids = Array.from({ length: count }, (_, i) => sent + i)
  sent += count
  const records = ids.map((id) =>
    recordOf(FEED, `r${id}`, `ipp-${id % 50}`, {
      ...(id % 10 === 3 ? { effective_at: '1850-01-01T00:00:00Z' } : {}),
      ...(id % 10 === 7 ? { code: '718-8' } : {}),
    }),
  )
  await pipeline.push('chu', FEED, records)
}

/** The counts that a block inserted twice would change, also before ClickHouse merges. */
async function stored(): Promise<unknown> {
  const [row] = await pipeline.rows(
    `SELECT (SELECT count() FROM feed_${FEED}) AS stored, (SELECT count() FROM ${FEED}) AS visible,
            (SELECT count() FROM quarantine) AS rejected, (SELECT sum(checked) FROM rule_quality WHERE rule = 'loinc-key') AS checked,
            (SELECT sum(failed) FROM rule_quality WHERE rule = 'loinc-key') AS failed,
            (SELECT sum(to_offset - from_offset) FROM ledger_batch) AS tiled`,
  )
  return row
}

async function exact(): Promise<void> {
  const rows = (await pipeline.completeLedger()).filter(({ feed }) => feed === FEED)
  expect(rows.filter((row) => !isRowBalanced(row))).toEqual([])
  const tenth = sent / 10
  expect(await stored()).toEqual({
    stored: sent - tenth,
    visible: sent - tenth,
    rejected: tenth,
    checked: sent,
    failed: tenth,
    tiled: sent,
  })
}

/** Stops curate, does the work of a crash or an operator, and lets curate load the log to its end. */
async function whileStopped(work: () => Promise<void>): Promise<void> {
  await pipeline.services.curate.stop()
  await work()
  pipeline.services.curate = await pipeline.start('curate')
  await push(20)
  await exact()
}

beforeEach(async () => {
  await push(200)
  await exact()
})

test('offsets set back to an older point, with the metadata of that point', async () => {
  const older = await groupOffsets(pipeline.env, group, [topic])
  await push(300)
  await exact()
  await whileStopped(() => commitAs(pipeline.env, group, older))
})

test('an intent whose blocks are stored: the range is formed again, and no row is stored twice', async () => {
  const batches = await pipeline.rows<Tile>(
    `SELECT partition, any(incarnation) AS incarnation, any(log_incarnation) AS log, toString(max(log_from)) AS offset,
            toString(argMax(log_to, log_from)) AS to, toString(max(to_offset)) AS originTo,
            toString(toInt64(max(from_offset)) - 1) AS hwm FROM ledger_batch WHERE feed = '${FEED}' GROUP BY partition`,
  )
  const intents = batches.map(({ partition, incarnation, log, offset, to, originTo, hwm }) => ({
    topic,
    partition,
    offset,
    metadata: formatProgress({
      logIncarnation: log,
      incarnation,
      hwm: BigInt(hwm),
      intent: { to: BigInt(to), originTo: BigInt(originTo), layout, attempt: '', deadline: Date.now() + 10_000 },
    }),
  }))
  await whileStopped(() => commitAs(pipeline.env, group, intents))
})

test('a batch with some of its blocks stored: the other blocks follow, under the same tokens', async () => {
  const rename = (from: string, to: string) => pipeline.clickhouse.command({ query: `RENAME TABLE ${from} TO ${to}` })
  // The ledger's block is the last of a batch. Its failure stops the partition between the two commits, like a crash.
  await rename('ledger_batch', 'ledger_renamed')
  await push(100)
  const stopped = async () =>
    (await pipeline.services.curate.alarms()).map(({ code, partition }) => `${code} ${partition}`)
  await expect
    .poll(async () => (await stopped()).toSorted())
    .toEqual(['dependency-unavailable 0', 'dependency-unavailable 1'])
  await whileStopped(() => rename('ledger_renamed', 'ledger_batch').then(() => undefined))
})

test('all offsets lost: curate continues after the last origin of the ledger', async () => {
  await whileStopped(() => deleteGroup(pipeline.env, group))
})

/** @returns the replays that curate has dropped since it started */
async function replayed(): Promise<number> {
  const samples = parsePrometheusText(await pipeline.services.curate.metrics(), new Set(['chainon_records_total']))
  const ofFeed = samples.filter(({ labels }) => labels.feed === FEED && labels.outcome === 'replayed')
  return ofFeed.reduce((sum, { value }) => sum + value, 0)
}

test('deidentify writes all messages again: the log has them twice, and the second ones are dropped as replayed', async () => {
  const identified = `${pipeline.place.namespace}identified.${FEED}`
  const deidentify = `${pipeline.place.namespace}deidentify`
  const before = (await readTopics(pipeline.env, [topic])).length
  const dropped = await replayed()
  await pipeline.services.deidentify.stop()
  const beginning = [0, 1].map((partition) => ({ topic: identified, partition, offset: '0', metadata: '' }))
  await commitAs(pipeline.env, deidentify, beginning)
  pipeline.services.deidentify = await pipeline.start('deidentify')
  await push(20)
  await exact()
  expect((await readTopics(pipeline.env, [topic])).length).toBe(2 * before + 20)
  await expect.poll(replayed).toBe(dropped + before)
})

test('deidentify ended between writing and committing: nothing is written twice, and what was written counts as read', async () => {
  const identified = `${pipeline.place.namespace}identified.${FEED}`
  const deidentify = `${pipeline.place.namespace}deidentify`
  const written = (await readTopics(pipeline.env, [topic])).length
  await pipeline.services.deidentify.stop()
  const committed = await groupOffsets(pipeline.env, deidentify, [identified])
  const earlier = committed.map((one) => ({ ...one, offset: String(Number(one.offset) - 5) }))
  await commitAs(pipeline.env, deidentify, earlier)
  pipeline.services.deidentify = await pipeline.start('deidentify')
  const ends = () => groupOffsets(pipeline.env, deidentify, [identified])
  await expect.poll(ends).toEqual(committed)
  expect((await readTopics(pipeline.env, [topic])).length).toBe(written)
  await push(20)
  await exact()
})

test('workers start and stop under load: partitions are reassigned, and no record is lost or loaded twice', async (context) => {
  onlyLong(context)
  let running = true
  const load = (async () => {
    while (running) {
      await push(50)
      // The pause keeps the lag small: with such small batches, a large lag takes a minute.
      await sleep(150)
    }
  })()
  try {
    for (const name of ['curate', 'deidentify', 'curate'] as const) {
      const other = await pipeline.start(name)
      const reached = sent
      await expect.poll(() => sent).toBeGreaterThan(reached + 100)
      // The older process stops, and the newer one then owns all partitions.
      await pipeline.services[name].stop()
      pipeline.services[name] = other
    }
  } finally {
    running = false
    await load
  }
  await exact()
})
