/**
 * People of one name: how many there are beyond what the frequencies of both names say, and what their e-mail addresses have in common. Names go with the country, the
 * town and the year of birth, so that two rare names meet in two people far more often than if they had nothing to do with each other; and an address is
 * made of the names. Counted on pairs of equal names whose birth dates differ, which are hardly ever one person, and from encodings alone.
 */
import type { Layout } from './layout.ts'
import { agreedValue, type ComparedField, comparer } from './levels.ts'
import type { Model } from './model.ts'
import type { Similarities } from './record-store.ts'

export type Namesakes = NonNullable<Model['namesakes']>

/** Names that are so many times as frequent as the average, in powers of 2, are of the first step, and each step is of names half as frequent. */
const MOST_COMMON = 4
const STEPS = 20
/** As many countries as one finds the people of a place in, and no more. */
const MOST_TOGETHER = 64
/** Pairs that are as many as chance says, for each step: few pairs say little. */
const STRENGTH = 3
/** Of people of one name so many are compared with each other, and people at all. */
const MOST_OF_ONE_NAME = 24
const MOST_PEOPLE = 100_000
/** What an address has in common with that of a namesake where none are seen: by `differ`, `similar`, `equal`. */
const ADDRESSES = [0.5, 0.35, 0.15] as const

/** @param adjustment of both names together: how many times as frequent they are as equal names on average */
export function stepOf(adjustment: number): number {
  return Math.min(STEPS - 1, Math.max(0, MOST_COMMON - Math.round(Math.log2(adjustment))))
}

/**
 * @param people one record of each person, as far as they are known
 * @param adjust how many times as frequent the value of a field is as equal values are on average
 * @param differing share of the birth dates of two people that differ altogether
 * @returns undefined where records have no names or no birth date
 */
export function namesakesAmong(
  store: Similarities,
  layout: Layout,
  fields: readonly ComparedField[],
  people: Int32Array,
  adjust: (field: number, fingerprint: number) => number,
  differing: number,
): Namesakes | undefined {
  const [given, family, birth, email] = (['given_name', 'family_name', 'birth_date', 'email'] as const).map((wanted) =>
    fields.findIndex(({ trait }) => trait === wanted),
  ) as [number, number, number, number]
  if (given < 0 || family < 0 || birth < 0) return undefined
  const valueOf = agreedValue(store, layout)
  const groups = new Map<string, number[]>()
  const counts = [new Map<number, number>(), new Map<number, number>()] as const
  const step = Math.ceil(people.length / MOST_PEOPLE)
  let known = 0
  for (let at = 0; at < people.length; at += step) {
    const person = people[at] as number
    const names = [valueOf(person, person, given), valueOf(person, person, family)] as const
    if (names.includes(0) || valueOf(person, person, birth) === 0) continue
    known++
    names.forEach((name, n) => counts[n]?.set(name, (counts[n]?.get(name) ?? 0) + 1))
    const key = names.join(' ')
    const group = groups.get(key)
    if (group) group.push(person)
    else groups.set(key, [person])
  }

  const compare = comparer(store, layout)
  const levels = new Int8Array(fields.length)
  const found = new Float64Array(STEPS)
  const addresses = email < 0 ? [] : ADDRESSES.map((share) => share * STRENGTH)
  for (const [key, group] of groups) {
    if (group.length < 2) continue
    const [one = 0, two = 0] = key.split(' ').map(Number)
    const at = stepOf(adjust(given, one) * adjust(family, two))
    const compared = group.slice(0, MOST_OF_ONE_NAME)
    const each = (group.length * (group.length - 1)) / (compared.length * (compared.length - 1))
    for (const [i, a] of compared.entries())
      for (const b of compared.slice(i + 1)) {
        compare(a, b, levels)
        if (levels[birth] !== 0) continue
        found[at] = (found[at] as number) + each
        const level = levels[email] ?? -1
        if (level >= 0) addresses[level] = (addresses[level] ?? 0) + each
      }
  }
  const expected = byChance(counts, [given, family], adjust, (known * (known - 1) * differing) / 2)
  const all = addresses.reduce((sum, one) => sum + one, 0)
  return {
    together: Array.from(expected, (pairs, at) =>
      Math.min(MOST_TOGETHER, Math.max(1, ((found[at] as number) + STRENGTH) / (pairs + STRENGTH))),
    ),
    email: addresses.map((one) => one / all),
  }
}

/** @returns for each step the pairs of people who would have one name if given and family names had nothing to do with each other */
function byChance(
  counts: readonly ReadonlyMap<number, number>[],
  fields: readonly number[],
  adjust: (field: number, fingerprint: number) => number,
  pairs: number,
): Float64Array {
  // By the frequency of the name, in powers of 2: the share of pairs of people who have one.
  const shares = counts.map((names, n) => {
    const byFrequency = new Map<number, number>()
    const all = [...names.values()].reduce((sum, one) => sum + one, 0)
    for (const [name, count] of names) {
      const at = Math.round(4 * Math.log2(adjust(fields[n] as number, name)))
      byFrequency.set(at, (byFrequency.get(at) ?? 0) + (count * (count - 1)) / (all * (all - 1)))
    }
    return byFrequency
  })
  const expected = new Float64Array(STEPS)
  for (const [one, share] of shares[0] ?? [])
    for (const [two, other] of shares[1] ?? []) {
      const at = stepOf(2 ** ((one + two) / 4))
      expected[at] = (expected[at] as number) + share * other * pairs
    }
  return expected
}
