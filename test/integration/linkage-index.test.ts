/** The linkage index in real Redis: the same links as in memory, whatever is sent again, replaced, cancelled, or killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { node24 } from '../../deploy/local/paths.ts'
import type { EncodedRecord } from '../../services/core/linkage/encode.ts'
import { encodingWrap, encodingWraps, newWrapSecret } from '../../services/core/linkage/encoding-wrap.ts'
import { filterStore } from '../../services/core/linkage/record-store.ts'
import { scorer } from '../../services/core/linkage/score.ts'
import { identityOf, ownMark } from '../../services/core/process/identity.ts'
import { publicKeyOf } from '../../services/core/sealing/hpke.ts'
import { createLogger } from '../../services/core/telemetry/logger.ts'
import { encoding } from '../../services/linker/evaluate/encoding.ts'
import { learn } from '../../services/linker/evaluate/learn.ts'
import { randomOf } from '../../services/linker/evaluate/random.ts'
import { codec, readHead, tokensOf } from '../../services/linker/index/codec.ts'
import { type IndexKeys, indexKeys, tokenKeyOf } from '../../services/linker/index/keys.ts'
import { indexLease, LEASE_MS } from '../../services/linker/index/lease.ts'
import { type LinkIndex, openIndex } from '../../services/linker/index/link-index.ts'
import { packNumber } from '../../services/linker/index/stored-bytes.ts'
import { FORMAT, removeKeys } from '../../services/linker/index/stored-index.ts'
import { CERTAIN, LINK } from '../../services/linker/link/component.ts'
import type { PairDecision } from '../../services/linker/link/decisions.ts'
import { type Arrival, indexLinker } from '../../services/linker/link/index-linker.ts'
import { linker } from '../../services/linker/link/linker.ts'
import { writeModel } from '../../services/linker/link/model-file.ts'
import { weighing } from '../../services/linker/link/weighing.ts'
import { moveIndex } from '../../services/linker/rotate/move-index.ts'
import { assertReplaceable, checkSnapshot, restoreSnapshot } from '../../services/linker/snapshot/restore-snapshot.ts'
import { takeSnapshot } from '../../services/linker/snapshot/take-snapshot.ts'
import { testRedis } from '../helpers/redis.ts'
import { login, ownNamespace, servers } from '../helpers/servers.ts'
import { simulatedSet } from '../helpers/simulated-set.ts'

/** No limit bites: then the persons do not depend on the order. */
const UNBOUNDED = { budget: 10_000, hub: 10_000 }
const BATCH = 16
const SECRET = Buffer.alloc(32, 5)

const data = simulatedSet(500, ['national_id'])
const form = encoding(data)
const { layout } = form
const encoded = Array.from(data.ids, (_, n) => form.encodeWritten(data.record(n)))
const { model, frequencies } = learn(data, false, UNBOUNDED, () => undefined)
type Pair = readonly [a: number, b: number, weight: number]

/** Of what `evaluate` prints. */
interface Evaluated {
  readonly persons: unknown
  readonly limits: unknown
  readonly store: { readonly records: Readonly<Record<'new' | 'same', number>> }
}

let redis: Redis
beforeAll(() => {
  redis = testRedis(servers())
})
afterAll(() => redis.disconnect())

const form0 = {
  layout: 'l',
  key: indexKeys(SECRET).fingerprint,
  model: 'm',
  kinds: form.kinds.length,
  hub: UNBOUNDED.hub,
}

/** @param wrap an index whose calls are held or fail */
async function onIndex(name: string, onePerSource = false, wrap = (index: LinkIndex) => index, limits = UNBOUNDED) {
  const index = await openIndex(redis, name, { ...form0, hub: limits.hub })
  const store = filterStore(layout)
  const pairs: Pair[] = []
  const links = indexLinker({
    index: wrap(index),
    keys: indexKeys(SECRET),
    codec: codec(layout),
    budget: limits.budget,
    store,
    weight: scorer(model, frequencies, store, layout).weight,
    onePerSource,
    onPair: (...pair) => pairs.push(pair),
  })
  return { index, links, pairs }
}

/** @param numbers of records by their names @returns for each person the names of its records */
function groupsOf(persons: Int32Array, numbers: ReadonlyMap<string, number>): readonly string[] {
  const groups = Map.groupBy(numbers, ([, number]) => persons[number])
  return [...groups.values()]
    .map((group) =>
      group
        .map(([name]) => name)
        .toSorted()
        .join(' '),
    )
    .toSorted()
}

/** @returns the id of a record of the index */
function keyIdOf(stored: Buffer): string {
  const keys = indexKeys(SECRET)
  return codec(layout).unpack(keys.open(stored, readHead(stored).bytes)).id
}

function inMemory(records: readonly number[], sourceOf?: (record: number) => number, limits = UNBOUNDED) {
  const store = filterStore(layout)
  const pairs: Pair[] = []
  const links = linker({
    kinds: form.kinds.length,
    limits,
    weight: scorer(model, frequencies, store, layout).weight,
    onePerSource: sourceOf !== undefined,
    onPair: (...pair) => pairs.push(pair),
  })
  for (const [number, record] of records.entries()) {
    const one = encoded[record] as EncodedRecord
    store.add(one)
    links.add(number, data.ids[record] as string, sourceOf?.(record) ?? 0, one.tokens)
  }
  const persons = Int32Array.from(records.keys(), (number) => links.personOf(number))
  if (limits === UNBOUNDED) return { pairs, persons, links, groups: [] }
  links.reconcile(() => undefined)
  const reconciled = Int32Array.from(records.keys(), (number) => links.personOf(number))
  const numbers = new Map(records.map((record, number) => [data.ids[record] as string, number]))
  return { pairs, persons, links, groups: groupsOf(reconciled, numbers) }
}

const arrival = (record: number, more: Partial<Arrival> = {}): Arrival => ({
  id: data.ids[record] as string,
  version: 1,
  source: 0,
  producer: 'chu',
  encoded: encoded[record] as EncodedRecord,
  ...more,
})

async function linkAll(links: ReturnType<typeof indexLinker>, arrivals: readonly Arrival[]) {
  const replies = []
  for (let from = 0; from < arrivals.length; from += BATCH)
    replies.push(...(await links.link(arrivals.slice(from, from + BATCH))))
  return replies
}

/** A digest of every key and value of an index but its writer's. */
async function contents(name: string): Promise<string> {
  const keys = (await redis.keysBuffer(`{lx:${name}}*`)).toSorted((a, b) => Buffer.compare(a, b))
  const digest = createHash('sha256')
  for (const key of keys) {
    if (key.toString() === `{lx:${name}}w`) continue
    const type = await redis.type(key)
    const value = await redis.callBuffer(type === 'hash' ? 'HGETALL' : 'GET', key)
    const parts = Array.isArray(value) ? (value as Buffer[]) : [value as Buffer]
    const pairs =
      type === 'hash' ? parts.flatMap((p, i) => (i % 2 ? [] : [Buffer.concat([p, parts[i + 1] as Buffer])])) : parts
    digest.update(key)
    for (const part of pairs.toSorted((a, b) => Buffer.compare(a, b))) digest.update(part)
  }
  return digest.digest('hex')
}

