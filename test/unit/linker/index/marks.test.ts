import fc from 'fast-check'
import { expect, test } from 'vitest'
import { marks } from '../../../../services/linker/index/marks.ts'

test('marks are those of a set, whatever is set, taken away, and read back from its bytes', () => {
  const step = fc.record({ number: fc.nat(700), isMarked: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), fc.array(step, { maxLength: 20 }), (steps, more) => {
      const one = marks(Buffer.alloc(0))
      const model = new Set<number>()
      const apply = (to: typeof one, { number, isMarked }: { number: number; isMarked: boolean }) => {
        expect(to.set(number, isMarked)).toBe(model.has(number) !== isMarked)
        if (isMarked) model.add(number)
        else model.delete(number)
        const rising = [...model].toSorted((a, b) => a - b)
        expect([to.size, to.first(3), to.first(1000)]).toEqual([model.size, rising.slice(0, 3), rising])
      }
      for (const each of steps) apply(one, each)
      // As Redis has them: bytes of 256 records at a time, at the end as many as there are.
      const next = marks(Buffer.concat([0, 256, 512].map((from) => one.bytes(from, 256))))
      for (const each of more) apply(next, each)
    }),
  )
})

test('the highest bit of a byte is its first record, as of SETBIT', () => {
  const one = marks(Buffer.of(0, 0b1000_0001))
  expect([one.size, one.first(9)]).toEqual([2, [8, 15]])
  expect(one.bytes(256, 256)).toEqual(Buffer.alloc(32))
})
