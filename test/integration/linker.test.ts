import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Contribution, DEFAULT_LIMITS, IndexRefused } from '../../services/curate/link/linker.ts'
import { modelLinks } from '../helpers/link-model.ts'
import { monitorRedis, testRedis } from '../helpers/redis.ts'
import { ownNamespace, servers } from '../helpers/servers.ts'
import { type TestLinker, testLinker } from '../helpers/test-linker.ts'

let redis: Redis
beforeAll(() => {
  redis = testRedis(servers())
})
afterAll(() => redis.disconnect())

const FIRST = 1_700_000_000_000_000
let offset = 0
function contribution(patient: string, tokens: readonly string[], more: Partial<Contribution> = {}): Contribution {
  offset++
  return {
    patientId: `p2_${patient}`,
    producer: `of-${patient}`,
    recordId: `p2_record-${patient}`,
    version: 0,
    origin: BigInt(offset),
    cancelled: false,
    receivedAt: FIRST + offset,
    tokens: tokens.map((token) => `t2_${token}`),
    ...more,
  }
}

/** @returns the links as in the view `person_link_current`: the highest version of each patient */
async function linkAll(
  linker: TestLinker,
  contributions: readonly Contribution[],
): Promise<Map<string, { person: string; method: string }>> {
  const best = new Map<string, { person: string; method: string; version: number }>()
  for (const result of await linker.link(contributions)) {
    if (!result.ok) continue
    for (const { patientId, personId, method, linkVersion } of result.links) {
      if ((best.get(patientId)?.version ?? 0) < linkVersion)
        best.set(patientId, { person: personId, method, version: linkVersion })
    }
  }
  return new Map([...best].map(([patient, { person, method }]) => [patient, { person, method }]))
}