const all = Array.from(data.ids.keys())

test('the same pairs with the same weights in the same order as in memory, and the same persons', async () => {
  const { index, links, pairs } = await onIndex(ownNamespace())
  const memory = inMemory(all)
  await linkAll(
    links,
    all.map((record) => arrival(record)),
  )
  expect(pairs).toEqual(memory.pairs)
  expect(index.persons()).toEqual(memory.persons)
  expect(links.counts).toEqual(memory.links.counts)
  expect(new Set(memory.persons).size).toBeLessThan(all.length)
  expect(await links.reconcile(() => undefined)).toBe(0)
})

test('two sources with one record of a person in each: the same as in memory', async () => {
  const sourceOf = (record: number) => record % 2
  const { index, links, pairs } = await onIndex(ownNamespace(), true)
  const memory = inMemory(all, sourceOf)
  await linkAll(
    links,
    all.map((record) => arrival(record, { source: sourceOf(record) })),
  )
  expect(pairs).toEqual(memory.pairs)
  expect(index.persons()).toEqual(memory.persons)
})

test('a record that comes again changes no byte', async () => {
  const name = ownNamespace()
  const { links } = await onIndex(name)
  const arrivals = all.slice(0, 200).map((record) => arrival(record))
  await linkAll(links, arrivals)
  const before = await contents(name)
  const replies = await linkAll(links, arrivals)
  expect(new Set(replies.map(({ state }) => state))).toEqual(new Set(['same']))
  expect(await contents(name)).toBe(before)
})

test('a later version replaces, an earlier one is stale, a cancelled record is gone: the persons are those of what is left', async () => {
  const name = ownNamespace()
  const { index, links } = await onIndex(name)
  const used = all.slice(0, 240)
  // At first every third record has the values of another one.
  const wrong = used.filter((record) => record % 3 === 0)
  const swapped = new Map(wrong.map((record, at) => [record, wrong[(at + 1) % wrong.length] as number]))
  await linkAll(
    links,
    used.map((record) => arrival(record, { encoded: encoded[swapped.get(record) ?? record] as EncodedRecord })),
  )
  const replaced = await linkAll(
    links,
    wrong.map((record) => arrival(record, { version: 2 })),
  )
  expect(new Set(replaced.map(({ state }) => state))).toEqual(new Set(['replaced']))
  expect(index.persons()).toEqual(inMemory(used).persons)
  const stale = await linkAll(
    links,
    wrong.map((record) => arrival(record)),
  )
  expect(new Set(stale.map(({ state }) => state))).toEqual(new Set(['stale']))

  const gone = used.filter((record) => record % 5 === 0)
  for (const record of gone)
    expect(await links.cancel({ id: data.ids[record] as string, version: 3 })).toBe('cancelled')
  expect(await links.cancel({ id: data.ids[gone[0] as number] as string, version: 3 })).toBe('same')
  expect(await links.cancel({ id: data.ids[gone[0] as number] as string, version: 2 })).toBe('stale')
  expect((await links.link([arrival(gone[0] as number, { version: 3 })]))[0]?.state).toBe('stale')
  expect(await links.cancel({ id: 'never seen', version: 1 })).toBe('cancelled')
  const left = used.filter((record) => record % 5 !== 0)
  const { persons } = inMemory(left)
  const now = index.persons()
  expect(left.map((record) => now[record])).toEqual(Array.from(persons, (person) => left[person]))
  // Of a cancelled record no token, edge or person is left: it is no candidate of a record that is its equal.
  const twin = (await links.link([arrival(gone[1] as number, { id: 'its equal' })]))[0]?.number as number
  expect(index.connected().includes(gone[1] as number)).toBe(false)
  expect(index.persons()[twin]).not.toBe(gone[1])
})

test('a version that is replaced before its edges are written leaves none', async () => {
  const { index, links } = await onIndex(ownNamespace())
  const used = all.slice(0, 240)
  const other = (record: number) => encoded[(record + 120) % 240] as EncodedRecord
  const sent: Promise<unknown>[] = []
  // Two batches are under way at a time, and in each the first versions are of other people.
  for (let from = 0; from < used.length; from += BATCH) {
    const part = used.slice(from, from + BATCH)
    sent.push(links.link(part.map((record) => arrival(record, { encoded: other(record) }))))
    sent.push(links.link(part.map((record) => arrival(record, { version: 2 }))))
    await Promise.all(sent)
  }
  const { persons } = inMemory(used)
  expect(index.persons()).toEqual(persons)
  expect(await links.reconcile(() => undefined)).toBe(0)
  // Edges of versions that are gone hold no one together: as many records have edges as have a partner above the bound.
  const compared = inMemory(used).pairs.filter(([, , weight]) => weight > LINK)
  expect(index.connected()).toEqual([...new Set(compared.flatMap(([a, b]) => [a, b]))].toSorted((a, b) => a - b))
})

test.for(['connect', 'writePersons'] as const)(
  'killed before %s: the next linker goes on, and the persons are the same',
  async (call) => {
    const name = ownNamespace()
    let calls = 0
    const { links } = await onIndex(name, false, (index) => ({
      ...index,
      [call]: (...args: unknown[]) => {
        // The process ends here: nothing of what follows is sent.
        if (++calls > 7) throw new Error('killed')
        return (index[call] as (...all: unknown[]) => unknown)(...args)
      },
    }))
    const arrivals = all.map((record) => arrival(record))
    await expect(linkAll(links, arrivals)).rejects.toThrow('killed')
    const next = await onIndex(name)
    const found = next.index.size()
    expect(found).toBeGreaterThan(0)
    const from = found - BATCH
    // From the batch that was not finished: what was finished is not sent again.
    await linkAll(next.links, arrivals.slice(from))
    expect(next.index.persons()).toEqual(inMemory(all).persons)
  },
)

test('killed within a cancellation: nothing of it is there, and the next linker does all of it', async () => {
  const name = ownNamespace()
  const { links } = await onIndex(name)
  await linkAll(
    links,
    all.map((record) => arrival(record)),
  )
  const persons = inMemory(all).persons
  const first = all.find((record) => persons.filter((person) => person === record).length > 2) as number
  const before = await contents(name)
  const killed = await onIndex(name, false, (index) => ({
    ...index,
    takeMarked: () => {
      throw new Error('killed')
    },
  }))
  const cancelled = { id: data.ids[first] as string, version: 2 }
  await expect(killed.links.cancel(cancelled)).rejects.toThrow('killed')
  // What is half done is never written, whatever comes after it.
  await expect(killed.links.link([arrival(first, { id: 'another' })])).rejects.toThrow('killed')
  expect(await contents(name)).toBe(before)
  const next = await onIndex(name)
  expect(next.index.persons()).toEqual(persons)
  expect(await next.links.cancel(cancelled)).toBe('cancelled')
  const left = all.filter((record) => record !== first)
  const now = next.index.persons()
  expect(left.map((record) => now[record])).toEqual(Array.from(inMemory(left).persons, (person) => left[person]))
})

