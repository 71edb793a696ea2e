/** A linkage index of one test, used without ClickHouse. */
import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import { type IndexStore, indexStore } from '../../services/curate/link/index-store.ts'
import {
  type Contribution,
  DEFAULT_LIMITS,
  indexLinker,
  type LinkBatch,
  type LinkResult,
  type UsedIndex,
} from '../../services/curate/link/linker.ts'

export interface TestLinker {
  readonly store: IndexStore
  readonly index: UsedIndex
  /** @param batch by default a batch of partition 0 of the feed `patient`, before which nothing is loaded */
  link(contributions: readonly Contribution[], batch?: Partial<LinkBatch>): Promise<readonly LinkResult[]>
}

export async function testLinker(redis: Redis, namespace: string, limits = DEFAULT_LIMITS): Promise<TestLinker> {
  const store = indexStore(redis, namespace)
  const id = randomBytes(4).toString('hex')
  await store.create({ id, generation: 1, model: '' })
  const linkOn = indexLinker(store, limits)
  const index: UsedIndex = { id, mode: 'live', sequence: 0 }
  return {
    store,
    index,
    link(contributions, batch = {}) {
      const to = contributions.reduce((last, { origin }) => (origin > last ? origin : last), -1n)
      return linkOn(index, { partition: 'patient:0', loaded: -1n, to, ...batch }, contributions)
    },
  }
}
