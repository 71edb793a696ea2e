/** A merged insert of two partitions, interrupted at each of its side effects; then each partition has another owner. */
import { describe, expect, it, test } from 'vitest'
import { type Effect, house } from './house.ts'

const ALL = [0, 1, 2, 3, 4, 5]
/** These wait while the four lanes are busy with the others. */
const MERGED = [4, 5]

const isMerged = ({ worker, partitions }: Effect) =>
  worker === 'a' && partitions.length === 2 && MERGED.every((partition) => partitions.includes(partition))

/** Partitions 0 to 3 are loading, so that 4 and 5 are loaded together; every partition has loaded two records before. */
async function begin() {
  const h = house()
  const a = h.worker('a')
  h.assign('a', ...ALL)
  for (const partition of ALL) {
    await a.fetch(partition, 0, 2)
    await a.fetch(partition, 0, 2)
  }
  return { h, a }
}

/** @returns the outcome of each partition's fetch of the records 2 to 4 */
const fetchAll = (a: { fetch(partition: number, from: number, to: number): Promise<void> }) =>
  Promise.allSettled(ALL.map((partition) => a.fetch(partition, 2, 5)))

/** Two new owners fetch what is committed, and more. */
async function takeOver(h: ReturnType<typeof house>) {
  for (const [name, partition] of [
    ['b', 4],
    ['c', 5],
  ] as const) {
    h.assign(name, partition)
    const next = h.worker(name)
    for (let tries = 0; tries < 2; tries++) await next.fetch(partition, Number(h.committed(partition).offset), 7)
  }
}

const COMPLETE = { origins: [0, 1, 2, 3, 4, 5, 6] }
const tilesUpTo = (tiles: readonly string[]) => tiles.map((tile) => Number(tile.split('-')[1])).at(-1)

function expectComplete(h: ReturnType<typeof house>): void {
  for (const partition of MERGED) {
    const { origins, tiles } = h.stored(partition)
    expect({ origins }).toEqual(COMPLETE)
    const ends = tiles.map((tile) => tile.split('-').map(Number))
    expect(ends.map(([from]) => from)).toEqual([0, ...ends.slice(0, -1).map(([, to]) => to)])
    expect(tilesUpTo(tiles)).toBe(7)
    expect(h.committed(partition)).toEqual({ offset: 7n, intent: false })
  }
}