test('whatever was put, replaced and cancelled: a linker that opens the index has what the one before had', async () => {
  const name = ownNamespace()
  const { index, links } = await onIndex(name)
  const used = all.slice(0, 300)
  await linkAll(
    links,
    used.map((record) => arrival(record, { encoded: encoded[(record * 7) % 300] as EncodedRecord })),
  )
  await linkAll(
    links,
    used.filter((record) => record % 2 === 0).map((record) => arrival(record, { version: 2 })),
  )
  for (const record of used.filter((one) => one % 11 === 0))
    await links.cancel({ id: data.ids[record] as string, version: 3 })
  const asked: number[] = []
  const next = await onIndex(name, false, (of) => ({
    ...of,
    records(numbers) {
      asked.push(...numbers)
      return of.records(numbers)
    },
  }))
  expect(next.index.size()).toBe(index.size())
  expect(next.index.persons()).toEqual(index.persons())
  expect(next.index.connected()).toEqual(index.connected())
  const edges = (of: LinkIndex) => of.components(of.connected(), 0, 1000).map((one) => one.edges)
  expect(edges(next.index)).toEqual(edges(index))
  // What it opens while nothing arrives is not asked of Redis again, and is replaced by what arrives.
  const opened: number[] = []
  do opened.push(await next.links.openSome(128))
  while (opened.at(-1) !== 0)
  expect(opened).toEqual([128, 128, 44, 0])
  expect(asked.toSorted((a, b) => a - b)).toEqual(used)
  // All later versions have the candidates that they had in the first linker.
  const later = used.map((record) => arrival(record, { version: 4, stamp: 1 }))
  await linkAll(next.links, later)
  expect(next.index.persons()).toEqual(inMemory(used).persons)
  expect(asked).toHaveLength(used.length)
})

test('a write that Redis has got and not answered is not done twice; after one that it has lost, nothing is written', async () => {
  const name = ownNamespace()
  const { links } = await onIndex(name)
  await linkAll(
    links,
    all.slice(0, 32).map((record) => arrival(record)),
  )
  const writes = await redis.get(`{lx:${name}}v`)
  // Redis starts again from a file that lacks the last write.
  await redis.set(`{lx:${name}}v`, Number(writes) - 1)
  await expect(links.link([arrival(33)])).rejects.toMatchObject({ code: 'link-index-behind' })
  await expect(links.link([arrival(34)])).rejects.toMatchObject({ code: 'link-index-behind' })
  const writer = String(await redis.get(`{lx:${name}}w`))
  const script = readFileSync(new URL('../../services/linker/index/scripts/write.lua', import.meta.url), 'utf8')
  const again = (before: number, after: number) =>
    redis.eval(script, 1, `{lx:${name}}w`, writer, before, after, 3, 'SET', `{lx:${name}}x`, after)
  expect(await again(1, 2)).toBe('written')
  await redis.del(`{lx:${name}}x`)
  // Two were under way.
  expect([await again(0, 1), await again(1, 2)]).toEqual(['again', 'again'])
  expect(await redis.exists(`{lx:${name}}x`)).toBe(0)
})

test('where limits bite, three orders, replays, replacements and kills give the same persons once reconciled', async () => {
  const small = { budget: 2, hub: 4 }
  const reversed = all.toReversed()
  const inner = all.toSorted((a, b) => ((a * 7919) % all.length) - ((b * 7919) % all.length))
  const found = await Promise.all(
    [all, reversed, inner].map(async (order, nth) => {
      const name = ownNamespace()
      const first = await onIndex(name, false, undefined, small)
      // Every seventh record has no value at first.
      const one = encoded[0] as EncodedRecord
      const blank = { filters: one.filters.map(() => 0), tokens: one.tokens.map(() => 0), newborn: false }
      if (nth === 1)
        await linkAll(
          first.links,
          order.filter((record) => record % 7 === 0).map((record) => arrival(record, { version: 0, encoded: blank })),
        )
      await linkAll(
        first.links,
        order.map((record) => arrival(record)),
      )
      const before = first.index.persons()
      expect(first.index.flags('limited')).toBeGreaterThan(100)
      // Killed before a step has written, before its persons are written, and between steps.
      for (const call of nth === 2 ? (['correct', 'writePersons'] as const) : []) {
        let calls = 0
        const killed = await onIndex(
          name,
          false,
          (index) => ({
            ...index,
            [call]: (...args: unknown[]) => {
              if (++calls > 1) throw new Error('killed')
              return (index[call] as (...these: unknown[]) => unknown)(...args)
            },
          }),
          small,
        )
        await expect(killed.links.reconcile(() => undefined)).rejects.toThrow('killed')
      }
      const next = await onIndex(name, false, undefined, small)
      // Half of the topic again, while it is reconciled.
      await next.links.reconcileSome(16, () => undefined)
      await Promise.all([
        next.links.reconcileSome(16, () => undefined),
        linkAll(
          next.links,
          order.slice(0, 250).map((record) => arrival(record)),
        ),
      ])
      await next.links.reconcile(() => undefined)
      expect(next.index.flags('limited')).toBe(0)
      const persons = next.index.persons()
      const numbers = new Map<string, number>()
      for (const [number, bytes] of await next.index.records([...persons.keys()])) numbers.set(keyIdOf(bytes), number)
      return {
        changed: persons.some((person, number) => person !== before[number]),
        groups: groupsOf(persons, numbers),
      }
    }),
  )
  expect(found.some(({ changed }) => changed)).toBe(true)
  expect(found[1]?.groups).toEqual(found[0]?.groups)
  expect(found[2]?.groups).toEqual(found[0]?.groups)
  // The same in memory.
  expect(inMemory(all, undefined, small).groups).toEqual(found[0]?.groups)
})

test('a flood of one producer unlinks a victim nowhere else, in whatever order it comes, and is no more work for each record', async () => {
  const limits = { budget: 16, hub: 100 }
  const victim = [arrival(0, { id: 'here', producer: 'a' }), arrival(0, { id: 'there', producer: 'b' })]
  const flood = Array.from({ length: 150 }, (_, nth) => arrival(0, { id: `invented ${nth}`, producer: 'c' }))
  for (const sent of [
    [...victim, ...flood],
    [...flood, ...victim],
  ]) {
    const { links, index } = await onIndex(ownNamespace(), false, undefined, limits)
    const replies = await linkAll(links, sent)
    await links.reconcile(() => undefined)
    const persons = index.persons()
    const personOf = (record: Arrival) => persons[replies[sent.indexOf(record)]?.number as number]
    expect(personOf(victim[1] as Arrival)).toBe(personOf(victim[0] as Arrival))
    expect(new Set(flood.map(personOf)).size).toBe(flood.length)
    // Within the limit 100 are compared with each other, and once more when they are too many.
    expect(links.counts.compared + links.counts.reconciled).toBeLessThan(3 * limits.hub ** 2)
  }
})

