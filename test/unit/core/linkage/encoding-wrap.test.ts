/** Encodings under another key: the same weights to the last bit, and nothing for who has the keys of before. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultModel } from '#core/linkage/default-model.ts'
import { comparedTraits, type EncodedRecord, recordEncoder } from '#core/linkage/encode.ts'
import {
  type EncodingWraps,
  encodingWrap,
  encodingWraps,
  FIRST_ENCODING,
  newWrapSecret,
} from '#core/linkage/encoding-wrap.ts'
import { NO_FREQUENCIES } from '#core/linkage/frequencies.ts'
import { normaliseTraits } from '#core/linkage/normalise-traits.ts'
import { filterStore } from '#core/linkage/record-store.ts'
import { scorer } from '#core/linkage/score.ts'
import { indexKeys, tokenKeyOf } from '../../../../services/linker/index/keys.ts'
import { simulatedSet } from '../../../helpers/simulated-set.ts'

const data = simulatedSet(400)
const [LEAKED, OTHER] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
const encoder = recordEncoder(comparedTraits(data.traits), LEAKED)
const { layout, kinds } = encoder
const people = Array.from(data.ids.keys(), (n) => normaliseTraits(data.record(n), data.dates))
const encoded = people.map((traits) => encoder.encode(traits))

const INDEX_SECRETS = [1, 2, 3].map((n) => Buffer.alloc(32, 10 + n))
const indexes = INDEX_SECRETS.map((secret) => indexKeys(secret))
const [two, three] = [0, 1].map((before) => newWrapSecret(tokenKeyOf(INDEX_SECRETS[before] as Buffer))) as [
  Buffer,
  Buffer,
]
const wraps = encodingWraps(
  layout,
  new Map([
    [3, three],
    [2, two],
  ]),
)

function weightsOf(records: readonly EncodedRecord[], pairs: readonly (readonly [number, number])[]) {
  const store = filterStore(layout)
  for (const record of records) store.add(record)
  const { weight, levels } = scorer(defaultModel(), NO_FREQUENCIES, store, layout)
  return pairs.map(([a, b]) => [weight(a, b), ...levels])
}

/** Of values, how many of a list's filters, or tokens, are among those of the records. */
function found(list: readonly EncodedRecord[], records: readonly EncodedRecord[]) {
  const filters = (of: readonly EncodedRecord[]) =>
    of.flatMap((one) =>
      layout.fields.flatMap(({ trait, offset, words }) => {
        const filter = one.filters.subarray(offset, offset + words)
        return filter.some(Boolean) ? [`${trait} ${filter.join()}`] : []
      }),
    )
  const tokens = (of: readonly EncodedRecord[]) =>
    of.flatMap(({ tokens: words }) =>
      Array.from({ length: words.length / 2 }, (_, at) => [words[2 * at], words[2 * at + 1]].join()).filter(
        (token) => token !== '0,0',
      ),
    )
  const count = (of: typeof tokens) => {
    const stored = new Set(of(records))
    return of(list).filter((one) => stored.has(one)).length
  }
  return { filters: count(filters), tokens: count(tokens) }
}

