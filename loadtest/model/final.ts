/** What reading a feed through its view costs: FINAL compares the versions of every record that the query reads. */
import { CLICKHOUSE_KEYS, clickhouseClient } from '#core/clickhouse/client.ts'
import { readConfig } from '#core/config/read.ts'
import { type Spread, timed } from './spread.ts'

const REPEATS = 5
/** One record in twenty was corrected once, in another part. */
const CORRECTED = 0.05

/** Queries of a data manager, by what they read. */
const QUERIES = {
  count: (from: string) => `SELECT count() FROM ${from}`,
  by_code: (from: string) => `SELECT code, count(), avg(value_number) FROM ${from} GROUP BY code FORMAT Null`,
  one_patient: (from: string) => `SELECT count() FROM ${from} WHERE patient_id = 'p2_77'`,
  one_record: (from: string) => `SELECT count() FROM ${from} WHERE record_id = hex(MD5('77'))`,
} as const

export async function measureFinal(env: NodeJS.ProcessEnv, sizes: readonly number[]): Promise<readonly unknown[]> {
  const client = clickhouseClient('loadtest', readConfig('loadtest', CLICKHOUSE_KEYS, env), undefined, 300_000)
  const results: unknown[] = []
  try {
    for (const rows of sizes) {
      const table = `model_final_${rows}`
      await client.command({
        query: `CREATE TABLE ${table} (record_id String, patient_id String, code LowCardinality(String), value_number Float64, _version UInt128, _deleted UInt8)
                ENGINE = ReplacingMergeTree(_version, _deleted) ORDER BY record_id`,
      })
      const insert = (count: number, version: number) =>
        client.command({
          query: `INSERT INTO ${table} SELECT hex(MD5(toString(number))), concat('p2_', toString(number % ${Math.ceil(rows / 100)})),
                  concat('code-', toString(number % 300)), number / 7, ${version}, 0 FROM numbers(${count})`,
        })
      await insert(rows, 1)
      await insert(Math.round(rows * CORRECTED), 2)
      const [parts] = await (
        await client.query({
          query: `SELECT count() AS parts, round(sum(data_compressed_bytes) / sum(rows), 1) AS bytes_per_row
                  FROM system.parts WHERE active AND database = currentDatabase() AND table = '${table}'`,
          format: 'JSONEachRow',
        })
      ).json<Record<string, unknown>>()
      const times: Record<string, { raw_ms: Spread; final_ms: Spread }> = {}
      for (const [name, query] of Object.entries(QUERIES)) {
        const run = (from: string) => timed(REPEATS, async () => client.command({ query: query(from) }))
        times[name] = { raw_ms: await run(table), final_ms: await run(`(SELECT * FROM ${table} FINAL)`) }
      }
      await client.command({ query: `OPTIMIZE TABLE ${table} FINAL` })
      const merged = await timed(REPEATS, () =>
        client.command({ query: QUERIES.by_code(`(SELECT * FROM ${table} FINAL)`) }),
      )
      results.push({ rows, ...parts, queries: times, by_code_final_in_one_part_ms: merged })
      await client.command({ query: `DROP TABLE ${table} SYNC` })
    }
  } finally {
    await client.close()
  }
  return results
}