test('records, replacements and cancellations of several producers in three orders: the persons are those of an index that has only what is left', async () => {
  const small = { budget: 2, hub: 4 }
  const used = all.slice(0, 200)
  const random = randomOf(3)
  // Of few people, so that most tokens are had by more than four records, of one producer or of several.
  const plans = used.map((record) => ({
    record,
    producer: `p${Math.floor(random() * 4)}`,
    first: used[Math.floor(random() * 40)] as number,
    last: used[Math.floor(random() * 60)] as number,
    change: ['none', 'replaced', 'replaced', 'cancelled'][Math.floor(random() * 4)],
  }))
  const versionOf = ({ record, producer, first, last }: (typeof plans)[number], version: 1 | 2) =>
    arrival(record, { producer, version, encoded: encoded[version === 1 ? first : last] as EncodedRecord })
  const groupsIn = async (index: LinkIndex) => {
    const persons = index.persons()
    const numbers = new Map<string, number>()
    for (const [number, bytes] of await index.records([...persons.keys()]))
      if (!readHead(bytes).isCancelled) numbers.set(keyIdOf(bytes), number)
    return groupsOf(persons, numbers)
  }
  const reached = await Promise.all(
    [plans, plans.toReversed(), plans.toSorted((a, b) => ((a.record * 71) % 200) - ((b.record * 71) % 200))].map(
      async (order, nth) => {
        const name = ownNamespace()
        let { links, index } = await onIndex(name, false, undefined, small)
        for (let from = 0; from < order.length; from += 50) {
          const part = order.slice(from, from + 50)
          await linkAll(
            links,
            part.map((one) => versionOf(one, 1)),
          )
          if (nth === 1) await links.reconcileSome(16, () => undefined)
          for (const one of part)
            if (one.change === 'cancelled') await links.cancel({ id: data.ids[one.record] as string, version: 2 })
            else if (one.change === 'replaced') await linkAll(links, [versionOf(one, 2)])
          // Another linker goes on.
          if (nth === 2) ({ links, index } = await onIndex(name, false, undefined, small))
        }
        await links.reconcile(() => undefined)
        return groupsIn(index)
      },
    ),
  )
  const fresh = await onIndex(ownNamespace(), false, undefined, small)
  await linkAll(
    fresh.links,
    plans.flatMap((one) => (one.change === 'cancelled' ? [] : [versionOf(one, one.change === 'replaced' ? 2 : 1)])),
  )
  expect(fresh.links.counts.hubs).toBeGreaterThan(100)
  await fresh.links.reconcile(() => undefined)
  const groups = await groupsIn(fresh.index)
  expect(groups.length).toBeLessThan(plans.filter(({ change }) => change !== 'cancelled').length)
  for (const one of reached) expect(one).toEqual(groups)
})

test('a token that is no longer of a hub counts again for the records that are left, as if no other had come', async () => {
  const name = ownNamespace()
  const small = { ...UNBOUNDED, hub: 4 }
  const open = () => onIndex(name, false, undefined, small)
  const { links, index } = await open()
  const twins = [0, 1, 2, 3, 4, 5].map((nth) => arrival(0, { id: `twin ${nth}` }))
  await linkAll(links, twins)
  await links.reconcile(() => undefined)
  // More than four share every token: they are linked by none.
  expect([...index.persons()]).toEqual([0, 1, 2, 3, 4, 5])
  await links.cancel({ id: 'twin 0', version: 2 })
  // What comes again is not linked by it either, where there is one more than the limit.
  await linkAll(links, twins)
  expect([...index.persons()]).toEqual([0, 1, 2, 3, 4, 5])
  expect(index.flags('limited')).toBe(0)
  await linkAll(links, [arrival(250, { id: 'twin 5', version: 2 })])
  expect(index.flags('limited')).toBe(4)
  // The marks are there for who comes next.
  const next = await open()
  expect(next.index.flagged('limited', 9)).toEqual([1, 2, 3, 4])
  await next.links.reconcile(() => undefined)
  expect([...next.index.persons()].slice(0, 5)).toEqual([0, 1, 1, 1, 1])
  expect(next.index.flags('limited')).toBe(0)
})

test('marks, decisions and what is to be told are read back as they were', async () => {
  const name = ownNamespace()
  const open = async () => {
    const index = await openIndex(redis, name, { ...form0, hub: 4 }, true)
    const links = indexLinker({
      ...{ index, keys: indexKeys(SECRET), codec: codec(layout), budget: 2, store: filterStore(layout) },
      ...{ weight: (a: number, b: number) => (a + b) % 3, onePerSource: false, onPair: () => undefined },
    })
    return { index, links }
  }
  const untold = async ({ index }: Awaited<ReturnType<typeof open>>) =>
    (await index.outbox(0, 1000, 100))
      .map((entry) => ({ ...entry, linkVersion: 0 }))
      .toSorted((a, b) => a.number - b.number)
  const first = await open()
  await linkAll(
    first.links,
    all.slice(0, 300).map((record) => arrival(record)),
  )
  await first.links.tellChanges(
    () => 0,
    async () => undefined,
  )
  await linkAll(
    first.links,
    all.slice(290, 310).map((record) => arrival(record, { version: 2 })),
  )
  for (const record of [3, 5, 301]) await first.links.cancel({ id: data.ids[record] as string, label: 'l', version: 3 })
  await linkAll(first.links, [arrival(5, { version: 4 })])
  await first.links.decide([{ records: [data.ids[0] as string, 'unknown'], decision: 'accept', order: 1 }])
  first.index.flag('split', [7, 299], true)
  await first.index.commit()
  const before = await untold(first)
  const second = await open()
  for (const kind of ['limited', 'split'] as const)
    expect(second.index.flagged(kind, 1000)).toEqual(first.index.flagged(kind, 1000))
  expect(second.index.flags('limited')).toBeGreaterThan(100)
  expect(second.index.decided()).toEqual(first.index.decided())
  expect(await untold(second)).toEqual(before)
  expect(new Set(before.map(({ change }) => change))).toEqual(new Set(['', 'split', 'cancelled']))
})

