import fc from 'fast-check'
import { expect, test } from 'vitest'
import { layoutOf } from '../../../../services/core/linkage/layout.ts'
import { TRAITS, type Trait } from '../../../../services/core/linkage/traits.ts'
import { codec, idOf, packCancelled, packHead, readHead, tokensOf } from '../../../../services/linker/index/codec.ts'

const traits = fc.subarray([...TRAITS], { minLength: 1 })

test('a record is read as it was written, whatever traits it has', () => {
  fc.assert(
    fc.property(
      traits,
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc.boolean(),
      fc.infiniteStream(fc.integer()),
      (own, id, newborn, words) => {
        const layout = layoutOf(new Set<Trait>(own))
        const filters = new Int32Array(layout.words)
        // Every third field is missing.
        for (const [at, { offset, words: count }] of layout.fields.entries())
          if (at % 3 !== 0) for (let w = offset; w < offset + count; w++) filters[w] = words.next().value
        const bytes = codec(layout)
        expect(bytes.unpack(bytes.pack({ id, filters, newborn }))).toEqual({ id, filters, newborn })
      },
    ),
  )
})

test('a label is read as it was written, also of an id with zero bytes, and of a cancelled record, which has no filters', () => {
  const bytes = codec(layoutOf(new Set<Trait>(['sex'])))
  const filters = new Int32Array(2).fill(3)
  for (const id of ['a', 'a\0b', ''])
    for (const label of ['p1_x', ''])
      expect(bytes.unpack(bytes.pack({ id, label, filters, newborn: true }))).toEqual({
        id,
        label,
        filters,
        newborn: true,
      })
  const left = bytes.pack({ id: 'a', label: 'p1_x', filters: new Int32Array(0), newborn: false })
  expect(bytes.unpack(left)).toEqual({ id: 'a', label: 'p1_x', filters: new Int32Array(2), newborn: false })
})

test('a missing value takes no bytes', () => {
  const layout = layoutOf(new Set<Trait>(['given_name', 'sex']))
  const bytes = codec(layout)
  const filters = new Int32Array(layout.words)
  expect(bytes.pack({ id: 'a', filters, newborn: false })).toHaveLength(6)
  filters[layout.words - 1] = 1
  expect(bytes.pack({ id: 'a', filters, newborn: false })).toHaveLength(6 + 8)
})

test('bytes of another layout are rejected', () => {
  const one = codec(layoutOf(new Set<Trait>(['given_name'])))
  const two = codec(layoutOf(new Set<Trait>(['sex'])))
  const filters = new Int32Array(8).fill(7)
  const bytes = one.pack({ id: 'a', filters, newborn: true })
  expect(() => two.unpack(bytes)).toThrow(RangeError)
  expect(() => one.unpack(bytes.subarray(0, -1))).toThrow(RangeError)
  expect(() => one.pack({ id: 'é'.repeat(257), filters, newborn: true })).toThrow(
    'the id of a record has at most 512 bytes',
  )
})

test('the part in clear has version, source, producer, id and tokens; a cancelled record has no tokens', () => {
  const tokens = Int32Array.of(1, -2, 3, 4)
  const id = Buffer.alloc(12, 9)
  const head = packHead({ version: 2 ** 53 - 1, stamp: 5 }, { source: 1, producer: -9 }, id, tokens)
  const stored = Buffer.concat([head, Buffer.alloc(40)])
  const version = { version: 2 ** 53 - 1, stamp: 5 }
  expect(readHead(stored)).toEqual({ ...version, source: 1, producer: -9, isCancelled: false, bytes: 50 })
  expect([idOf(stored), tokensOf(stored)]).toEqual([id, tokens])
  const from = { source: 0, producer: 0 }
  const cancelled = packCancelled({ version: 3, stamp: 0 }, id)
  expect(readHead(cancelled)).toEqual({
    ...{ version: 3, stamp: 0, source: 0, producer: 0 },
    ...{ isCancelled: true, bytes: cancelled.length },
  })
  expect([idOf(cancelled), tokensOf(cancelled)]).toEqual([id, new Int32Array(0)])
  expect(() => packHead({ version: 2 ** 53, stamp: 0 }, from, id, tokens)).toThrow(RangeError)
  expect(() => packHead({ version: 0, stamp: 1.5 }, from, id, tokens)).toThrow(RangeError)
  expect(() => packHead({ version: 0, stamp: 0 }, from, id, new Int32Array(510))).toThrow('at most 254 tokens')
})