describe('deterministic passes', () => {
  const fresh = () => testLinker(redis, ownNamespace())
  it('link by INS, NIR, traits with place and traits, and name the method', async () => {
    const links = await linkAll(await fresh(), [
      contribution('a1', ['ins_1', 'nir_1']),
      contribution('a2', ['ins_1', 'nir_1']),
      contribution('a3', ['nir_1']),
      contribution('b1', ['traits-place_7', 'traits_7', 'place_x']),
      contribution('b2', ['traits-place_7', 'traits_7', 'place_x']),
      contribution('b3', ['traits_7']),
      contribution('c', ['traits_8']),
    ])
    expect(new Set(['a1', 'a2', 'a3'].map((id) => links.get(`p2_${id}`)?.person))).toEqual(new Set(['pn_a1']))
    expect(new Set(['b1', 'b2', 'b3'].map((id) => links.get(`p2_${id}`)?.person))).toEqual(new Set(['pn_b1']))
    expect(['a1', 'a3', 'b2', 'b3', 'c'].map((id) => links.get(`p2_${id}`)?.method)).toEqual([
      'ins',
      'nir',
      'traits-place',
      'traits',
      'establishment-ipp',
    ])
  })

  it('link two patients of a producer who says so, whatever their numbers, and separate them when one of the two records is cancelled', async () => {
    const linker = await fresh()
    const merge = (of: string, more: Partial<Contribution> = {}) =>
      contribution(of, ['same-patient_1'], { recordId: `p2_merge-${of}`, ...more })
    const links = await linkAll(linker, [
      contribution('a', ['nir_1', 'traits_7']),
      contribution('b', ['nir_2', 'traits_8']),
      contribution('c', ['nir_2']),
      merge('a'),
      merge('b'),
    ])
    expect(links).toEqual(
      new Map([
        ['p2_a', { person: 'pn_a', method: 'same-patient' }],
        ['p2_b', { person: 'pn_a', method: 'nir' }],
        ['p2_c', { person: 'pn_a', method: 'nir' }],
      ]),
    )
    const after = await linkAll(linker, [merge('a', { version: 1, cancelled: true })])
    expect(after.get('p2_a')).toEqual({ person: 'pn_a', method: 'establishment-ipp' })
    expect(after.get('p2_c')).toEqual({ person: 'pn_b', method: 'nir' })
  })

  it('keep homonyms apart: equal traits with two INS link no patient, also no third patient without an INS', async () => {
    const links = await linkAll(await fresh(), [
      contribution('a', ['ins_1', 'traits_7']),
      contribution('c', ['traits_7']),
      contribution('b', ['ins_2', 'traits_7']),
    ])
    expect(new Set([...links.values()].map(({ person }) => person)).size).toBe(3)
  })

  it('keep patients with equal traits and two birth places apart', async () => {
    const links = await linkAll(await fresh(), [
      contribution('a', ['traits_7', 'traits-place_1', 'place_1']),
      contribution('b', ['traits_7', 'traits-place_2', 'place_2']),
    ])
    expect(links.get('p2_a')?.person).not.toBe(links.get('p2_b')?.person)
  })

  it('link when a number arrives later, and separate when a correction or a cancel removes it', async () => {
    const linker = await fresh()
    const before = [contribution('a', ['ins_1']), contribution('b', ['traits_7'])]
    const merged = contribution('b', ['ins_1', 'traits_7'], { version: 1 })
    const parted = contribution('b', ['ins_2'], { version: 2 })
    expect((await linkAll(linker, before)).get('p2_b')?.person).toBe('pn_b')
    expect((await linkAll(linker, [merged])).get('p2_b')?.person).toBe('pn_a')
    const after = await linkAll(linker, [parted])
    expect(after.get('p2_b')).toEqual({ person: 'pn_b', method: 'establishment-ipp' })
    expect(after.get('p2_a')).toEqual({ person: 'pn_a', method: 'establishment-ipp' })
    expect((await linkAll(linker, [contribution('a', [], { version: 5, cancelled: true })])).size).toBe(0)
  })

  it('separate when a correction names another patient', async () => {
    const linker = await fresh()
    const before = [contribution('a', ['ins_1']), contribution('b', ['ins_1'], { recordId: 'p2_record-x' })]
    expect((await linkAll(linker, before)).get('p2_b')?.person).toBe('pn_a')
    const corrected = contribution('c', ['ins_1'], { recordId: 'p2_record-x', version: 1 })
    const after = await linkAll(linker, [corrected])
    expect(after.get('p2_b')).toEqual({ person: 'pn_b', method: 'establishment-ipp' })
    expect(after.get('p2_c')).toEqual({ person: 'pn_a', method: 'ins' })
    // The earlier version, which arrives late from another partition, changes nothing.
    expect((await linkAll(linker, before)).get('p2_b')?.person ?? 'pn_b').toBe('pn_b')
  })

  it('return the same links again for the same origin: a crash between script and insert loses no link', async () => {
    const linker = await fresh()
    await linker.link([contribution('a', ['ins_1']), contribution('z', ['ins_1'])])
    const split = contribution('a', ['ins_9'], { version: 1 })
    const [first] = await linker.link([split])
    const [again] = await linker.link([split])
    expect(first?.ok && first.links.length).toBe(2)
    expect(again).toEqual(first)
  })

  it('do not link by a token that too many patients share, and remove the links that it made before', async () => {
    const linker = await testLinker(redis, ownNamespace(), { ...DEFAULT_LIMITS, hub: 3, neighbourhood: 100 })
    const three = await linkAll(
      linker,
      ['a', 'b', 'c'].map((id) => contribution(id, ['traits_0'])),
    )
    expect(new Set([...three.values()].map(({ person }) => person)).size).toBe(1)
    const four = await linkAll(linker, [contribution('d', ['traits_0'])])
    expect(new Set([...four.values()].map(({ person }) => person))).toEqual(
      new Set(['pn_b', 'pn_c', 'pn_d', 'pn_a'].filter((person) => four.has(person.replace('pn_', 'p2_')))),
    )
    expect(four.get('p2_b')?.person).toBe('pn_b')
  })

  it('reject a neighbourhood beyond the limit: a decision on some of its patients would be wrong', async () => {
    const linker = await testLinker(redis, ownNamespace(), { ...DEFAULT_LIMITS, neighbourhood: 5 })
    const chain = Array.from({ length: 8 }, (_, i) => contribution(`n${i}`, [`nir_${i}`, `nir_${i + 1}`]))
    const results = await linker.link(chain)
    expect(results.map(({ ok }) => ok)).toEqual([true, true, true, true, true, false, false, false])
  })

  it.each([
    ['limits that are not met', DEFAULT_LIMITS, 60],
    ['limits that are', { ...DEFAULT_LIMITS, hub: 2, own: 1, lists: 2 }, 20],
  ] as const)('find the same persons in any order of arrival, with %s', async (_, limits, numRuns) => {
    const token = fc.oneof(
      fc.nat(3).map((n) => `ins_${n}`),
      fc.nat(3).map((n) => `nir_${n}`),
      fc.nat(2).map((n) => `traits_${n}`),
      fc.nat(2).map((n) => `traits-place_${n}`),
      fc.nat(2).map((n) => `place_${n}`),
      fc.nat(2).map((n) => `same-patient_${n}`),
    )
    const record = fc.record({
      patient: fc.nat(6),
      // Most records have one patient; some name another one in a later version.
      id: fc.option(fc.nat(3), { freq: 3 }),
      version: fc.nat(2),
      cancelled: fc.boolean(),
      tokens: fc.uniqueArray(token, { maxLength: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 14 }),
        fc.array(fc.nat(), { minLength: 14, maxLength: 14 }),
        async (records, order) => {
          const base = offset + 1
          offset += records.length
          const all = records.map(({ patient, id, version, cancelled, tokens }, index) =>
            // The stamp decides between equal versions: it is a property of the record, not of its arrival.
            contribution(`n${patient}`, tokens, {
              producer: `of-${patient % 4}`,
              ...(id === null ? {} : { recordId: `p2_record-of-any-${id}` }),
              version,
              cancelled,
              receivedAt: FIRST + base + index,
              origin: BigInt(base + index),
            }),
          )
          const place = (one: Contribution) => order[one.receivedAt - FIRST - base] ?? 0
          const shuffled = all.toSorted((a, b) => place(a) - place(b))
          const expected = modelLinks(all, limits.hub, limits)
          expect(await linkAll(await testLinker(redis, ownNamespace(), limits), all)).toEqual(expected)
          expect(await linkAll(await testLinker(redis, ownNamespace(), limits), shuffled)).toEqual(expected)
        },
      ),
      { numRuns },
    )
  })
})