describe('lifted', () => {
  const lifted = encoded.map((one) => wraps.lift(one, 1))
  it('every pair of records has the levels and the weight that it had, to the last bit', () => {
    const number = fc.nat(encoded.length - 1)
    fc.assert(
      fc.property(fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 100 }), (pairs) => {
        expect(weightsOf(lifted, pairs)).toEqual(weightsOf(encoded, pairs))
      }),
      { numRuns: 20 },
    )
    expect(weightsOf(lifted, data.links)).toEqual(weightsOf(encoded, data.links))
  })
  it('so has every pair of two names, in whichever fields they stand', () => {
    const name = fc.string({ unit: fc.constantFrom(...Array.from('ABCDEIMNORST')), minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(fc.record({ given_name: name, family_name: name, birth_name: name, middle_name: name }), (traits) => {
        const one = encoder.encode(traits)
        const swapped = encoder.encode({ ...traits, given_name: traits.family_name, family_name: traits.given_name })
        const pair = [one, swapped]
        expect(
          weightsOf(
            pair.map((record) => wraps.lift(record, 1)),
            [[0, 1]],
          ),
        ).toEqual(weightsOf(pair, [[0, 1]]))
      }),
      { numRuns: 30 },
    )
  })
  it('an encoder that has the secrets makes the same', () => {
    const own = recordEncoder(
      comparedTraits(data.traits),
      LEAKED,
      undefined,
      new Map([
        [2, two],
        [3, three],
      ]),
    )
    expect([own.version, encoder.version]).toEqual([3, 1])
    expect(people.map((traits) => own.encode(traits))).toEqual(lifted)
  })
  it('equal tokens stay equal, others differ, and what is missing stays missing', () => {
    const text = (records: readonly EncodedRecord[], at: number) =>
      records.map(({ tokens }) => tokens.subarray(2 * at, 2 * at + 2).join())
    for (const at of kinds.keys()) {
      const [before, after] = [text(encoded, at), text(lifted, at)]
      expect(after.map((one) => after.indexOf(one))).toEqual(before.map((one) => before.indexOf(one)))
      expect(after.map((one) => one === '0,0')).toEqual(before.map((one) => one === '0,0'))
    }
  })
  it('through each version, or from the first one at once, is the same; from one that is not known nothing', () => {
    const [toTwo, toThree] = [two, three].map((secret) => encodingWrap(layout, secret))
    const one = encoded[0] as EncodedRecord
    const second = toTwo && { ...one, filters: toTwo.filters(one.filters), tokens: toTwo.tokens(one.tokens) }
    expect(wraps.lift(second as EncodedRecord, 2)).toEqual(wraps.lift(one, 1))
    expect(toThree?.filters(second?.filters ?? new Int32Array())).toEqual(wraps.lift(one, 1).filters)
    expect([wraps.version, [1, 2, 3, 4].map(wraps.has)]).toEqual([3, [true, true, true, false]])
    expect(() => wraps.lift(one, 4)).toThrow(RangeError)
    expect(FIRST_ENCODING.lift(one, 1)).toBe(one)
  })
})

it('what an index stores is led to what the next one makes of a record that is encoded anew, twice', () => {
  const [first, second, third] = indexes as [(typeof indexes)[0], (typeof indexes)[0], (typeof indexes)[0]]
  const [toTwo, toThree] = [two, three].map((secret) => encodingWrap(layout, secret)) as [
    ReturnType<typeof encodingWrap>,
    ReturnType<typeof encodingWrap>,
  ]
  for (const one of encoded.slice(0, 50)) {
    const inSecond = second.tokens(toTwo.storedTokens(first.tokens(one.tokens)))
    const inThird = third.tokens(toThree.storedTokens(inSecond))
    expect(inThird).toEqual(third.tokens(wraps.lift(one, 1).tokens))
  }
})

describe('who has the former linkage-encoding.key and a list of names', () => {
  const list = people.slice(0, 50).map((traits) => encoder.encode(traits))
  const lift = ({ lift: by }: EncodingWraps) => encoded.map((one) => by(one, 1))
  it('finds them in an opened index of before', () => {
    const { filters, tokens } = found(list, encoded)
    expect([filters > 300, tokens > 300]).toEqual([true, true])
  })
  it('finds nothing in an opened index of after but by accident, also with the former key of the index', () => {
    const after = lift(encodingWraps(layout, new Map([[2, two]])))
    const withIndexKey = encodingWrap(layout, newWrapSecret(tokenKeyOf(INDEX_SECRETS[0] as Buffer)))
    const tried = list.map((one) => ({
      ...one,
      filters: withIndexKey.filters(one.filters),
      tokens: withIndexKey.tokens(one.tokens),
    }))
    for (const attempt of [list, tried]) expect(found(attempt, after)).toEqual({ filters: 0, tokens: 0 })
  })
  it('finds them with the secret of the step, which is what the rotation keeps apart', () => {
    const after = lift(wraps)
    const tried = list.map((one) => wraps.lift(one, 1))
    expect(found(tried, after).tokens).toBe(found(list, encoded).tokens)
  })
})

it('of a permutation the key of the index of before says nothing, and no bit is preferred', () => {
  const secrets = Array.from({ length: 200 }, () => newWrapSecret(tokenKeyOf(INDEX_SECRETS[0] as Buffer)))
  const name = layout.fields.find(({ trait }) => trait === 'given_name')
  if (!name) throw new Error('no given name')
  const filter = new Int32Array(layout.words)
  filter[name.offset] = 1
  const places = secrets.map((secret) => {
    const moved = encodingWrap(layout, secret).filters(filter)
    const word = moved.findIndex((bits) => bits !== 0)
    return 32 * (word - name.offset) + 31 - Math.clz32(moved[word] as number)
  })
  expect(new Set(places).size).toBeGreaterThan(100)
  expect(Math.max(...places)).toBeLessThan(name.bits)
  expect(() => newWrapSecret(OTHER)).toThrow(RangeError)
})
