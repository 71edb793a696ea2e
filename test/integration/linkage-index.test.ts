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
import { node24 } from '../../deploy/local/paths.ts'
import type { EncodedRecord } from '../../services/core/linkage/encode.ts'
import { filterStore } from '../../services/core/linkage/record-store.ts'
import { scorer } from '../../services/core/linkage/score.ts'
import { encoding } from '../../services/linker/evaluate/encoding.ts'
import { learn } from '../../services/linker/evaluate/learn.ts'
import { codec } from '../../services/linker/index/codec.ts'
import { indexKeys } from '../../services/linker/index/keys.ts'
import { type LinkIndex, openIndex } from '../../services/linker/index/link-index.ts'
import { type Arrival, indexLinker } from '../../services/linker/link/index-linker.ts'
import { linker } from '../../services/linker/link/linker.ts'
import { writeModel } from '../../services/linker/link/model-file.ts'
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
const { model } = learn(data, false, UNBOUNDED, () => undefined)
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
async function onIndex(name: string, onePerSource = false, wrap = (index: LinkIndex) => index) {
  const index = await openIndex(redis, name, form0)
  const store = filterStore(layout)
  const pairs: Pair[] = []
  const links = indexLinker({
    index: wrap(index),
    keys: indexKeys(SECRET),
    codec: codec(layout),
    budget: UNBOUNDED.budget,
    store,
    weight: scorer(model, store, layout).weight,
    onePerSource,
    onPair: (...pair) => pairs.push(pair),
  })
  return { index, links, pairs }
}

function inMemory(records: readonly number[], sourceOf?: (record: number) => number) {
  const store = filterStore(layout)
  const pairs: Pair[] = []
  const links = linker({
    kinds: form.kinds.length,
    limits: UNBOUNDED,
    weight: scorer(model, store, layout).weight,
    onePerSource: sourceOf !== undefined,
    onPair: (...pair) => pairs.push(pair),
  })
  for (const [number, record] of records.entries()) {
    const one = encoded[record] as EncodedRecord
    store.add(one)
    links.add(number, data.ids[record] as string, sourceOf?.(record) ?? 0, one.tokens)
  }
  return { pairs, persons: Int32Array.from(records.keys(), (number) => links.personOf(number)), links }
}

const arrival = (record: number, more: Partial<Arrival> = {}): Arrival => ({
  id: data.ids[record] as string,
  version: 1,
  source: 0,
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
  // Edges of versions that are gone hold no one together: as many records have edges as have a partner above 0.
  const compared = inMemory(used).pairs.filter(([, , weight]) => weight > 0)
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
  const next = await onIndex(name)
  expect(next.index.size()).toBe(index.size())
  expect(next.index.persons()).toEqual(index.persons())
  expect(next.index.connected()).toEqual(index.connected())
  const edges = (of: LinkIndex) => of.components(of.connected(), 0, 1000).map((one) => one.edges)
  expect(edges(next.index)).toEqual(edges(index))
  // All later versions have the candidates that they had in the first linker.
  const later = used.map((record) => arrival(record, { version: 4, stamp: 1 }))
  await linkAll(next.links, later)
  expect(next.index.persons()).toEqual(inMemory(used).persons)
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
  expect(links.counts).toMatchObject({ compared: 15, hubs: 0 })
  await links.link([arrival(0, { id: 'seventh' })])
  expect(links.counts).toMatchObject({ compared: 15, hubs: kinds })
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
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {
          PATH: process.env.PATH,
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
