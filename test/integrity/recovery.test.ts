/**
 * What a stopped curate left behind is found in the tables themselves, without an intent, a deduplication window or the group's offsets:
 * after each case the rows, the quarantine, the rule counts and the tiles agree, raw and not only through a view.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parsePrometheusText } from '#core/telemetry/prometheus-text.ts'
import { deleteGroup } from '../helpers/kafka.ts'
import { recordOf } from '../helpers/records.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

const FEED = 'observation'
const WRITTEN = ['feed_observation', 'quarantine', 'rule_outcome']
const feeds = mkdtempSync(join(tmpdir(), 'chainon-feeds-'))
const contract = join(feeds, `${FEED}.avsc`)
let line: Pipeline
let sent = 0
/** Records whose code has a wrong check digit: flagged until the contract changes, rejected after. */
let rejectedByRule = 0

beforeAll(async () => {
  cpSync('schemas/feeds', feeds, { recursive: true })
  line = await startPipeline(
    { CHAINON_PARTITIONS: '1', CHAINON_FEEDS_DIR: feeds, CHAINON_INTENT_DEADLINE_SECONDS: '10' },
    'earlier-rules',
  )
})
afterAll(async () => {
  await line?.stop()
  rmSync(feeds, { recursive: true, force: true })
})

/** One in ten is rejected, one in ten has a code with a wrong check digit. */
async function push(count: number): Promise<void> {
  const ids = Array.from({ length: count }, (_, i) => sent + i)
  sent += count
  const records = ids.map((id) =>
    recordOf(FEED, `r${id}`, `ipp-${id}`, {
      ...(id % 10 === 3 ? { effective_at: '1850-01-01T00:00:00Z' } : {}),
      ...(id % 10 === 7 ? { code: '718-8' } : {}),
    }),
  )
  await line.push('chu', FEED, records)
}

async function exact(): Promise<void> {
  await line.completeLedger()
  const [row] = await line.rows<Record<string, string>>(
    `SELECT (SELECT count() FROM feed_${FEED} WHERE record_id != 'forged') AS stored,
            (SELECT uniqExact(record_id) FROM feed_${FEED} WHERE record_id != 'forged') AS distinct_stored,
            (SELECT count() FROM quarantine WHERE feed = '${FEED}') AS rejected,
            (SELECT sum(checked) FROM rule_quality WHERE feed = '${FEED}' AND rule = 'loinc-key') AS checked,
            (SELECT sum(loaded) FROM ledger_batch WHERE feed = '${FEED}') AS tile_loaded,
            (SELECT sum(rejected) FROM ledger_batch WHERE feed = '${FEED}') AS tile_rejected,
            (SELECT sum(to_offset - from_offset) FROM ledger_batch WHERE feed = '${FEED}') AS tiled`,
  )
  const rejected = sent / 10 + rejectedByRule
  const loaded = sent - rejected
  expect(Object.fromEntries(Object.entries(row ?? {}).map(([name, value]) => [name, Number(value)]))).toEqual({
    stored: loaded,
    distinct_stored: loaded,
    rejected,
    checked: sent,
    tile_loaded: loaded,
    tile_rejected: rejected,
    tiled: sent,
  })
}

/** Stops curate between the blocks of a batch and its tile, like a crash: the ledger's table is away. */
async function stopBeforeTile(count: number): Promise<void> {
  await exact()
  await line.clickhouse.command({ query: 'RENAME TABLE ledger_batch TO ledger_renamed' })
  const before = Number((await line.rows<{ n: string }>(`SELECT count() AS n FROM feed_${FEED}`))[0]?.n)
  await push(count)
  const stored = async () => Number((await line.rows<{ n: string }>(`SELECT count() AS n FROM feed_${FEED}`))[0]?.n)
  await expect.poll(stored).toBe(before + count * 0.9)
  await expect.poll(async () => (await line.services.curate.alarms()).length).toBeGreaterThan(0)
  await line.services.curate.stop()
  await line.clickhouse.command({ query: 'RENAME TABLE ledger_renamed TO ledger_batch' })
}

/** Another block in each table pushes the tokens out of a window of one block. */
async function forgetTokens(): Promise<void> {
  for (const table of WRITTEN) {
    const window = (blocks: number) =>
      line.clickhouse.command({
        query: `ALTER TABLE ${table} MODIFY SETTING non_replicated_deduplication_window = ${blocks}`,
      })
    await window(1)
    const column = table === `feed_${FEED}` ? 'record_id' : 'feed'
    await line.clickhouse.command({
      query: `INSERT INTO ${table} (${column}) VALUES ('forged')`,
      clickhouse_settings: { insert_deduplication_token: `forged-${sent}`, insert_deduplicate: 1, async_insert: 0 },
    })
    await window(20_000)
  }
}

async function replayed(): Promise<number> {
  const samples = parsePrometheusText(await line.services.curate.metrics(), new Set(['chainon_records_total']))
  const ofFeed = samples.filter(({ labels }) => labels.feed === FEED && labels.outcome === 'replayed')
  return ofFeed.reduce((sum, { value }) => sum + value, 0)
}

test('an intent whose blocks are stored and no longer in the window', async () => {
  await push(100)
  await stopBeforeTile(50)
  await forgetTokens()
  line.services.curate = await line.start('curate')
  await push(20)
  await exact()
})

test('an intent that is lost with the offsets, and its blocks are no longer in the window', async () => {
  await stopBeforeTile(50)
  await forgetTokens()
  // More records arrive meanwhile, so that the next batch ends elsewhere.
  await push(20)
  await deleteGroup(line.env, `${line.place.namespace}curate`)
  line.services.curate = await line.start('curate')
  await exact()
  // Found again from the tiles: nothing that was loaded is read again.
  expect(await replayed()).toBe(0)
})

test('a contract that changes between an intent and its re-forming', async () => {
  await stopBeforeTile(50)
  const text = readFileSync(contract, 'utf8')
  expect(text).toMatch(/"id": "loinc-key".*"severity": "flag"/)
  writeFileSync(contract, text.replace(/("id": "loinc-key".*"severity": )"flag"/, '$1"reject"'))
  rejectedByRule += 5
  line.services.curate = await line.start('curate')
  await exact()
})
