import fc from 'fast-check'
import { expect, test } from 'vitest'
import { graph } from '../../../../services/linker/index/graph.ts'

const SIZE = 12
const number = fc.nat(SIZE - 1)

test('edges are those of a map of maps, whatever is connected, cut and disconnected', () => {
  const step = fc.oneof(
    fc.record({ a: number, b: number, weight: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ a: number, b: fc.constant(-1), weight: fc.constant(0) }),
    fc.record({ a: number, b: number, weight: fc.constant(0) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const one = graph()
      one.grow(SIZE)
      const model = Array.from({ length: SIZE }, () => new Map<number, number>())
      for (const { a, b, weight } of steps) {
        const own = model[a] as Map<number, number>
        if (b === -1) {
          expect(new Set(one.disconnect(a))).toEqual(new Set(own.keys()))
          for (const other of own.keys()) model[other]?.delete(a)
          own.clear()
        } else if (weight === 0) {
          expect(one.cut(a, b)).toBe(own.delete(b))
          model[b]?.delete(a)
        } else if (a !== b) {
          expect(one.connect(a, b, weight)).toBe(own.get(b) !== weight)
          own.set(b, weight)
          model[b]?.set(a, weight)
        }
      }
      for (const [n, edges] of model.entries()) {
        expect(one.edgesOf(n)).toEqual(edges)
        expect(one.hasEdge(n)).toBe(edges.size > 0)
      }
    }),
  )
})

test('a component has those that edges above a weight connect, and is undefined when they are too many', () => {
  const one = graph()
  one.grow(5)
  one.connect(0, 1, 2)
  one.connect(1, 2, 5)
  one.connect(3, 2, 1)
  const sorted = (above: number, most = 9) => one.component(1, above, most)?.toSorted((a, b) => a - b)
  expect([sorted(0), sorted(1), sorted(2), sorted(5)]).toEqual([[0, 1, 2, 3], [0, 1, 2], [1, 2], [1]])
  expect([sorted(0, 3), sorted(0, 4)]).toEqual([undefined, [0, 1, 2, 3]])
  expect([one.personOf(4), one.component(4, 0, 9)]).toEqual([4, [4]])
})
