/**
 * `npx node loadtest/ledger-age.ts [batches]`: what the ledger costs after ten million batches, and what its witness costs with each
 * insert. Starts a ClickHouse of its own in a temporary folder. docs/adr/0014-the-ledger-is-a-witness.md uses the result.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { insertBlock } from '#core/clickhouse/insert.ts'
import { migrate } from '#core/clickhouse/migrate.ts'
import { loadContracts } from '#core/contract/load.ts'
import { tableStatements } from '#core/contract/table.ts'
import { readTiles } from '#core/ledger/tiles.ts'
import { createWitness } from '#core/ledger/witness.ts'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { passwordOf } from '../deploy/local/passwords.ts'
import { machine } from './machine.ts'

const ROOT = join(import.meta.dirname, '..')
const BATCHES = Number(process.argv[2] ?? 10_000_000)
const PARTITIONS = 48
const STEPS = 20
const READS = 21
const TOPIC = 'A'.repeat(22)
const FEED = 'death'

const lines: string[] = []
const say = (line: string) => {
  lines.push(line)
  process.stdout.write(`${line}\n`)
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

const ms = (value: number) => `${(value * 1000).toFixed(1)} ms`

async function readingOf(clickhouse: ClickHouseClient): Promise<string> {
  const times: number[] = []
  const floor: number[] = []
  for (let i = 0; i < READS; i++) {
    times.push(await seconds(() => readTiles(clickhouse)))
    floor.push(await seconds(() => clickhouse.query({ query: 'SELECT 1' }).then((result) => result.text())))
  }
  return `median ${ms(median(times))}, worst ${ms(Math.max(...times))} of ${READS}; SELECT 1 takes ${ms(median(floor))}`
}

async function age(clickhouse: ClickHouseClient): Promise<void> {
  const witness = createWitness(clickhouse, [])
  const perStep = Math.floor(BATCHES / STEPS / PARTITIONS)
  let passes = 0
  for (let step = 0; step < STEPS; step++) {
    const [first, count] = [step * perStep, perStep * PARTITIONS]
    const partition = `number % ${PARTITIONS}`
    const offset = `${first} + intDiv(number, ${PARTITIONS})`
    // One record for each batch: the reading depends on the batches, and the witness on the records.
    await clickhouse.command({
      query: `INSERT INTO origin_loaded SELECT '${FEED}', '${TOPIC}', ${partition}, ${offset} FROM numbers(${count})`,
    })
    await clickhouse.command({
      query: `INSERT INTO ledger_batch (feed, incarnation, partition, from_offset, to_offset, loaded, loaded_at)
              SELECT '${FEED}', '${TOPIC}', ${partition}, ${offset}, ${offset} + 1, 1, toDateTime64(${step}, 3) FROM numbers(${count})`,
    })
    if (step === STEPS - 1)
      say(`reading with ${count} batches that are not verified yet: ${await readingOf(clickhouse)}`)
    passes += await seconds(() => witness.pass(Date.now()))
  }
  const places = await readTiles(clickhouse)
  const tiles = places.reduce((sum, { verified }) => sum + (verified?.tiles ?? 0), 0)
  const runs = places.reduce((sum, place) => sum + place.runs.length, 0)
  say(`${tiles} batches of ${PARTITIONS} partitions compacted in ${passes.toFixed(1)} s, ${runs} runs left`)
  say(`reading when all are verified: ${await readingOf(clickhouse)}`)
  await clickhouse.command({
    query: `INSERT INTO ledger_batch (feed, incarnation, partition, from_offset, to_offset, loaded, loaded_at)
            SELECT '${FEED}', '${TOPIC}', number, ${perStep * STEPS}, ${perStep * STEPS} + 1, 1, now64(3) FROM numbers(${PARTITIONS})`,
  })
  say(`reading with one more batch of each partition: ${await readingOf(clickhouse)}`)
  await clickhouse.command({
    query: `INSERT INTO origin_loaded SELECT '${FEED}', '${TOPIC}', number, ${perStep * STEPS} FROM numbers(${PARTITIONS})`,
  })
  say(`one pass of the witness over them, without records: ${ms(await seconds(() => witness.pass(Date.now())))}`)
  await clickhouse.command({ query: 'TRUNCATE TABLE ledger_verified' })
  say(`for comparison, reading without compaction: ${ms(await seconds(() => readTiles(clickhouse)))}`)
}

/** The same blocks, alternately into a feed's table with and without the witness's views. */
async function insertCost(clickhouse: ClickHouseClient): Promise<void> {
  const columns = ['record_id', '_version', '_origin_incarnation', '_origin_partition', '_origin_offset'] as const
  let offset = 0
  const rows = (count: number) =>
    Array.from({ length: count }, () => {
      const origin = offset++
      const version = (1_700_000_000_000n + BigInt(origin)) * 2n ** 64n + 1_764_000_000_000_000n + BigInt(origin * 37)
      return [`p2_${randomBytes(24).toString('base64url')}`, version.toString(), TOPIC, 7, String(origin)]
    })
  await clickhouse.command({ query: `CREATE TABLE without_witness AS feed_${FEED}` })
  for (const count of [500, 5000]) {
    const times: Record<string, number[]> = { [`feed_${FEED}`]: [], without_witness: [] }
    for (let round = 0; round < 40; round++) {
      for (const [table, found] of Object.entries(times)) {
        const block = {
          table,
          columns,
          rows: rows(count),
          token: `${round}:${count}`,
          stored: { where: '', params: {}, key: [] },
        }
        found.push(await seconds(() => insertBlock(clickhouse, block)))
      }
    }
    const [witnessed = 0, plain = 0] = Object.values(times).map(median)
    say(
      `insert of ${count} rows: median ${ms(witnessed)} with the views, ${ms(plain)} without: ratio ${(witnessed / plain).toFixed(2)}`,
    )
  }
  await clickhouse.command({ query: 'OPTIMIZE TABLE record_loaded FINAL' })
  await clickhouse.command({ query: 'OPTIMIZE TABLE origin_loaded FINAL' })
  const result = await clickhouse.query({
    query: `SELECT table, sum(rows) AS records, round(sum(data_compressed_bytes) / records, 2) AS bytes FROM system.parts
            WHERE active AND database = currentDatabase() AND table IN ('record_loaded', 'origin_loaded') GROUP BY table ORDER BY table`,
    format: 'JSONEachRow',
  })
  for (const { table, records, bytes } of await result.json<{ table: string; records: string; bytes: number }>())
    say(`${table}: ${bytes} bytes on disk for each of ${records} records`)
}