test('a snapshot that is taken while records are linked, corrected and decided about gives back every byte of its last moment', async () => {
  const name = ownNamespace()
  const { index, links } = await onIndex(name)
  const folder = mkdtempSync(join(tmpdir(), 'chainon-snapshot-'))
  const path = join(folder, 'one.snapshot')
  const seed = Buffer.alloc(32, 7)
  const snapshotForm = { ...form0, hub: UNBOUNDED.hub }
  const header = {
    ...{ index: name, created_at: new Date(0).toISOString(), form: { ...snapshotForm, format: FORMAT } },
    ...{ sealed_for: '0'.repeat(16), shares: '1'.repeat(16) },
  }
  // More than one piece, and a record of the first piece changes after it was read.
  const copies = Array.from({ length: 4 }, (_, copy) =>
    all.slice(0, 280).map((record) => arrival(record, { id: `${data.ids[record]}-${copy}` })),
  ).flat()
  await linkAll(links, copies)
  const counting = weighing({
    index,
    keys: indexKeys(SECRET),
    codec: codec(layout),
    layout,
    model,
    store: filterStore(layout),
  })
  const count = counting.begin()
  await count?.add(count.persons)
  await count?.finish()
  await count?.use()
  expect([counting.counted(), index.flags('limited')]).toEqual([copies.length, copies.length])
  const meanwhile = [
    () =>
      linkAll(
        links,
        all.slice(0, 32).map((record) => arrival(record, { id: `${data.ids[record]}-0`, version: 2 })),
      ),
    () => links.decide([{ records: [`${data.ids[0]}-0`, `${data.ids[1]}-0`], decision: 'accept', order: 1 }]),
    () => links.cancel({ id: `${data.ids[3]}-0`, label: 'p1_l', version: 3 }),
    () =>
      linkAll(
        links,
        all.slice(300, 332).map((record) => arrival(record)),
      ),
  ]
  index.passed('linkage.patient:0', 17n)
  const taken = await takeSnapshot(
    {
      async between(work) {
        await meanwhile.shift()?.()
        return work({ index })
      },
    },
    path,
    header,
    { publicKey: await publicKeyOf(seed), indexSecret: SECRET },
  )
  expect([taken.records, meanwhile.length]).toEqual([4 * 280 + 32, 0])
  const [before, persons] = [await contents(name), index.persons()]
  // How many writes there were: a restored index begins to count anew.
  const writes = await redis.get(`{lx:${name}}v`)
  await linkAll(links, [arrival(340)])
  const stored = await redis.getBuffer(Buffer.from(`{lx:${name}}r\0\0\0\x05`, 'latin1'))
  const bytes = readFileSync(path)
  expect(stored?.length).toBeGreaterThan(100)
  for (let at = 0; at + 8 < (stored?.length ?? 0); at += 8)
    expect(bytes.includes(stored?.subarray(at, at + 8) ?? '')).toBe(false)

  const place = { redis, name, form: snapshotForm, indexSecret: SECRET }
  const shares = { seed, fingerprint: '1'.repeat(16) }
  const checked = await checkSnapshot(path, place, shares)
  expect([checked.present, checked.trailer.positions]).toEqual([4 * 280 + 33, { 'linkage.patient:0': '17' }])
  expect(() => assertReplaceable(checked, name, false)).toThrow(`has ${4 * 280 + 33} records`)
  for (const [other, problem] of [
    [{ ...place, name: 'other' }, 'it is of the index'],
    [{ ...place, form: { ...snapshotForm, model: 'x' } }, 'the model is another one'],
    [{ ...place, form: { ...snapshotForm, key: 'x' } }, 'linkage-index.key is another one'],
  ] as const)
    await expect(checkSnapshot(path, other, shares)).rejects.toThrow(problem)
  await expect(checkSnapshot(path, place, { ...shares, fingerprint: '2'.repeat(16) })).rejects.toThrow(
    'the shares are of',
  )

  // Ended in the middle: nobody opens what is there, the former linker is refused, and the next try begins anew.
  await expect(
    restoreSnapshot(path, place, { seed, checked }, () => Promise.reject(new Error('killed'))),
  ).rejects.toThrow('killed')
  await expect(onIndex(name)).rejects.toThrow('is not whole')
  await expect(linkAll(links, [arrival(341)])).rejects.toThrow('another linker has taken')
  expect(await checkSnapshot(path, place, shares)).toMatchObject({ present: 0 })
  // A linker that waits goes on waiting until the index is whole, and has it then; one that does not wait cannot open it.
  const logger = createLogger('linker', 'error')
  const [restoring, waiting] = [indexLease(redis, name, logger), indexLease(redis, name, logger)]
  expect(await restoring.take()).toBe(true)
  restoring.keep(() => undefined)
  let tried = 0
  await restoreSnapshot(path, place, { seed, checked }, async () => {
    tried++
    expect(await waiting.take()).toBe(false)
    await expect(onIndex(name)).rejects.toThrow('is not whole')
  })
  expect([tried, await waiting.take()]).toEqual([1, false])
  await restoring.release()
  expect(await waiting.take()).toBe(true)
  await waiting.release()
  await redis.set(`{lx:${name}}v`, writes ?? '')
  expect(await contents(name)).toBe(before)
  const next = await onIndex(name)
  expect(next.index.persons()).toEqual(persons)
  // It goes on as the one before would have.
  await linkAll(
    next.links,
    all.slice(342, 400).map((record) => arrival(record)),
  )
  expect(next.index.size()).toBe(4 * 280 + 32 + 58)
  rmSync(folder, { recursive: true })
  await movedToOtherKeys(name, next.links)
})

