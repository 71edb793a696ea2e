import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Edge, personsOf } from '../../../../services/core/linkage/persons.ts'

const byIds = (one: readonly string[], two: readonly string[]) => (one.join() < two.join() ? -1 : 1)
const key = (a: string, b: string) => (a < b ? `${a}-${b}` : `${b}-${a}`)
const weights = (known: Readonly<Record<string, number>>) => (a: string, b: string) => known[key(a, b)] ?? -20

function persons(known: Readonly<Record<string, number>>, apart?: (a: string, b: string) => boolean) {
  const edges = Object.entries(known)
    .filter(([, weight]) => weight > 0)
    .map(([pair, weight]) => ({ a: pair.split('-')[0] ?? '', b: pair.split('-')[1] ?? '', weight }))
  return personsOf(edges, { weight: weights(known), ...(apart && { apart }) }).toSorted(byIds)
}

test('two records with different numbers do not become one person through a third that is like both', () => {
  expect(persons({ 'a-b': 3, 'b-c': 3.1, 'a-c': -15 })).toEqual([['a'], ['b', 'c']])
})

test('records that are alike enough on average are one person, although two of them are not', () => {
  expect(persons({ 'a-b': 9, 'b-c': 8, 'a-c': -4 })).toEqual([['a', 'b', 'c']])
})

test('thirty-three records of one number are one person', () => {
  const ids = Array.from({ length: 33 }, (_, i) => `r${String(i).padStart(2, '0')}`)
  const known = Object.fromEntries(ids.flatMap((a, i) => ids.slice(i + 1).map((b) => [key(a, b), 20])))
  expect(persons(known)).toEqual([ids])
})

test('records of one source stay apart where that is assumed', () => {
  expect(persons({ 'a-b': 9, 'b-c': 8, 'a-c': 9 }, (a, b) => key(a, b) === 'a-c')).toEqual([['a', 'b'], ['c']])
})

test('the order of the edges, and of their two records, does not change the persons', () => {
  const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  const pairs = ids.flatMap((a, i) => ids.slice(i + 1).map((b) => [a, b] as const))
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -6, max: 6 }), { minLength: pairs.length, maxLength: pairs.length }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      (values, draws) => {
        const known = Object.fromEntries(pairs.map(([a, b], i) => [key(a, b), values[i] ?? 0]))
        const edges: Edge[] = pairs.flatMap(([a, b], i) =>
          (values[i] ?? 0) > 0 ? [{ a, b, weight: values[i] ?? 0 }] : [],
        )
        const mixed = edges
          .map((edge) => ({
            edge: (draws.next().value ?? 0) < 0.5 ? edge : { ...edge, a: edge.b, b: edge.a },
            at: draws.next().value ?? 0,
          }))
          .toSorted((x, y) => x.at - y.at)
          .map(({ edge }) => edge)
        const rules = { weight: weights(known) }
        expect(personsOf(mixed, rules).toSorted(byIds)).toEqual(personsOf(edges, rules).toSorted(byIds))
      },
    ),
  )
})

test('a decided edge is weighed against nothing; only what stays apart is above it', () => {
  const edges = [
    { a: 'a', b: 'b', weight: 1000 },
    { a: 'b', b: 'c', weight: 1000 },
    { a: 'c', b: 'd', weight: 1000 },
    { a: 'd', b: 'e', weight: 1000 },
  ]
  const weight = (a: string, b: string) => edges.find((edge) => key(edge.a, edge.b) === key(a, b))?.weight ?? -20
  expect(personsOf(edges, { weight })).not.toEqual([['a', 'b', 'c', 'd', 'e']])
  expect(personsOf(edges, { weight, decided: 1000 })).toEqual([['a', 'b', 'c', 'd', 'e']])
  const apart = (a: string, b: string) => key(a, b) === 'a-e'
  expect(personsOf(edges, { weight, decided: 1000, apart })).toEqual([['a', 'b', 'c', 'd'], ['e']])
})
