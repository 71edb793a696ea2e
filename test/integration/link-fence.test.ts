/**
 * A rebuild of the links that was suspended for so long that another one has taken its lock and ended: it wakes up between two of its
 * steps, where no time-out of its own has passed yet, and must change nothing. On the real Redis, Kafka and engine.
 */
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { migrate } from '#core/clickhouse/migrate.ts'
import { type IndexStore, indexStore } from '../../services/curate/link/index-store.ts'
import {
  type RebuildDependencies,
  type Rebuilt,
  rebuildLinks,
  tryRebuild,
} from '../../services/curate/rebuild/rebuild.ts'
import { type Front, startFront, temporaryFolder } from '../helpers/clickhouse-front.ts'
import { testKafka } from '../helpers/kafka.ts'
import { testRedis } from '../helpers/redis.ts'
import { isolated } from '../helpers/servers.ts'

const own = isolated()
const folder = temporaryFolder()
let front: Front
let clickhouse: ClickHouseClient
let redis: Redis
let store: IndexStore

beforeAll(async () => {
  front = await startFront(folder.path)
  clickhouse = createClient({ url: front.url, ...front.login() })
  await migrate(clickhouse, 'schemas/clickhouse', new Date(), '')
  redis = testRedis(own.env)
  store = indexStore(redis, own.namespace)
})
afterAll(async () => {
  redis?.disconnect()
  await clickhouse?.close()
  await front?.stop()
  folder.remove()
  own.remove()
})
beforeEach(async () => {
  await redis.del('none', ...(await redis.keys(`${own.namespace}*`)))
  await clickhouse.command({ query: 'TRUNCATE TABLE link_index' })
})

const dependencies = (used: IndexStore): RebuildDependencies => ({
  store: used,
  clickhouse,
  kafka: testKafka(own.env),
  namespace: own.namespace,
  feeds: [],
  keyVersion: 1,
  assertKeyInForce: async () => undefined,
  onProgress: () => undefined,
})

/** What another process does while this one is suspended: the lock has ended by its time, and the other one rebuilds the links. */
async function otherRebuild(): Promise<Rebuilt> {
  await redis.del(store.lockKey)
  return rebuildLinks(dependencies(store))
}

/** @returns a store on which the other rebuild runs at one point of this one */
function suspendedAt(point: 'its begin' | 'first read' | 'after the switch' | 'creation of a trial'): {
  readonly store: IndexStore
  readonly other: () => Rebuilt
} {
  let other: Rebuilt | undefined
  const once = async () => {
    other ??= await otherRebuild()
  }
  return {
    other: () => other as Rebuilt,
    store: {
      ...store,
      async retireCurrent(lock) {
        if (point === 'its begin') await once()
        await store.retireCurrent(lock)
      },
      async read(which) {
        if (point === 'first read') await once()
        return store.read(which)
      },
      async switchTo(...args) {
        const switched = await store.switchTo(...args)
        if (point === 'after the switch') await once()
        return switched
      },
      async createTrial(...args) {
        await store.createTrial(...args)
        if (point === 'creation of a trial') await once()
      },
    },
  }
}

test.each(['its begin', 'first read', 'after the switch'] as const)(
  'a rebuild that was suspended at: %s, leaves the index of the other one live',
  async (point) => {
    const suspended = suspendedAt(point)
    const failed = await rebuildLinks(dependencies(suspended.store)).catch((error: unknown) => error)
    expect(await store.read('current')).toMatchObject({ id: suspended.other().incarnation, mode: 'live' })
    expect(failed).toMatchObject({ code: 'link-rebuild-refused' })
    expect(await store.read('building')).toBeUndefined()
  },
)

test('a trial that was suspended leaves it live, too', async () => {
  const suspended = suspendedAt('creation of a trial')
  await tryRebuild(dependencies(suspended.store)).catch(() => undefined)
  expect(await store.read('current')).toMatchObject({ id: suspended.other().incarnation, mode: 'live' })
})

test('a rebuild that nobody disturbs is in force, and removes the earlier index', async () => {
  const first = await rebuildLinks(dependencies(store))
  const second = await rebuildLinks(dependencies(store))
  expect(await store.read('current')).toMatchObject({ id: second.incarnation, mode: 'live' })
  expect(await redis.keys(`${store.prefix(first.incarnation)}*`)).toEqual([])
})
