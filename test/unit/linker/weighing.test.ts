/** Values are counted among the persons of an index, kept sealed, and pairs are weighed by them; the index is an object in memory. */
import { expect, test } from 'vitest'
import { defaultModel } from '#core/linkage/default-model.ts'
import { type Frequencies, NO_FREQUENCIES } from '#core/linkage/frequencies.ts'
import { frequencyCounter } from '#core/linkage/frequency-counter.ts'
import { comparedFields } from '#core/linkage/levels.ts'
import { filterStore } from '#core/linkage/record-store.ts'
import { scorer } from '#core/linkage/score.ts'
import { encoding } from '../../../services/linker/evaluate/encoding.ts'
import { codec, packCancelled, packHead } from '../../../services/linker/index/codec.ts'
import { indexKeys } from '../../../services/linker/index/keys.ts'
import { openFrequencies, sealFrequencies } from '../../../services/linker/link/sealed-frequencies.ts'
import { type Weighing, weighing } from '../../../services/linker/link/weighing.ts'
import { countFrequencies } from '../../../services/linker/stream/count-frequencies.ts'
import type { OpenLinker } from '../../../services/linker/stream/open-linker.ts'
import { simulatedSet } from '../../helpers/simulated-set.ts'

const data = simulatedSet(1200)
const { layout, encodeWritten } = encoding(data)
const encoded = data.ids.map((_, record) => encodeWritten(data.record(record)))
const keys = indexKeys(Buffer.alloc(32, 5))
const model = defaultModel()
const CANCELLED = 7
/** Of each record the first one of its person. */
const persons = Int32Array.from(encoded.keys())
for (const [a, b] of data.links) persons[Math.max(a, b)] = persons[Math.min(a, b)] as number
const stored = encoded.map(({ filters, newborn, tokens }, number) => {
  const [version, id] = [{ version: 1, stamp: 1 }, keys.id(`patient/${number}`)]
  if (number === CANCELLED) return packCancelled(version, id)
  const head = packHead(version, { source: 0, producer: 1 }, id, keys.tokens(tokens))
  return keys.seal(head, codec(layout).pack({ id: `patient/${number}`, filters, newborn }))
})
const store = filterStore(layout)
for (const one of encoded) store.add(one)

/** @param size records that are there */
function memory(size: number, table?: Buffer) {
  const kept = { size, table, commits: 0 }
  const index = {
    size: () => kept.size,
    persons: () => persons.slice(0, kept.size),
    records: async (numbers: readonly number[]) => new Map(numbers.map((n) => [n, stored[n] as Buffer])),
    frequencies: () => kept.table,
    weighBy: (sealed: Buffer) => {
      kept.table = sealed
    },
    commit: async () => {
      kept.commits++
    },
  }
  return { kept, weighing: weighing({ index, keys, codec: codec(layout), layout, model, store }) }
}
const between =
  (of: (call: number) => Weighing) =>
  <T>(work: (open: OpenLinker) => Promise<T>) =>
    work({ weighing: of(calls++) } as OpenLinker)
let calls = 0

const counter = frequencyCounter(layout, comparedFields(layout))
for (const [number, person] of persons.entries())
  if (person === number && number !== CANCELLED) counter.add(store, number)
const expected: Frequencies = Object.fromEntries(counter.shares())
const pairs = data.links.slice(0, 200)
const weightsBy = (frequencies: typeof expected) => {
  const { weight } = scorer(model, frequencies, store, layout)
  return pairs.map(([a, b]) => weight(a, b))
}

test('each person counts once, and pairs are weighed by what was counted, also by who opens the index later', async () => {
  const { kept, weighing: own } = memory(stored.length)
  expect(pairs.map(([a, b]) => own.weight(a, b))).toEqual(weightsBy(NO_FREQUENCIES))
  expect(await countFrequencies(between(() => own))).toEqual({ records: stored.length, isNew: true })
  expect(kept.commits).toBe(1)
  expect(openFrequencies(keys, kept.table)).toEqual({ records: stored.length, frequencies: expected })
  expect(expected.family_name?.frequent.length).toBeGreaterThan(20)
  const weights = weightsBy(expected)
  expect(weights).not.toEqual(weightsBy(NO_FREQUENCIES))
  expect(pairs.map(([a, b]) => own.weight(a, b))).toEqual(weights)
  const later = memory(stored.length, kept.table).weighing
  expect(pairs.map(([a, b]) => later.weight(a, b))).toEqual(weights)
  expect(later.counted()).toBe(stored.length)
})

test('it is due from 1,000 records on, and again when there are twice as many', async () => {
  const { kept, weighing: own } = memory(999)
  expect(own.begin()).toBeUndefined()
  expect(await countFrequencies(between(() => own))).toEqual({ records: 0, isNew: false })
  kept.size = 1000
  expect(await countFrequencies(between(() => own))).toEqual({ records: 1000, isNew: true })
  kept.size = stored.length
  expect(own.begin()).toBeUndefined()
  const half = sealFrequencies(keys, { records: stored.length / 2, frequencies: NO_FREQUENCIES })
  expect(memory(stored.length, half).weighing.begin()).toBeDefined()
  expect(memory(stored.length - 1, half).weighing.begin()).toBeUndefined()
})

test('a count is given up when the index is opened again meanwhile', async () => {
  const [first, second] = [memory(stored.length), memory(stored.length)]
  for (const reopenedAt of [1, 2]) {
    calls = 0
    const given = between((call) => (call < reopenedAt ? first.weighing : second.weighing))
    expect(await countFrequencies(given)).toEqual({ records: 0, isNew: false })
  }
  expect([first.kept.table, second.kept.table]).toEqual([undefined, undefined])
})

test('what is kept is opened by the key of the index alone, and is nothing else that it seals', () => {
  const sealed = sealFrequencies(keys, { records: 1000, frequencies: expected })
  const broken = expect.objectContaining({ code: 'seal-broken' })
  expect(() => openFrequencies(indexKeys(Buffer.alloc(32, 6)), sealed)).toThrow(broken)
  expect(() => openFrequencies(keys, stored[0])).toThrow(broken)
  const changed = Buffer.from(sealed)
  changed[20] = (changed[20] as number) ^ 1
  expect(() => openFrequencies(keys, changed)).toThrow(broken)
  expect(sealed.includes('family_name')).toBe(false)
})