describe('a merged insert', () => {
  it('has one commit of the intents, one block per table, and one commit of the ends', async () => {
    const { h, a } = await begin()
    const start = h.effects.length
    await fetchAll(a)
    expect(
      h.effects
        .slice(start)
        .filter(isMerged)
        .map(({ kind, table }) => `${kind} ${table}`),
    ).toEqual(['commit ', 'insert quarantine', 'insert ledger_batch', 'commit '])
    for (const partition of ALL) {
      expect(h.stored(partition)).toEqual({ origins: [0, 1, 2, 3, 4], tiles: ['0-2', '2-5'] })
      expect(h.committed(partition)).toEqual({ offset: 5n, intent: false })
    }
    expect([h.outcomes, h.fences()]).toEqual([['2 stored'], 0])
  })

  it('never has the partitions of a worker that has no more than lanes', async () => {
    const { h, a } = await begin()
    await Promise.all([0, 1, 2, 3].map((partition) => a.fetch(partition, 2, 5)))
    expect(h.outcomes).toEqual([])
  })

  const EFFECTS = [0, 1, 2, 3].flatMap((index) => (['before', 'after'] as const).map((when) => [when, index] as const))
  test.each(EFFECTS)('loses and doubles nothing when its worker dies %s side effect %i', async (when, index) => {
    const { h, a } = await begin()
    let seen = 0
    h[when](async (effect) => {
      if (isMerged(effect) && seen++ === index) h.kill('a')
    })
    const fetched = await fetchAll(a)
    expect(fetched.slice(4).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await takeOver(h)
    expectComplete(h)
  })

  test.each(['quarantine', 'ledger_batch'])(
    'loses nothing when its token in %s is stored without the rows',
    async (table) => {
      const { h, a } = await begin()
      h.before(async (effect) => {
        if (!isMerged(effect) || effect.table !== table) return
        h.forgeToken(effect.token)
        h.kill('a')
      })
      await fetchAll(a)
      await takeOver(h)
      expectComplete(h)
    },
  )

  test.each(['quarantine', 'ledger_batch'])(
    'doubles nothing when its insert into %s arrives after both takeovers',
    async (table) => {
      const { h, a } = await begin()
      const held = Promise.withResolvers<void>()
      const arrival = Promise.withResolvers<void>()
      h.before(async (effect) => {
        if (!isMerged(effect) || effect.table !== table) return
        held.resolve()
        await arrival.promise
      })
      const fetched = fetchAll(a)
      await held.promise
      await takeOver(h)
      arrival.resolve()
      expect((await fetched).slice(4).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
      expectComplete(h)
    },
  )

  test.each(['assign', 'moveUnnoticed'] as const)(
    'is resolved by its own worker where a partition stays, after another has claimed a token (%s)',
    async (moves) => {
      const { h, a } = await begin()
      const b = h.worker('b')
      h.before(async (effect) => {
        if (!isMerged(effect) || effect.table !== 'quarantine') return
        h.before(async () => undefined)
        h[moves]('b', 4)
        for (let tries = 0; tries < 2; tries++) await b.fetch(4, 2, 7)
      })
      const fetched = await fetchAll(a)
      expect(fetched[5]?.status).toBe('fulfilled')
      expect(h.outcomes).toEqual(['2 taken-apart'])
      await a.fetch(5, 5, 7)
      expectComplete(h)
    },
  )

  it('is taken apart when ClickHouse rejects it, and only the partition with the rejected rows stops', async () => {
    const { h, a } = await begin()
    h.before(async ({ kind, table, partitions }) => {
      if (kind === 'insert' && table === 'quarantine' && partitions.includes(4)) throw h.rejected()
    })
    const fetched = await fetchAll(a)
    expect(fetched.map(({ status }) => status)).toEqual([
      ...ALL.slice(0, 4).map(() => 'fulfilled'),
      'rejected',
      'fulfilled',
    ])
    expect(h.stored(5)).toEqual({ origins: [0, 1, 2, 3, 4], tiles: ['0-2', '2-5'] })
    expect(h.stored(4)).toEqual({ origins: [0, 1], tiles: ['0-2'] })
    h.before(async () => undefined)
    await a.fetch(5, 5, 7)
    // Nothing of it is stored, and nothing is lost.
    await a.fetch(4, 2, 7)
    expectComplete(h)
  })

  it('leaves a partition out that moved before the intents are committed', async () => {
    const { h, a } = await begin()
    let committed = 0
    h.before(async (effect) => {
      // The first commit of partition 0: the lanes are full, 4 and 5 wait.
      if (effect.kind === 'commit' && committed++ === 0) h.assign('b', 4)
    })
    const fetched = await fetchAll(a)
    expect(fetched.map(({ status }) => status)).toEqual([
      ...ALL.slice(0, 4).map(() => 'fulfilled'),
      'rejected',
      'fulfilled',
    ])
    expect(h.stored(5).origins).toEqual([0, 1, 2, 3, 4])
    expect(h.stored(4).origins).toEqual([0, 1])
  })

  it('does not begin while the group rebalances, and what waited begins again from what is committed', async () => {
    const { h, a } = await begin()
    h.before(async ({ kind }) => {
      if (kind === 'insert') h.rebalance(true)
    })
    const fetched = await fetchAll(a)
    expect(fetched.map(({ status }) => status)).toEqual([
      ...ALL.slice(0, 4).map(() => 'fulfilled'),
      'rejected',
      'rejected',
    ])
    for (const partition of MERGED) expect(h.committed(partition)).toEqual({ offset: 2n, intent: false })
    h.before(async () => h.rebalance(false))
    h.rebalance(false)
    await a.fetch(4, 2, 7)
    await a.fetch(5, 2, 7)
    expectComplete(h)
  })
})
