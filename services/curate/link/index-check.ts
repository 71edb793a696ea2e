/** Whether the linkage index in Redis has everything that ClickHouse has loaded: it is compared with the ledger's tiles, by partition. */
import { randomBytes } from 'node:crypto'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { INDEX_FORMAT, type IndexState, type IndexStore } from './index-store.ts'
import { linkPartition } from './linker.ts'

/** What ClickHouse knows of the index. */
export interface WarehouseState {
  /** The index of which the links are in force; undefined before the first. */
  readonly expected: { readonly id: string; readonly generation: number } | undefined
  /** The highest generation that was ever begun. */
  readonly lastGeneration: number
  /** The last origin that a batch has loaded, by partition. */
  readonly loaded: ReadonlyMap<string, bigint>
  /** The last origin of any tile, by partition: later than `loaded` where an operator accepted that origins are lost. */
  readonly covered: ReadonlyMap<string, bigint>
  readonly highestVersion: number
}

export type Verdict =
  | { readonly kind: 'ready'; readonly id: string; readonly sequence: number }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unrecorded'; readonly index: IndexState }
  | { readonly kind: 'stale'; readonly reason: string }

const STALE_READINGS = 2

/** @param index the current one in Redis, read after `warehouse`: it is at least as far, unless it has lost something */
export function judge(index: IndexState | undefined, warehouse: WarehouseState): Verdict {
  const { expected, loaded, highestVersion } = warehouse
  if (!index && !expected && loaded.size === 0) return { kind: 'absent' }
  if (!index) return { kind: 'stale', reason: 'Redis has no linkage index' }
  if (index.mode !== 'live') return { kind: 'stale', reason: 'the linkage index was found to be stale' }
  if (index.fields.format !== INDEX_FORMAT)
    return { kind: 'stale', reason: 'the linkage index has the form of another version of Chainon' }
  if (expected && expected.id !== index.id)
    return { kind: 'stale', reason: 'Redis has another linkage index than the one of the links in ClickHouse' }
  for (const [partition, origin] of loaded) {
    const position = index.positions.get(partition) ?? -1n
    if (position < origin)
      return { kind: 'stale', reason: `the linkage index lacks origins ${position + 1n} to ${origin} of ${partition}` }
  }
  if (index.sequence < highestVersion)
    return { kind: 'stale', reason: 'ClickHouse has later links than the linkage index' }
  if (!expected) return { kind: 'unrecorded', index }
  return { kind: 'ready', id: index.id, sequence: Math.max(index.sequence, highestVersion) }
}

/**
 * Compares the index with ClickHouse; the first index of an installation is made here.
 *
 * @param feeds the linked feeds
 * @throws ChainonError dependency-unavailable when ClickHouse or Redis does not answer
 */
export async function checkIndex(
  store: IndexStore,
  clickhouse: ClickHouseClient,
  feeds: readonly string[],
): Promise<Verdict> {
  for (let stale = 0; ; ) {
    const warehouse = await readWarehouse(clickhouse, feeds)
    const index = await store.read('current')
    const verdict = judge(index, warehouse)
    if (verdict.kind === 'stale') {
      // A rebuild may have ended between the two readings.
      if (++stale < STALE_READINGS) continue
      // The other processes must not link on it either.
      if (index?.mode === 'live') await store.retire(index.id)
      return verdict
    }
    if (verdict.kind === 'absent') {
      // Two processes may start at once: one creates it, both read it.
      const generation = warehouse.lastGeneration + 1
      await store.create({ id: newIndexId(), generation, model: '' })
    } else if (verdict.kind === 'unrecorded') {
      await recordIndex(clickhouse, verdict.index, 'ready')
    } else {
      const skipped = [...warehouse.covered].filter(([name, origin]) => origin > (index?.positions.get(name) ?? -1n))
      // What an operator accepted as lost was never linked: the index lacks nothing.
      if (skipped.length > 0 && !(await store.lift(verdict.id, 'live', new Map(skipped)))) continue
      return verdict
    }
  }
}

/** @returns 16 characters that no other index has */
export function newIndexId(): string {
  return randomBytes(8).toString('hex')
}

export async function recordIndex(
  clickhouse: ClickHouseClient,
  { id, generation }: { readonly id: string; readonly generation: number },
  state: 'building' | 'ready',
): Promise<void> {
  await clickhouse.insert({
    table: 'link_index',
    values: [{ generation, incarnation: id, state, changed_at: Date.now() }],
    format: 'JSONEachRow',
  })
}

export async function readWarehouse(clickhouse: ClickHouseClient, feeds: readonly string[]): Promise<WarehouseState> {
  const ask = async <Row>(query: string): Promise<readonly Row[]> => {
    const result = await clickhouse.query({ query, query_params: { feeds }, format: 'JSONEachRow' })
    return result.json<Row>()
  }
  try {
    const [indexes, tiles, [version]] = await Promise.all([
      ask<{ incarnation: string; generation: number; state: string }>(
        'SELECT incarnation, generation, state FROM link_index ORDER BY generation, changed_at',
      ),
      ask<{ feed: string; incarnation: string; partition: number; loaded: string; covered: string }>(
        `SELECT feed, incarnation, partition, toString(toInt64(max(to_offset)) - 1) AS covered,
                toString(toInt64(maxIf(to_offset, lost < to_offset - from_offset)) - 1) AS loaded
         FROM ledger_batch WHERE feed IN {feeds:Array(String)} GROUP BY feed, incarnation, partition`,
      ),
      ask<{ highest: string }>('SELECT toString(max(link_version)) AS highest FROM person_link'),
    ])
    const ready = indexes.findLast(({ state }) => state === 'ready')
    return {
      expected: ready && { id: ready.incarnation, generation: ready.generation },
      lastGeneration: indexes.at(-1)?.generation ?? 0,
      loaded: new Map(tiles.map((tile) => [linkPartition(tile.feed, tile), BigInt(tile.loaded)])),
      covered: new Map(tiles.map((tile) => [linkPartition(tile.feed, tile), BigInt(tile.covered)])),
      highestVersion: Number(version?.highest ?? 0),
    }
  } catch (error) {
    throw new ChainonError('dependency-unavailable', 'ClickHouse did not answer with the state of the links', {
      cause: error,
    })
  }
}