describe('one producer', () => {
  const invented = (count: number, tokens: readonly string[], producer = 'attacker') =>
    Array.from({ length: count }, (_, nth) => contribution(`x${producer}${nth}`, tokens, { producer }))
  const traits = ['nir_v', 'traits-place_v', 'traits_v', 'place_v']
  const victim = () => [contribution('v1', traits), contribution('v2', traits)]
  /** The victim's two patients, of two hospitals, are one person, and no other patient is of it. */
  const expectVictimLinked = (links: ReadonlyMap<string, { person: string }>) => {
    const person = links.get('p2_v1')?.person
    expect([...links].filter(([, link]) => link.person === person).map(([patient]) => patient)).toEqual([
      'p2_v1',
      'p2_v2',
    ])
  }
  const fresh = () => testLinker(redis, ownNamespace())

  /** @returns of which patients a call reads all tokens */
  async function readPatients(
    linker: TestLinker,
    contributions: readonly Contribution[],
  ): Promise<ReadonlySet<string>> {
    const prefix = `${linker.store.prefix(linker.index.id)}n:p2_`
    const end = randomUUID()
    const read = new Set<string>()
    const ended = Promise.withResolvers<void>()
    const monitor = await monitorRedis(servers(), ([command = '', key = '']) => {
      if (command.toLowerCase() === 'hgetall' && key.startsWith(prefix)) read.add(key.slice(prefix.length))
      if (key === end) ended.resolve()
    })
    await linker.link(contributions)
    await redis.exists(end)
    await ended.promise
    monitor.stop()
    return read
  }

  for (const count of [31, 100, 1000])
    it(`does not unlink a victim with ${count} invented patients, whether they come before or after`, async () => {
      expectVictimLinked(await linkAll(await fresh(), [...victim(), ...invented(count, traits)]))
      expectVictimLinked(await linkAll(await fresh(), [...invented(count, traits), ...victim()]))
    })

  it('and another one that colludes do not either', async () => {
    const others = [...invented(31, traits), ...invented(31, traits, 'second')]
    expectVictimLinked(await linkAll(await fresh(), [...others, ...victim()]))
  })

  it('does not stall the index with thousands of contributions to one patient', async () => {
    const linker = await fresh()
    const of = (nth: number, tokens: readonly string[]) =>
      contribution('x', tokens, { producer: 'attacker', recordId: `p2_record-of-x-${nth}` })
    // Of one patient, with another number each, and always the same.
    const many = Array.from({ length: 1000 }, (_, nth) => of(nth, ['nir_v', `nir_${nth}`]))
    const same = Array.from({ length: 1000 }, (_, nth) => of(1000 + nth, ['nir_v']))
    expectVictimLinked(await linkAll(linker, [...victim(), ...many, ...same]))
    // The record of another patient does not read what that one has contributed.
    const read = await readPatients(linker, [contribution('v1', traits, { version: 1 })])
    expect(read).toEqual(new Set(['v1', 'v2']))
  })
})

