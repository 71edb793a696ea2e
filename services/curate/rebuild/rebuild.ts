/**
 * Makes the linkage index again from the pseudonymised log, beside the current one, and then switches to it:
 *   1. nothing is linked on the current index any more; records with patients wait in the log
 *   2. every contribution of the log goes to a new index; what was in flight is before the end of the log that is read now
 *   3. every link of the new index is written, with link versions above all earlier ones
 *   4. ClickHouse names the new index, then Redis does, in one step; curate sees it within a second and goes on
 *   5. the older indexes are removed
 * It may be killed at any point: the next one goes on where it was, and a step that is done twice changes nothing.
 */
import { createHash } from 'node:crypto'
import type { Kafka } from 'kafkajs'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { newIndexId, readWarehouse, recordIndex } from '../link/index-check.ts'
import { firstVersion, GUARDED_SCRIPTS, type IndexStore } from '../link/index-store.ts'
import { DEFAULT_LIMITS, IndexRefused, type UsedIndex } from '../link/linker.ts'
import type { SecondLevel } from '../second-level.ts'
import { lockRebuild, type RebuildLock } from './lock.ts'
import { type ReplayedFeed, type ReplayProgress, replayLog } from './replay.ts'
import { type LinkCounts, snapshotLinks } from './snapshot.ts'

export interface RebuildDependencies {
  readonly store: IndexStore
  readonly clickhouse: ClickHouseClient
  readonly kafka: Kafka
  readonly namespace: string
  readonly feeds: readonly ReplayedFeed[]
  /** With which the pseudonyms of the feeds are made. */
  readonly keyVersion: SecondLevel['version']
  /** Called when no other rebuild can begin. @throws ChainonError key-rotation when links must not be made with this key */
  readonly assertKeyInForce: () => Promise<void>
  readonly onProgress: (progress: ReplayProgress) => void
}

export interface Rebuilt extends LinkCounts {
  readonly incarnation: string
  readonly generation: number
}

interface Built {
  readonly id: string
  readonly generation: number
}

/**
 * @returns what the new index holds
 * @throws ChainonError link-rebuild-refused when another rebuild runs, the index was lost meanwhile, or the log is not complete
 */
export async function rebuildLinks(dependencies: RebuildDependencies): Promise<Rebuilt> {
  const { store, clickhouse } = dependencies
  return locked(dependencies, async (lock) => {
    await store.retireCurrent(lock)
    const built = await begin(dependencies, lock)
    await replay(dependencies, built)
    const counts = await snapshotLinks(store, clickhouse, built, lock, true)
    await coverLedger(dependencies, built)
    lock.assertHeld()
    await recordIndex(clickhouse, built, 'ready')
    if (!(await store.switchTo(built.id, lock))) throw lost()
    await store.removeWhere((id) => id !== built.id, lock)
    return { incarnation: built.id, generation: built.generation, ...counts }
  })
}

const TRIAL = 'trial-'

/** Does the same beside the current index, which stays in use, and removes the new one. @returns what a rebuild would change */
export async function tryRebuild(dependencies: RebuildDependencies): Promise<Rebuilt> {
  const { store, clickhouse } = dependencies
  return locked(dependencies, async (lock) => {
    const { lastGeneration } = await readWarehouse(clickhouse, [])
    const built = { id: `${TRIAL}${newIndexId()}`, generation: lastGeneration + 1 }
    await store.createTrial(built.id, built.generation)
    await replay(dependencies, built)
    const counts = await snapshotLinks(store, clickhouse, built, lock, false)
    await store.removeWhere((id) => id.startsWith(TRIAL), lock)
    return { incarnation: built.id, generation: built.generation, ...counts }
  })
}

async function locked<T>(dependencies: RebuildDependencies, work: (lock: RebuildLock) => Promise<T>): Promise<T> {
  const { store, assertKeyInForce } = dependencies
  const lock = await lockRebuild(store.redis, store.lockKey)
  try {
    await assertKeyInForce()
    return await work(lock)
  } catch (error) {
    throw error instanceof IndexRefused ? lost() : error
  } finally {
    await lock.release()
  }
}

const lost = () => new ChainonError('link-rebuild-refused', 'the index that was being built is lost: start again')

/** @returns the index that an interrupted rebuild left, if it was made in the same way, else a new one */
async function begin(dependencies: RebuildDependencies, lock: RebuildLock): Promise<Built> {
  const { store, clickhouse } = dependencies
  const model = modelOf(dependencies)
  const left = await store.read('building')
  if (left?.mode === 'building' && left.fields.model === model) return { id: left.id, generation: left.generation }
  if (left) await store.remove(left.id, lock)
  const { lastGeneration } = await readWarehouse(clickhouse, [])
  const built = { id: newIndexId(), generation: lastGeneration + 1 }
  await recordIndex(clickhouse, built, 'building')
  if (!(await store.begin({ ...built, model }, lock))) throw lost()
  return built
}

function modelOf({ feeds, keyVersion }: RebuildDependencies): string {
  const contracts = feeds.map(({ contract, topic }) => [contract, topic])
  const parts = [GUARDED_SCRIPTS.link, DEFAULT_LIMITS, contracts, keyVersion]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

async function replay(dependencies: RebuildDependencies, { id, generation }: Built): Promise<void> {
  const { kafka, namespace, store, feeds, onProgress } = dependencies
  const index: UsedIndex = { id, mode: 'building', sequence: firstVersion(generation) }
  await replayLog(kafka, namespace, store, index, feeds, onProgress)
}

/** What is loaded and not in the log any more was in no message: the log was read from its first record. */
async function coverLedger({ store, clickhouse, feeds }: RebuildDependencies, { id }: Built): Promise<void> {
  const { covered } = await readWarehouse(
    clickhouse,
    feeds.map(({ contract }) => contract.feed),
  )
  if (!(await store.lift(id, 'building', covered))) throw lost()
}
