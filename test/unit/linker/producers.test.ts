/** What one producer sends of somebody else's patient: the persons of the others stay. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Linker, linker } from '../../../services/linker/link/linker.ts'

const LIMITS = { budget: 16, hub: 100 }
/** Three tokens: of a number, of a name with a birth date, of a telephone. */
const tokensOf = (...values: number[]) => Int32Array.from(values.flatMap((value) => [value, value === 0 ? 0 : 7]))
const VICTIM = tokensOf(1, 2, 3)

interface Sent {
  readonly id: string
  readonly producer: number
  readonly tokens: Int32Array
}

/** Records of one person have ids that begin with one letter. */
function linked(sent: readonly Sent[], limits = LIMITS): (a: string, b: string) => boolean {
  const of = (record: number) => (sent[record] as Sent).id[0]
  const links: Linker = linker({
    kinds: 3,
    limits,
    weight: (a, b) => (of(a) === of(b) ? 20 : -20),
    onePerSource: false,
    onPair: () => undefined,
  })
  for (const [record, { id, producer, tokens }] of sent.entries()) links.add(record, id, producer, tokens)
  links.reconcile(() => undefined)
  const numbers = new Map(sent.map(({ id }, record) => [id, record]))
  return (a, b) => links.personOf(numbers.get(a) as number) === links.personOf(numbers.get(b) as number)
}

const victim: readonly Sent[] = [0, 1].map((producer) => ({ id: `v${producer}`, producer, tokens: VICTIM }))
const flood = (records: number, producer = 2, tokens = VICTIM): readonly Sent[] =>
  Array.from({ length: records }, (_, nth) => ({ id: `x${producer}-${nth}`, producer, tokens }))

test('101 invented records of one producer with the tokens of a victim do not unlink it elsewhere', () => {
  expect(linked([...victim, ...flood(101)])('v0', 'v1')).toBe(true)
  expect(linked([...flood(101), ...victim])('v0', 'v1')).toBe(true)
  expect(linked([...flood(60), ...victim, ...flood(100, 3)])('v0', 'v1')).toBe(true)
})

test('99 of one producer, which are within the limit alone, do not either', () => {
  expect(linked([...victim, ...flood(99)])('v0', 'v1')).toBe(true)
})

test('it takes as many producers together as the limit has records', () => {
  const colluding = (producers: number) => Array.from({ length: producers }, (_, nth) => flood(1, 2 + nth)).flat()
  expect(linked([...victim, ...colluding(98)])('v0', 'v1')).toBe(true)
  expect(linked([...victim, ...colluding(99)])('v0', 'v1')).toBe(false)
})

test('what a producer sends about its own patients is its own affair: they lose the token, and nobody else does', () => {
  const third: Sent = { id: 'v3', producer: 3, tokens: VICTIM }
  const isLinked = linked([...victim, third, ...flood(101, 0)])
  expect([isLinked('v0', 'v1'), isLinked('v1', 'v3')]).toEqual([false, true])
})

test('at a token that a big hospital has often, invented records cost it no more records than they are', () => {
  const NAME = tokensOf(0, 2, 0)
  // Of each of 60 people one record at the big hospital and one at another, which it has nothing but the name in common with.
  const people = Array.from({ length: 60 }, (_, nth) => String.fromCodePoint(0x100 + nth))
  const big = people.map((person): Sent => ({ id: `${person}0`, producer: 0, tokens: NAME }))
  const other = people.slice(0, 10).map((person): Sent => ({ id: `${person}1`, producer: 1, tokens: NAME }))
  const lost = (more: readonly Sent[]) => {
    const isLinked = linked([...big, ...other, ...more])
    return other.filter((_, nth) => !isLinked(`${people[nth]}0`, `${people[nth]}1`)).length
  }
  expect(lost([])).toBe(0)
  expect(lost(flood(30, 2, NAME))).toBe(0)
  expect(lost(flood(35, 2, NAME))).toBeLessThanOrEqual(5)
  expect(lost(flood(59, 2, NAME))).toBeLessThanOrEqual(15)
  expect(lost(flood(101, 2, NAME))).toBe(0)
})

test('a flood below the limit that fills the budget hides a record until it is reconciled, and no longer', () => {
  // The victim's rarest token is filled; by the next one, which two more have, the budget is over.
  const sent = [
    { id: 'v1', producer: 1, tokens: tokensOf(0, 2, 0) },
    ...flood(17, 2, tokensOf(1, 0, 0)),
    ...flood(18, 3, tokensOf(0, 2, 0)),
    { id: 'v0', producer: 0, tokens: VICTIM },
  ]
  const of = (record: number) => (sent[record] as Sent).id[0]
  const links = linker({
    ...{ kinds: 3, limits: LIMITS, onePerSource: false, onPair: () => undefined },
    weight: (a, b) => (of(a) === of(b) ? 20 : -20),
  })
  for (const [record, { id, producer, tokens }] of sent.entries()) links.add(record, id, producer, tokens)
  const last = sent.length - 1
  expect([links.personOf(last), links.counts.overBudget]).toEqual([last, 1])
  links.reconcile(() => undefined)
  expect(links.personOf(last)).toBe(0)
})

test('whatever several producers send, three orders are the same persons, whatever the limits', () => {
  const one = fc.record({
    producer: fc.nat(3),
    person: fc.constantFrom('a', 'b', 'c'),
    tokens: fc.array(fc.nat(2), { minLength: 3, maxLength: 3 }),
  })
  const limits = { budget: 2, hub: 4 }
  fc.assert(
    fc.property(fc.array(one, { maxLength: 40 }), (given) => {
      const sent = given.map(
        ({ producer, person, tokens }, nth): Sent => ({
          ...{ id: `${person}${nth}`, producer },
          tokens: tokensOf(...tokens.map((value, kind) => (value === 0 ? 0 : 10 * kind + value))),
        }),
      )
      const orders = [sent, sent.toReversed(), sent.toSorted((a, b) => (a.id > b.id ? 1 : -1))]
      const [first, ...others] = orders.map((order) => linked(order, limits))
      for (const { id: a } of sent)
        for (const { id: b } of sent) for (const other of others) expect(other(a, b)).toBe(first?.(a, b))
    }),
  )
})
