/**
 * Writes every link of an index that was built. Every one, not only those that differ: a batch that was in flight when the old index
 * was found to be stale may insert its links late, and its link versions are lower than all of these.
 */
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { type Block, LONGEST_INSERT_MS } from '#core/clickhouse/insert.ts'
import { literal } from '#core/contract/table.ts'
import { firstVersion, type IndexStore, scan } from '../link/index-store.ts'
import { insertProven } from '../load/insert-proven.ts'
import type { RebuildLock } from './lock.ts'

export interface LinkCounts {
  /** Source patients with a link. */
  patients: number
  /** Of these, with another person or method than the link in force before. */
  changed: number
  /** Of these, that had no link before. */
  added: number
}

interface LinkRow {
  readonly patient: string
  readonly person: string
  readonly method: string
  readonly version: number
  readonly cause: readonly [feed: string, incarnation: string, partition: string, offset: string]
  readonly linkedAt: number
}

const COLUMNS: Block['columns'] = [
  'patient_id',
  'person_id',
  'method',
  'link_version',
  'cause_feed',
  'cause_incarnation',
  'cause_partition',
  'cause_offset',
  'linked_at',
]
const DEADLINE_MS = 600_000
/** Patients are in random order, and each statement reads much of the table: few statements. Their names stay below ClickHouse's 256 KiB of a query. */
const PATIENTS_AT_ONCE = 4_000

/** @param write false: only count what differs */
export async function snapshotLinks(
  store: IndexStore,
  clickhouse: ClickHouseClient,
  index: { readonly id: string; readonly generation: number },
  lock: RebuildLock,
  write: boolean,
): Promise<LinkCounts> {
  const counts: LinkCounts = { patients: 0, changed: 0, added: 0 }
  const nodes = `${store.prefix(index.id)}n:`
  for await (const keys of gathered(scan(store.redis, `${nodes}*`))) {
    const rows = await readRows(store, nodes, keys)
    if (rows.length === 0) continue
    const present = await presentLinks(clickhouse, rows, index.generation)
    // A scan may return a key twice, and a rebuild that was interrupted has written some rows already.
    for (const { patient, person, method } of rows) {
      const { before } = present.get(patient) ?? {}
      counts.patients++
      if (!before) counts.added++
      else if (before !== `${person} ${method}`) counts.changed++
    }
    const missing = rows.filter(({ patient, version }) => present.get(patient)?.version !== version)
    lock.assertHeld()
    if (write && missing.length > 0) await insertRows(clickhouse, index, missing, lock)
  }
  return counts
}

/** @returns the keys, each once in an answer, at most PATIENTS_AT_ONCE in each */
async function* gathered(batches: AsyncIterable<readonly string[]>): AsyncGenerator<readonly string[]> {
  const keys = new Set<string>()
  for await (const batch of batches)
    for (const key of batch) {
      keys.add(key)
      if (keys.size < PATIENTS_AT_ONCE) continue
      yield [...keys]
      keys.clear()
    }
  if (keys.size > 0) yield [...keys]
}

async function readRows(store: IndexStore, prefix: string, keys: readonly string[]): Promise<readonly LinkRow[]> {
  const pipe = store.redis.pipeline()
  for (const key of keys) pipe.hmget(key, 'p', 'm', 'v', 'by', 'at')
  const replies = (await pipe.exec()) ?? []
  return replies.flatMap(([error, reply], at) => {
    if (error) throw error
    const [person, method, version, by, linkedAt] = reply as (string | null)[]
    const [feed = '', incarnation = '', partition = '', offset = ''] = by?.split(':') ?? []
    // A patient whose neighbourhood is too large has no link.
    if (!person || !method) return []
    const patient = (keys[at] ?? '').slice(prefix.length)
    return [
      {
        patient,
        person,
        method,
        version: Number(version),
        cause: [feed, incarnation, partition, offset],
        linkedAt: Number(linkedAt),
      },
    ]
  })
}

/** @returns by patient, the link in force before this generation and the last version of this generation */
async function presentLinks(
  clickhouse: ClickHouseClient,
  rows: readonly LinkRow[],
  generation: number,
): Promise<ReadonlyMap<string, { readonly before: string; readonly version: number }>> {
  const first = firstVersion(generation)
  const result = await clickhouse.query({
    query: `SELECT patient_id, max(link_version) AS version, countIf(link_version <= ${first}) AS earlier,
                   argMaxIf(concat(person_id, ' ', method), link_version, link_version <= ${first}) AS before
            FROM person_link WHERE patient_id IN (${rows.map(({ patient }) => literal(patient)).join(', ')}) GROUP BY patient_id`,
    format: 'JSONEachRow',
  })
  const found = await result.json<{ patient_id: string; version: string; earlier: string; before: string }>()
  return new Map(
    found.map((row) => [
      row.patient_id,
      { before: Number(row.earlier) > 0 ? row.before : '', version: Number(row.version) },
    ]),
  )
}

async function insertRows(
  clickhouse: ClickHouseClient,
  index: { readonly id: string },
  rows: readonly LinkRow[],
  lock: RebuildLock,
): Promise<void> {
  const block: Block = {
    table: 'person_link',
    columns: COLUMNS,
    rows: rows.map(({ patient, person, method, version, cause: [feed, incarnation, partition, offset], linkedAt }) => [
      patient,
      person,
      method,
      version,
      feed,
      incarnation,
      Number(partition),
      offset,
      linkedAt,
    ]),
    token: `link-rebuild:${index.id}:${rows[0]?.version}-${rows.at(-1)?.version}`,
    stored: {
      where: `patient_id IN (${rows.map(({ patient }) => literal(patient)).join(', ')})`,
      params: {},
      key: ['patient_id', 'link_version'],
    },
  }
  const deadline = Date.now() + DEADLINE_MS
  const guard = { assertOwned: () => lock.assertHeld(), deadline, earlierUntil: 0, longestInsertMs: LONGEST_INSERT_MS }
  await insertProven(clickhouse, block, guard, true)
}
