/** How many blocks per second ClickHouse takes from one worker, and how many parts that leaves, by rows per block. */
import { CLICKHOUSE_KEYS, type ClickHouseClient, clickhouseClient } from '#core/clickhouse/client.ts'
import { type Block, insertBlock } from '#core/clickhouse/insert.ts'
import { readConfig } from '#core/config/read.ts'
import { type Spread, spread } from './spread.ts'

const SECONDS = 15
/** As many partitions as a worker handles at the same time (core/worker/worker.ts). */
const CONCURRENCY = 4
const ROWS = [1, 20, 1000] as const

export interface BlockRate {
  readonly rows_per_block: number
  readonly blocks_per_second: number
  readonly milliseconds_per_block: Spread
  /** Of one table: the most parts at a time, sampled ten times a second, and five seconds after the last insert. */
  readonly most_active_parts: number
  readonly active_parts_after_5_s: number
}

export async function measureBlocks(env: NodeJS.ProcessEnv): Promise<Record<string, unknown>> {
  const client = clickhouseClient('loadtest', readConfig('loadtest', CLICKHOUSE_KEYS, env))
  const rates: BlockRate[] = []
  try {
    for (const rows of ROWS) rates.push(await rateOf(client, rows))
    const limits = await client.query({
      query: `SELECT name, value FROM system.merge_tree_settings
              WHERE name IN ('parts_to_delay_insert', 'parts_to_throw_insert', 'max_parts_in_total', 'max_delay_to_insert')`,
      format: 'JSONEachRow',
    })
    return { rates, limits: await limits.json() }
  } finally {
    await client.close()
  }
}

async function rateOf(client: ClickHouseClient, rows: number): Promise<BlockRate> {
  const table = `model_blocks_${rows}`
  await client.command({
    query: `CREATE TABLE ${table} (record_id String, patient_id String, code LowCardinality(String), value Float64, _version UInt128, _deleted UInt8)
            ENGINE = ReplacingMergeTree(_version, _deleted) ORDER BY record_id SETTINGS non_replicated_deduplication_window = 20000`,
  })
  const parts = async () => {
    const result = await client.query({
      query: `SELECT count() AS parts FROM system.parts WHERE active AND database = currentDatabase() AND table = '${table}'`,
      format: 'JSONEachRow',
    })
    return Number((await result.json<{ parts: string }>())[0]?.parts)
  }
  const times: number[] = []
  const until = performance.now() + SECONDS * 1000
  let next = 0
  let most = 0
  const writer = async () => {
    while (performance.now() < until) {
      const started = performance.now()
      await insertBlock(client, blockOf(table, next++, rows))
      times.push(performance.now() - started)
    }
  }
  const watch = async () => {
    while (performance.now() < until) {
      most = Math.max(most, await parts())
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  await Promise.all([...Array.from({ length: CONCURRENCY }, writer), watch()])
  await new Promise((resolve) => setTimeout(resolve, 5000))
  return {
    rows_per_block: rows,
    blocks_per_second: Math.round(times.length / SECONDS),
    milliseconds_per_block: spread(times),
    most_active_parts: most,
    active_parts_after_5_s: await parts(),
  }
}

function blockOf(table: string, number: number, rows: number): Block {
  const values = Array.from({ length: rows }, (_, i) => [
    `record-${(number * rows + i) % 5_000_000}-${number}`,
    `p2_${((number * rows + i) * 7919) % 1_000_003}`,
    `code-${i % 300}`,
    i / 7,
    String(number),
    0,
  ])
  return {
    table,
    columns: ['record_id', 'patient_id', 'code', 'value', '_version', '_deleted'],
    rows: values,
    token: `model:${table}:${number}`,
    stored: { where: '1', params: {}, key: [] },
  }
}
