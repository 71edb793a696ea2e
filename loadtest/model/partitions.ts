/** Inserts, batches, parts and freshness of one curate by the number of partitions: one feed, a trickle, then everything at once. */
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CLICKHOUSE_KEYS, type ClickHouseClient, clickhouseClient } from '#core/clickhouse/client.ts'
import { readConfig } from '#core/config/read.ts'
import { freshnessBetween, readBuckets } from '../freshness.ts'
import { runOnce, type Service, startService } from '../processes.ts'
import { sendFolder } from '../send.ts'
import { simulated } from './path.ts'

const FEED = 'observation'
const RECORDS = 12_000
const PER_SECOND = 300

export async function measurePartitions(
  env: NodeJS.ProcessEnv,
  folder: string,
  sizes: readonly number[],
  waitMs: string,
): Promise<readonly unknown[]> {
  const feeds = join(folder, 'feeds')
  mkdirSync(feeds)
  copyFileSync(join(env.CHAINON_FEEDS_DIR ?? 'schemas/feeds', `${FEED}.avsc`), join(feeds, `${FEED}.avsc`))
  const { into, keys } = await simulated(env, folder, RECORDS)
  const sent = join(folder, 'one-feed')
  // A register of deaths, for instance, sends no observations.
  const producers = readdirSync(into).filter((producer) => existsSync(join(into, producer, `${FEED}.ndjson`)))
  for (const producer of producers) {
    mkdirSync(join(sent, producer), { recursive: true })
    copyFileSync(join(into, producer, `${FEED}.ndjson`), join(sent, producer, `${FEED}.ndjson`))
  }
  const results: unknown[] = []
  for (const partitions of sizes) {
    const own = {
      ...env,
      CHAINON_NAMESPACE: `p${partitions}.`,
      CLICKHOUSE_DATABASE: `p${partitions}`,
      CHAINON_PARTITIONS: String(partitions),
      CHAINON_FEEDS_DIR: feeds,
      CHAINON_LOAD_WAIT_MS: waitMs,
    }
    await runOnce(['services/provision/main.ts'], own)
    const clickhouse = clickhouseClient('loadtest', readConfig('loadtest', CLICKHOUSE_KEYS, own))
    const services: Service[] = []
    try {
      for (const name of ['gateway', 'deidentify', 'curate'] as const)
        services.push(await startService(name, own, folder))
      const [gateway, , curate] = services
      const trickle = { perSecond: PER_SECOND, batchRecords: 100 }
      for (const [load, pace] of [
        ['trickle', trickle],
        ['all at once', undefined],
      ] as const) {
        const before = await totals(clickhouse)
        const buckets = await readBuckets(curate?.url ?? '')
        const started = performance.now()
        let most = 0
        let sending = true
        const watch = (async () => {
          while (sending) {
            most = Math.max(most, (await totals(clickhouse)).parts)
            await sleep(200)
          }
        })()
        const { accepted } = await sendFolder(sent, gateway?.url ?? '', keys, () => undefined, pace)
        while ((await totals(clickhouse)).records < before.records + accepted) await sleep(200)
        sending = false
        await watch
        const after = await totals(clickhouse)
        const seconds = (performance.now() - started) / 1000
        const batches = after.batches - before.batches
        const inserts = after.inserts - before.inserts
        results.push({
          partitions,
          load,
          records_per_second: Math.round(accepted / seconds),
          batches,
          batches_per_second: Number((batches / seconds).toFixed(1)),
          records_per_batch: Number((accepted / batches).toFixed(1)),
          inserts,
          inserts_per_second: Number((inserts / seconds).toFixed(1)),
          load_average: Number(loadavg()[0]?.toFixed(1)),
          most_active_parts_of_a_table: most,
          freshness: freshnessBetween(buckets, await readBuckets(curate?.url ?? '')),
        })
      }
    } finally {
      for (const service of services.toReversed()) await service.stop()
      await clickhouse.close()
    }
  }
  return results
}

/** Inserts are statements, each with one block; batches are tiles, of which an insert of several partitions has one for each. */
interface Totals {
  readonly batches: number
  readonly records: number
  readonly parts: number
  readonly inserts: number
}

async function totals(clickhouse: ClickHouseClient): Promise<Totals> {
  const result = await clickhouse.query({
    query: `SELECT (SELECT count() FROM ledger_batch) AS batches, (SELECT sum(to_offset - from_offset) FROM ledger_batch) AS records,
                   (SELECT sum(value) FROM system.events WHERE event = 'InsertQuery') AS inserts,
                   (SELECT max(parts) FROM (SELECT count() AS parts FROM system.parts
                    WHERE active AND database = currentDatabase() GROUP BY table)) AS parts`,
    format: 'JSONEachRow',
  })
  const [row] = await result.json<Record<keyof Totals, string>>()
  return {
    batches: Number(row?.batches),
    records: Number(row?.records),
    parts: Number(row?.parts),
    inserts: Number(row?.inserts),
  }
}