describe('the index', () => {
  const namespace = ownNamespace()
  const fresh = async () => {
    await redis.del(...(await redis.keys(`${namespace}*`)), 'none')
    return testLinker(redis, namespace)
  }
  /** What a call that is refused must leave as it was. */
  const content = async ({ store, index }: TestLinker) => {
    const keys = (await redis.keys(`${store.prefix(index.id)}*`)).toSorted()
    return Promise.all(keys.map(async (key) => [key, (await redis.dumpBuffer(key)).toString('hex')]))
  }

  it('keeps the links of a batch until they are known to be in ClickHouse, however long the stop is', async () => {
    const linker = await fresh()
    await linker.link([contribution('a', ['ins_1']), contribution('b', ['ins_1'])])
    const keys = await redis.keys(`${namespace}*`)
    const lifetimes = await Promise.all(keys.map((key) => redis.ttl(key)))
    // -1: the key has no end of life.
    expect(new Set(lifetimes)).toEqual(new Set([-1]))
  })

  it('forgets them with the next batch, which says what is loaded', async () => {
    const linker = await fresh()
    const outbox = `${linker.store.prefix(linker.index.id)}o:patient:0`
    const first = [contribution('a', ['ins_1']), contribution('b', ['ins_1'])]
    await linker.link(first)
    // The arrival of b changed the link of a, too.
    expect(await redis.zcard(outbox)).toBe(3)
    const next = contribution('c', ['ins_1'])
    await linker.link([next], { loaded: next.origin - 1n })
    expect(await redis.zcard(outbox)).toBe(1)
    // Of an origin that is loaded nothing is returned again.
    expect(await linker.link(first)).toEqual([
      { ok: true, links: [], limited: false },
      { ok: true, links: [], limited: false },
    ])
  })

  it('refuses every call, and changes nothing, when it was emptied', async () => {
    const linker = await fresh()
    await linker.link([contribution('a', ['ins_1'])])
    await redis.del(...(await redis.keys(`${namespace}*`)))
    await expect(linker.link([contribution('b', ['ins_1'])])).rejects.toThrow(IndexRefused)
    expect(await redis.keys(`${namespace}*`)).toEqual([])
  })

  it('refuses every call, and changes nothing, when it lacks an origin that is loaded', async () => {
    const linker = await fresh()
    const one = contribution('a', ['ins_1'])
    await linker.link([one])
    const before = await content(linker)
    await expect(linker.link([contribution('b', ['ins_1'])], { loaded: one.origin + 1n })).rejects.toThrow('position')
    expect(await content(linker)).toEqual(before)
    // Origins without a contribution count, too: the end of the batch is noted.
    await linker.link([], { to: one.origin + 1n })
    await linker.link([contribution('b', ['ins_1'])], { loaded: one.origin + 1n })
  })

  it('refuses every call, and changes nothing, when its link versions are lower than those that it gave', async () => {
    const linker = await fresh()
    await linker.link([contribution('a', ['ins_1'])])
    const before = await content(linker)
    linker.index.sequence++
    await expect(linker.link([contribution('b', ['ins_1'])])).rejects.toThrow('sequence')
    expect(await content(linker)).toEqual(before)
  })

  it('refuses every call when another process has found it to be stale', async () => {
    const linker = await fresh()
    await linker.store.retire(linker.index.id)
    await expect(linker.link([contribution('b', ['ins_1'])])).rejects.toThrow('mode')
  })

  it('gives link versions above those of all earlier generations', async () => {
    const linker = await fresh()
    const [result] = await linker.link([contribution('a', [])])
    expect(result?.ok && result.links[0]?.linkVersion).toBe(2 ** 40 + 1)
  })
})