/** Moves an index with everything in it to other keys, killed at each write: then it says the same, and goes on as it would have. */
async function movedToOtherKeys(name: string, former: ReturnType<typeof indexLinker>): Promise<void> {
  const [secret, wrapSecret] = [Buffer.alloc(32, 6), newWrapSecret(tokenKeyOf(SECRET))]
  const wraps = encodingWraps(layout, new Map([[2, wrapSecret]]))
  const keys = indexKeys(secret, wraps)
  const from = { name, keys: indexKeys(SECRET), form: { ...form0, hub: UNBOUNDED.hub } }
  const to = { name: `${name}.2`, keys, form: { ...from.form, key: keys.fingerprint } }
  const move = (by: Redis, beforeUse = async () => undefined) =>
    moveIndex({
      ...{ redis: by, from, to, layout, wrap: encodingWrap(layout, wrapSecret) },
      ...{ onProgress: () => undefined, beforeUse },
    })
  /** Of the former index all but its writer and how many writes it has had, by which the move makes sure that nobody else writes. */
  const unwritten = async () => {
    const written = await redis.get(`{lx:${name}}v`)
    await redis.unlink(`{lx:${name}}v`)
    const digest = await contents(name)
    await redis.set(`{lx:${name}}v`, written ?? '')
    return digest
  }
  await former.decide([{ records: [`${data.ids[0]}-0`, `${data.ids[1]}-0`], decision: 'never', order: 2 }])
  const before = await unwritten()
  const persons = (await onIndex(name)).index.persons()
  let writes = 0
  const killedAt = (write: number) =>
    new Proxy(redis, {
      get(target, property) {
        if (property === 'call' && writes++ === write) throw new Error('killed')
        const value = Reflect.get(target, property) as unknown
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  let write = 0
  for (let whole = false; !whole; write++) {
    writes = 0
    whole = await move(killedAt(write)).then(
      () => true,
      (error: Error) => {
        if (error.message !== 'killed') throw error
        return false
      },
    )
    if (!whole) await expect(openIndex(redis, to.name, to.form)).rejects.toThrow('is not whole')
  }
  // Two pieces, the rest, the proof that nobody wrote, and the form.
  expect(write).toBe(6)
  expect(await unwritten()).toBe(before)
  // Who goes on with the former index makes the move fail, and what it wrote is in the next one.
  const raced = move(redis, async () => {
    const { links, index } = await onIndex(name)
    await links.link([arrival(401)])
    expect(index.size()).toBe(persons.length + 1)
  })
  await expect(raced).rejects.toThrow('another linker has taken')
  await expect(openIndex(redis, to.name, to.form)).rejects.toThrow('is not whole')
  const content = await move(redis)
  expect(content).toMatchObject({ records: persons.length + 1, cancelled: 1, decisions: 1 })
  expect(content.edges).toBeGreaterThan(1000)

  const index = await openIndex(redis, to.name, to.form)
  expect(index.persons().subarray(0, persons.length)).toEqual(persons)
  const stored = async (of: string, number: number) =>
    (await redis.getBuffer(Buffer.concat([Buffer.from(`{lx:${of}}r`), packNumber(number)]))) as Buffer
  // What the keys of before make of records that are known, of bytes and of tokens.
  for (const [number, record] of [...all.slice(0, 32).entries()]) {
    const [was, is] = [await stored(name, number), await stored(to.name, number)]
    expect(() => from.keys.open(is, readHead(is).bytes)).toThrow('changed, or sealed with another key')
    const names = from.keys.tokens((encoded[record] as EncodedRecord).tokens)
    expect(tokensOf(was)).toEqual(number === 3 ? new Int32Array() : names)
    for (let at = 0; at < names.length; at += 2)
      expect(is.includes(Buffer.from(names.buffer, names.byteOffset + 4 * at, 8))).toBe(false)
    const opened = codec(layout).unpack(keys.open(is, readHead(is).bytes))
    if (number !== 3) expect(opened.filters).toEqual(wraps.lift(encoded[record] as EncodedRecord, 1).filters)
  }
  // It goes on as the former one, with encodings of the former version and of its own.
  const pairs: Pair[][] = [[], []]
  const goingOn = async (at: 0 | 1, of: LinkIndex, by: IndexKeys, lifted: (one: Arrival) => Arrival) => {
    const store = filterStore(layout)
    const own = weighing({ index: of, keys: by, codec: codec(layout), layout, model, store })
    expect(own.counted()).toBe(4 * 280)
    const links = indexLinker({
      ...{ index: of, keys: by, codec: codec(layout), budget: UNBOUNDED.budget, store, onePerSource: false },
      ...{ weight: own.weight, onPair: (...pair: Pair) => pairs[at]?.push(pair) },
    })
    await links.loadDecisions()
    await linkAll(
      links,
      all.slice(0, 60).map((record) => lifted(arrival(record, { id: `${data.ids[record]}-0`, version: 9 }))),
    )
    await linkAll(
      links,
      all.slice(400).map((record) => lifted(arrival(record))),
    )
    return { persons: of.persons(), links }
  }
  const own = await goingOn(1, index, keys, (one) => ({ ...one, encoded: wraps.lift(one.encoded, 1) }))
  const { index: formerIndex } = await onIndex(name)
  expect(own.persons).toEqual((await goingOn(0, formerIndex, from.keys, (one) => one)).persons)
  expect(pairs[1]).toEqual(pairs[0])
  expect(pairs[1]?.length).toBeGreaterThan(500)
  await own.links.reconcile(() => undefined)
  expect(index.flags('limited')).toBe(0)
  // The linker of the snapshot weighed by frequencies of its own what came after the count.
  await edgesAreOf(index, keys, 4 * 280)
  await removeKeys(redis, name, () => true)
  // The braces of the former name are gone with it; the other one has its own.
  expect([await redis.keys(`{lx:${name}}*`), (await redis.keys(`{lx:${to.name}}*`)).length > 100]).toEqual([[], true])
}

/** The edges of the records that were counted have the weights by it, whenever they were made. @param counted records: the first ones */
async function edgesAreOf(index: LinkIndex, keys: IndexKeys, counted: number): Promise<void> {
  const store = filterStore(layout)
  const records = codec(layout)
  const own = weighing({ index, keys, codec: records, layout, model, store })
  const slots = new Map<number, number>()
  const connected = index.connected()
  for (const [number, bytes] of await index.records(connected)) {
    const { filters, newborn } = records.unpack(keys.open(bytes, readHead(bytes).bytes))
    slots.set(number, store.add({ filters, newborn }))
  }
  // Nothing is connected above infinity: a component of one record, with its edges.
  const edges = index
    .components(connected, Number.POSITIVE_INFINITY, 1)
    .flatMap(({ edges: of }) =>
      [...of].flatMap(([one, to]) => [...to].map(([other, weight]) => [one, other, weight] as const)),
    )
    .filter(([one, other, weight]) => weight < CERTAIN && Math.min(one, other) < counted)
  const differing = edges.filter(
    ([one, other, weight]) => own.weight(slots.get(one) as number, slots.get(other) as number) !== weight,
  )
  expect([edges.length > 500, differing]).toEqual([true, []])
}

test('a component that is too large is split alike in every order', async () => {
  const count = 260
  // A chain: neighbours are one person, some more surely than others.
  const edge = (a: number, b: number) => (Math.abs(a - b) === 1 ? LINK + 1 + ((Math.min(a, b) * 31) % 17) / 4 : -1)
  const groups = await Promise.all(
    [1, 7, 103].map(async (step) => {
      const order = Array.from({ length: count }, (_, at) => (at * step) % count)
      const index = await openIndex(redis, ownNamespace(), form0)
      const links = indexLinker({
        index,
        keys: indexKeys(SECRET),
        codec: codec(layout),
        budget: UNBOUNDED.budget,
        store: filterStore(layout),
        // Opened in the order of arrival.
        weight: (a, b) => edge(order[a] as number, order[b] as number),
        onePerSource: false,
        onPair: () => undefined,
      })
      const one = encoded[0] as EncodedRecord
      for (let from = 0; from < count; from += 20)
        await links.link(
          order.slice(from, from + 20).map((record) => arrival(0, { id: `record ${record}`, encoded: one })),
        )
      expect(links.counts.split).toBeGreaterThan(0)
      await links.reconcile(() => undefined)
      expect(index.flags('split')).toBe(0)
      const persons = index.persons()
      return groupsOf(persons, new Map(order.map((record, number) => [`${record}`, number])))
    }),
  )
  expect(new Set(groups[0]).size).toBeGreaterThan(2)
  expect(groups[1]).toEqual(groups[0])
  expect(groups[2]).toEqual(groups[0])
})

test('who is told of a person that changes is told which one it was, and what became of it', async () => {
  const index = await openIndex(redis, ownNamespace(), form0, true)
  const one = encoded[0] as EncodedRecord
  // Records are opened in this order; those of one person, by their names.
  const names = ['a', 'b', 'bridge', 'c', 'second', 'b']
  const linked = ['a bridge', 'b bridge', 'c second', 'b second']
  const isLinked = (x = '', y = '') => linked.includes(x < y ? `${x} ${y}` : `${y} ${x}`)
  const links = indexLinker({
    index,
    keys: indexKeys(SECRET),
    codec: codec(layout),
    budget: UNBOUNDED.budget,
    store: filterStore(layout),
    weight: (x, y) => (isLinked(names[x], names[y]) ? 5 : -1),
    onePerSource: false,
    onPair: () => undefined,
  })
  const told = async () => {
    const found: string[] = []
    await links.tellChanges(
      () => 0,
      async (changes) =>
        void found.push(...changes.map(({ id, previous, person, change }) => `${id} ${previous} ${person} ${change}`)),
    )
    return found.toSorted()
  }
  const arrive = (id: string) => links.link([arrival(0, { id, encoded: one })])
  for (const id of ['a', 'b']) await arrive(id)
  expect(await told()).toEqual(['a undefined a ', 'b undefined b '])
  await arrive('bridge')
  expect(await told()).toEqual(['a undefined a ', 'b b a merge', 'bridge undefined a '])
  await arrive('c')
  await arrive('second')
  expect(await told()).toEqual(expect.arrayContaining(['c undefined a ', 'second undefined a ']))
  // b goes on with c: a is of the bridge alone.
  await links.cancel({ id: 'bridge', label: 'l', version: 2 })
  expect(await told()).toEqual(
    expect.arrayContaining(['b a b split', 'bridge a undefined cancelled', 'c a b split', 'second a b split']),
  )
  await links.cancel({ id: 'b', label: 'l', version: 2 })
  expect(await told()).toEqual(['b b undefined cancelled', 'c b c rename', 'second b c rename'])
  // It comes back, and leaves no one.
  await links.link([arrival(0, { id: 'b', version: 3, encoded: one })])
  expect(await told()).toEqual(expect.arrayContaining(['b undefined b ', 'c c b rename', 'second c b rename']))
})

test('what a producer says of two patients is above the traits, in every order, until it is cancelled, and below what is decided', async () => {
  const blank = encoded[0] as EncodedRecord
  const empty = { filters: new Int32Array(layout.words), newborn: false }
  const words = (...tokens: readonly number[]) => Int32Array.from(tokens.flatMap((token) => [token, 77]))
  // Each patient has four records whose traits contradict those of the other one, and says that it is the other one.
  const sides = ['a', 'b'].flatMap((label, side) => [
    ...[0, 1, 2, 3].map((n) =>
      arrival(side, {
        id: `${label}${n}`,
        label,
        encoded: { ...(encoded[side] as EncodedRecord), tokens: words(1 + side) },
      }),
    ),
    arrival(0, { id: `${label}-merged`, label, pair: 'ab', encoded: { ...empty, tokens: words(1 + side, 9) } }),
  ])
  // Of a third one, who names another pair.
  const third = arrival(0, { id: 'c-merged', label: 'c', pair: 'cd', encoded: { ...empty, tokens: words(3, 10) } })
  expect(blank.filters.some((word) => word !== 0)).toBe(true)
  for (const order of [
    sides,
    sides.toReversed(),
    sides.toSorted((one, other) => (one.id.slice(1) < other.id.slice(1) ? -1 : 1)),
  ]) {
    const name = ownNamespace()
    const open = async () => {
      const index = await openIndex(redis, name, form0)
      const links = indexLinker({
        ...{
          index,
          keys: indexKeys(SECRET),
          codec: codec(layout),
          budget: UNBOUNDED.budget,
          store: filterStore(layout),
        },
        ...{ weight: () => -20, onePerSource: false, onPair: () => undefined },
      })
      await links.loadDecisions()
      const groups = async () => {
        const persons = index.persons()
        const numbers = new Map<string, number>()
        for (const [number, bytes] of await index.records([...persons.keys()]))
          if (!readHead(bytes).isCancelled) numbers.set(keyIdOf(bytes), number)
        return groupsOf(persons, numbers)
      }
      return { links, groups }
    }
    const one = await open()
    await linkAll(one.links, [third, ...order])
    const all = sides.map(({ id }) => id).toSorted()
    expect(await one.groups()).toEqual([all.join(' '), 'c-merged'])
    // Opened again, a later version of a record finds the same.
    const next = await open()
    await linkAll(
      next.links,
      order.slice(0, 3).map((record) => ({ ...record, version: 2 })),
    )
    expect(await next.groups()).toEqual([all.join(' '), 'c-merged'])
    await next.links.decide([{ records: ['a0', 'b0'], decision: 'never', order: 1 }])
    const apart = await next.groups()
    expect(apart.some((group) => group.includes('a0') && group.includes('b0'))).toBe(false)
    await next.links.decide([{ records: ['a0', 'b0'], decision: 'withdraw', order: 2 }])
    expect(await next.groups()).toEqual([all.join(' '), 'c-merged'])
    await next.links.cancel({ id: 'b-merged', label: 'b', version: 3 })
    expect(await next.groups()).toEqual(['a-merged a0 a1 a2 a3', 'b0 b1 b2 b3', 'c-merged'])
  }
})

test('what is decided holds before and after the records come, in three orders, until it is withdrawn', async () => {
  const persons = inMemory(all).persons
  const person = all.map((record) => all.filter((other) => persons[other] === record)).find((of) => of.length > 2) ?? []
  const [first = 0, second = 0] = person
  const stranger = all.find((record) => !person.includes(record)) as number
  const pair = (a: number, b: number) => [data.ids[a] as string, data.ids[b] as string] as const
  const given: readonly PairDecision[] = [
    { records: pair(first, second), decision: 'never', order: 1 },
    { records: pair(stranger, first), decision: 'never', order: 2 },
    { records: pair(stranger, first), decision: 'accept', order: 3 },
  ]
  const found = await Promise.all(
    ([0, 1, 2] as const).map(async (when) => {
      const name = ownNamespace()
      const one = await onIndex(name)
      const arrivals = (when === 1 ? all.toReversed() : all).map((record) => arrival(record))
      // Before, in the middle, and after all records; then every decision again, from a linker that was killed.
      const cut = [0, 250, all.length][when] as number
      await linkAll(one.links, arrivals.slice(0, cut))
      await one.links.decide(given)
      expect(one.index.flags('limited')).toBe(0)
      await linkAll(one.links, arrivals.slice(cut))
      const next = await onIndex(name)
      await next.links.loadDecisions()
      await next.links.decide(given.slice(0, 2))
      // A later version is linked as what was decided says.
      await linkAll(next.links, [arrival(first, { version: 2 }), arrival(stranger, { version: 2 })])
      await next.links.reconcile(() => undefined)
      const numbers = async () => {
        const known = new Map<string, number>()
        const now = next.index.persons()
        for (const [number, bytes] of await next.index.records([...now.keys()])) known.set(keyIdOf(bytes), number)
        return { now, known, of: (record: number) => now[known.get(data.ids[record] as string) as number] }
      }
      const decided = await numbers()
      expect(decided.of(first)).not.toBe(decided.of(second))
      expect(decided.of(first)).toBe(decided.of(stranger))
      await next.links.decide(given.map((decision) => ({ ...decision, decision: 'withdraw', order: 9 })))
      await next.links.reconcile(() => undefined)
      const withdrawn = await numbers()
      return [groupsOf(decided.now, decided.known), groupsOf(withdrawn.now, withdrawn.known)]
    }),
  )
  expect(found[1]).toEqual(found[0])
  expect(found[2]).toEqual(found[0])
  const byName = new Map(all.map((record) => [data.ids[record] as string, record]))
  expect(found[0]?.[1]).toEqual(groupsOf(persons, byName))
  expect(found[0]?.[0]).not.toEqual(found[0]?.[1])
})

test('a hub is skipped and counted, and takes no more room', async () => {
  const small = { ...form0, hub: 5 }
  const name = ownNamespace()
  const index = await openIndex(redis, name, small)
  const keys = indexKeys(SECRET)
  const store = filterStore(layout)
  const links = indexLinker({
    index,
    keys,
    codec: codec(layout),
    budget: 16,
    store,
    weight: () => -1,
    onePerSource: false,
    onPair: () => undefined,
  })
  const one = encoded[0] as EncodedRecord
  const kinds = one.tokens.filter((word, at) => at % 2 === 0 && word !== 0).length
  for (let i = 0; i < 5; i++) await links.link([arrival(0, { id: `same ${i}` })])
  expect(links.counts).toMatchObject({ compared: 10, hubs: 0 })
  await links.link([arrival(0, { id: 'sixth' })])
  expect(links.counts).toMatchObject({ compared: 10, hubs: kinds })
  // Another producer uses the tokens.
  await links.link(['seventh', 'eighth'].map((id) => arrival(0, { id, producer: 'clinic' })))
  expect(links.counts).toMatchObject({ compared: 11, hubs: kinds })
})

test('one linker writes; an index of another form is not gone on with; nothing in Redis is readable', async () => {
  const name = ownNamespace()
  const { links } = await onIndex(name)
  await linkAll(
    links,
    all.slice(0, 20).map((record) => arrival(record)),
  )
  for (const key of await redis.keysBuffer(`{lx:${name}}r*`)) {
    const value = await redis.getBuffer(key)
    for (const record of all.slice(0, 20)) {
      expect(value?.includes(data.ids[record] as string)).toBe(false)
      const { filters } = encoded[record] as EncodedRecord
      expect(value?.includes(Buffer.from(filters.buffer, filters.byteOffset, 16))).toBe(false)
    }
  }
  await onIndex(name)
  await expect(links.link([arrival(30)])).rejects.toMatchObject({ code: 'link-index-taken' })
  await expect(openIndex(redis, name, { ...form0, key: 'another' })).rejects.toThrow('key differs')
  const next = await onIndex(name)
  await next.index.remove()
  expect(await redis.keys(`{lx:${name}}*`)).toEqual([])
})

test('one linker has the lease of an index: another one takes it when it is given up, has ended by itself, or its process has, and not before', async () => {
  const name = ownNamespace()
  const logger = createLogger('linker', 'error')
  const ended = spawn(...stopWithParent(process.execPath, ['--version']), { stdio: 'ignore' })
  const { pid } = ended as { readonly pid: number }
  const endedMark = { ...ownMark(), pid, identity: identityOf(pid) ?? '' }
  await once(ended, 'exit')
  const first = indexLease(redis, name, logger)
  const second = indexLease(redis, name, logger)
  expect([await first.take(), await second.take(), await first.take()]).toEqual([true, false, true])
  await second.release()
  expect(await second.take()).toBe(false)
  await first.release()
  expect(await second.take()).toBe(true)
  expect(await redis.pttl(`{lx:${name}}h`)).toBeGreaterThan(LEASE_MS - 1000)
  // Its time is over while it was suspended: it is told so, and takes nothing back.
  await redis.del(`{lx:${name}}h`)
  expect(await first.take()).toBe(true)
  await new Promise<void>((told) => second.keep(told))
  expect(await second.take()).toBe(false)
  await second.release()
  await first.release()
  // A process of another machine is not judged, whatever its number says.
  const abroad = indexLease(redis, name, logger, { ...endedMark, identity: 'another-boot:1' })
  expect([await abroad.take(), await first.take()]).toEqual([true, false])
  await abroad.release()
  const killed = indexLease(redis, name, logger, endedMark)
  expect([await killed.take(), await first.take(), await killed.take()]).toEqual([true, true, false])
  await first.release()
  expect(await redis.exists(`{lx:${name}}h`)).toBe(0)
})

test('chainon link evaluate --store redis: killed in the middle and started again, it has the persons of memory', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chainon-link-'))
  const lines = (rows: readonly (readonly string[])[]) => `${rows.map((row) => row.join(',')).join('\n')}\n`
  const traits = [...data.traits]
  writeFileSync(
    join(folder, 'a.csv'),
    lines([
      ['id', ...traits],
      ...all.map((n) => [data.ids[n] as string, ...traits.map((trait) => `"${data.record(n)[trait] ?? ''}"`)]),
    ]),
  )
  writeFileSync(
    join(folder, 'links.csv'),
    lines(data.links.map(([a, b]) => [data.ids[a] as string, data.ids[b] as string])),
  )
  writeFileSync(
    join(folder, 'fields.json'),
    JSON.stringify({ id: 'id', traits: Object.fromEntries(traits.map((trait) => [trait, trait])) }),
  )
  const file = join(folder, 'model.json')
  writeModel(file, model)
  const name = ownNamespace().replace('.', '')
  const start = (...more: string[]): ChildProcess =>
    spawn(
      ...stopWithParent(
        node24(),
        [
          resolve(import.meta.dirname, '../../services/linker/evaluate/main.ts'),
          'evaluate',
          folder,
          '--model',
          file,
          '--hub',
          '10000',
          '--budget',
          '10000',
          ...more,
        ],
        'KILL',
      ),
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {
          PATH: process.env.PATH,
          NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
          REDIS_URL: servers().REDIS_URL,
          ...login('linker'),
          CHAINON_SECRETS_DIR: join(folder, 'secrets'),
        },
      },
    )
  const result = async (child: ChildProcess) =>
    JSON.parse(await text(child.stdout as NodeJS.ReadableStream)) as Evaluated
  const inRedis = ['--store', 'redis', '--index', name, '--batch', '4']
  try {
    const memory = result(start())
    const killed = start(...inRedis)
    while (Number((await redis.get(`{lx:${name}}n`)) ?? 0) < 20) await sleep(1)
    killed.kill('SIGKILL')
    await once(killed, 'exit')
    const { persons, store, limits } = await result(start(...inRedis))
    expect(persons).toEqual((await memory).persons)
    expect(limits).toMatchObject({ records_corrected_by_reconciliation: 0 })
    expect(store.records.same).toBeGreaterThanOrEqual(20)
    expect(store.records.new + store.records.same).toBe(all.length)
    expect(store.records.new).toBeGreaterThan(0)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
