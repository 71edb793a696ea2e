import fc from 'fast-check'
import { expect, test } from 'vitest'
import { layoutOf } from '../../../../services/core/linkage/layout.ts'
import { TRAITS, type Trait } from '../../../../services/core/linkage/traits.ts'
import { codec, packCancelled, packHead, readHead } from '../../../../services/linker/index/codec.ts'

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

test('the part in clear has version, source and tokens; a cancelled record has nothing else', () => {
  const tokens = [Buffer.alloc(8, 1), Buffer.alloc(8, 2)]
  const head = packHead(2 ** 53 - 1, 1, tokens)
  expect(readHead(Buffer.concat([head, Buffer.alloc(40)]))).toEqual({ version: 2 ** 53 - 1, source: 1, bytes: 26 })
  expect(head.subarray(10)).toEqual(Buffer.concat(tokens))
  expect(packCancelled(3)).toHaveLength(10)
  expect(() => packHead(2 ** 53, 0, [])).toThrow(RangeError)
  expect(() => packHead(1.5, 0, [])).toThrow(RangeError)
})
