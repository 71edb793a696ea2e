import fc from 'fast-check'
import { expect, test } from 'vitest'
import { difference, intersection, type OffsetRange, OffsetSet, united } from '#core/ledger/ranges.ts'

const ranges = fc.array(
  fc.record({ from: fc.nat(40), length: fc.nat(12) }).map(({ from, length }) => ({
    from: BigInt(from),
    to: BigInt(from + length),
  })),
  { maxLength: 8 },
)
const offsets = (list: readonly OffsetRange[]) =>
  new Set(list.flatMap(({ from, to }) => Array.from({ length: Number(to - from) }, (_, i) => Number(from) + i)))

test('union, difference and intersection are those of the sets of offsets', () => {
  fc.assert(
    fc.property(ranges, ranges, (a, b) => {
      const inB = offsets(b)
      expect(offsets(united(a))).toEqual(offsets(a))
      expect(offsets(difference(a, b))).toEqual(new Set([...offsets(a)].filter((one) => !inB.has(one))))
      expect(offsets(intersection(a, b))).toEqual(new Set([...offsets(a)].filter((one) => inB.has(one))))
    }),
  )
})

test('ranges of a result are in order, apart and not empty', () => {
  fc.assert(
    fc.property(ranges, ranges, (a, b) => {
      const result = difference(a, b)
      for (const [i, { from, to }] of result.entries()) {
        expect(to).toBeGreaterThan(from)
        if (i > 0) expect(from).toBeGreaterThan(result[i - 1]?.to ?? 0n)
      }
    }),
  )
})

test('single offsets, in any order and repeated, become ranges', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30)), (all) => {
      const set = new OffsetSet()
      for (const offset of all) set.add(BigInt(offset))
      expect(offsets(set.ranges())).toEqual(new Set(all))
    }),
  )
})