const folder = mkdtempSync(join(tmpdir(), 'chainon-ledger-age-'))
const engine = spawn(...stopWithParent(process.execPath, [join(ROOT, 'deploy/local/clickhouse/main.ts')], 'KILL'), {
  env: { CHAINON_CLICKHOUSE_PORT: '0', CHAINON_CLICKHOUSE_DATA_DIR: folder },
  stdio: ['ignore', 'pipe', 'inherit'],
})
const ended = once(engine, 'close')
try {
  const [line] = (await once(createInterface(engine.stdout), 'line')) as [string]
  const { url } = JSON.parse(line) as { url: string }
  const password = passwordOf(join(folder, 'logins'), 'admin')
  const clickhouse = createClient({ url, username: 'admin', password, request_timeout: 300_000, log: { level: 127 } })
  await migrate(clickhouse, join(ROOT, 'schemas/clickhouse'), new Date(), '')
  for (const contract of loadContracts(join(ROOT, 'schemas/feeds')).filter(({ feed }) => feed === FEED))
    for (const query of tableStatements(contract, 'default', new Map())) await clickhouse.command({ query })
  const date = new Date().toISOString().slice(0, 10)
  say(`npx node loadtest/ledger-age.ts ${BATCHES}, ${date}, ${machine()}`)
  await insertCost(clickhouse)
  await clickhouse.command({ query: 'TRUNCATE TABLE origin_loaded' })
  await age(clickhouse)
  await clickhouse.close()
  const results = join(ROOT, 'loadtest/results')
  mkdirSync(results, { recursive: true })
  writeFileSync(join(results, `${date}-ledger-age.txt`), `${lines.join('\n')}\n`)
} finally {
  engine.kill('SIGTERM')
  await ended
  rmSync(folder, { recursive: true, force: true })
}
