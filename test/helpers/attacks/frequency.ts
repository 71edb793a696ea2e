/** Attacks on values that hide names, which cannot be read: by how frequent they are, by people who are known, and from one day to another. */

import type { Person } from '../../../services/synthetic/people/person.ts'
import { randomOf } from '../../../services/synthetic/random.ts'
import { GROUPS, groupOf, NAMED, type Named } from './people.ts'

/** One hidden value for each person; undefined where the person has none. */
export type Hidden = readonly (string | undefined)[]
/** For each hidden value that several people have, who they are. Of one that a single person has, nothing is learnt. */
export type Shared = readonly (readonly number[])[]
export type Guesses = readonly (string | undefined)[]

export function sharedOf(hidden: Hidden): Shared {
  const holders = new Map<string, number | number[]>()
  for (const [at, value] of hidden.entries()) {
    if (value === undefined) continue
    const others = holders.get(value)
    if (others === undefined) holders.set(value, at)
    else if (typeof others === 'number') holders.set(value, [others, at])
    else others.push(at)
  }
  return [...holders.values()].filter((people): people is number[] => typeof people !== 'number')
}

/** @returns the share of people who are named */
export function share(guesses: Guesses, truth: readonly string[]): number {
  return guesses.filter((guess, at) => guess === truth[at]).length / truth.length
}

/** What is attacked: who the people are, and how frequent their names are elsewhere. */
export interface Target {
  readonly truth: readonly string[]
  /** Of each person. */
  readonly groups: readonly number[]
  readonly names: readonly string[]
  /** For each name, how many of the people have it, as a logarithm by group, and in all. */
  readonly logs: readonly Float64Array[]
  readonly sums: readonly number[]
  /** The most frequent name of their sex and age, for each person: no hidden value is needed. */
  readonly usual: Guesses
  /** Another person for each. */
  readonly anew: readonly number[]
}

/** A name that is not in a group elsewhere may still be there. */
const UNSEEN = 0.05

export function targetOf(people: readonly Person[], elsewhere: readonly Person[], what: Named): Target {
  const counts = new Map<string, Float64Array>()
  const [own, other] = [new Float64Array(GROUPS), new Float64Array(GROUPS)]
  const add = (numbers: Float64Array, group: number) => {
    numbers[group] = (numbers[group] ?? 0) + 1
  }
  for (const person of people) add(own, groupOf(person))
  for (const person of elsewhere) {
    const name = NAMED[what](person)
    const of = counts.get(name) ?? new Float64Array(GROUPS)
    counts.set(name, of)
    add(of, groupOf(person))
    add(other, groupOf(person))
  }
  const rates = [...counts.values()].map((of) =>
    of.map(
      (count, group) => ((count + UNSEEN) * ((own[group] ?? 0) + 1)) / ((other[group] ?? 0) + UNSEEN * counts.size),
    ),
  )
  const names = [...counts.keys()]
  const groups = people.map(groupOf)
  const usual = Array.from({ length: GROUPS }, (_, group) => names[most(rates.map((of) => of[group] ?? 0))])
  return {
    truth: people.map(NAMED[what]),
    groups,
    names,
    logs: rates.map((of) => of.map(Math.log)),
    sums: rates.map((of) => of.reduce((sum, rate) => sum + rate, 0)),
    usual: groups.map((group) => usual[group]),
    anew: shuffled(people.length),
  }
}

function most(values: readonly number[]): number {
  return values.reduce((best, value, at) => (value > (values[best] ?? 0) ? at : best), 0)
}

/** @returns for each name how likely it gives these numbers of men and women of each age (Poisson), as a logarithm */
function likelihoods(people: readonly number[], target: Target): Float64Array {
  const own = new Map<number, number>()
  for (const at of people) {
    const group = target.groups[at] ?? 0
    own.set(group, (own.get(group) ?? 0) + 1)
  }
  const counts = [...own]
  const all = new Float64Array(target.names.length)
  for (const [at, logs] of target.logs.entries()) {
    let likelihood = -(target.sums[at] ?? 0)
    for (const [group, count] of counts) likelihood += count * (logs[group] ?? 0)
    all[at] = likelihood
  }
  return all
}

/** @returns the names that these people of one hidden value most likely have, the likeliest first */
export function likeliest(people: readonly number[], target: Target, many: number): readonly string[] {
  const all = likelihoods(people, target)
  return [...target.names.keys()]
    .toSorted((a, b) => (all[b] ?? 0) - (all[a] ?? 0))
    .slice(0, many)
    .map((at) => target.names[at] ?? '')
}

/**
 * A hidden value that several people have is taken for the likeliest name. Where all are different, frequency says nothing: the usual name is the best guess.
 */
function byFrequency(shared: Shared, target: Target): Guesses {
  const guesses = [...target.usual]
  for (const people of shared) {
    const all = likelihoods(people, target)
    let best = 0
    for (let at = 1; at < all.length; at++) if ((all[at] ?? 0) > (all[best] ?? 0)) best = at
    for (const at of people) guesses[at] = target.names[best]
  }
  return guesses
}

/** The first `known` people are known by name: who has a value of theirs has their name. */
function byKnown(shared: Shared, target: Target, known: number): Guesses {
  const guesses = [...target.usual]
  for (const people of shared) {
    const first = people.find((at) => at < known)
    if (first !== undefined) for (const at of people) guesses[at] = target.truth[first]
  }
  return guesses
}

export interface Figures {
  readonly frequency: number
  /** Of the people who were not known. */
  readonly known: number
  /** The usual name for everybody, or with hidden values that are dealt out anew, so that they belong to nobody: the better one. */
  readonly chance: number
}

/** @param known how many people are known by name */
export function attacked(shared: Shared, target: Target, known: number): Figures {
  const others = target.truth.slice(known)
  const frequency = (values: Shared) => share(byFrequency(values, target), target.truth)
  const byKnowing = (values: Shared) => share(byKnown(values, target, known).slice(known), others)
  const anew = shared.map((people) => people.map((at) => target.anew[at] ?? at))
  return {
    frequency: frequency(shared),
    known: byKnowing(shared),
    chance: Math.max(frequency([]), byKnowing([]), frequency(anew), byKnowing(anew)),
  }
}

/** @returns the most that any piece of the messages gives */
export function attackedPieces(all: readonly Shared[], target: Target, known: number): Figures {
  // A piece that is the same for all, as the head of a seal, says no more than any other of that kind.
  const constant = all.findIndex(([people]) => people?.length === target.truth.length)
  const different = all.filter(([people], at) => at === constant || people?.length !== target.truth.length)
  const figures = different.map((shared) => attacked(shared, target, known))
  const highest = (what: keyof Figures) => Math.max(...figures.map((one) => one[what]))
  return { frequency: highest('frequency'), known: highest('known'), chance: highest('chance') }
}

function shuffled(count: number): readonly number[] {
  const random = randomOf('dealt anew')
  const dealt = Array.from({ length: count }, (_, at) => at)
  for (let at = count - 1; at > 0; at--) {
    const other = random.int(0, at)
    const value = dealt[at] as number
    dealt[at] = dealt[other] as number
    dealt[other] = value
  }
  return dealt
}

/** In bytes: where longer pieces are equal, these are, too. */
const PIECE = 2

/** @returns for each place in the messages what the people have there */
export function pieces(messages: readonly Buffer[]): readonly Hidden[] {
  const length = Math.max(...messages.map((message) => message.length))
  const places = Array.from({ length: Math.ceil(length / PIECE) }, (_, n) => n * PIECE)
  return [
    messages.map((message) => String(message.length)),
    ...places.map((at) => messages.map((message) => message.toString('latin1', at, at + PIECE))),
  ]
}

/**
 * Finds the message of one day in those of another: by all pieces that one message alone has on each day.
 * @param days pairs of hidden values of the same people, in the same order
 * @returns the share of people of the second day who are found in the first
 */
export function acrossDays(days: Iterable<readonly [Hidden, Hidden]>): number {
  const votes: Map<number, number>[] = []
  let people = 0
  for (const [before, after] of days) {
    people = after.length
    const owner = new Map<string, number>()
    for (const [at, value] of before.entries()) if (value) owner.set(value, owner.has(value) ? -1 : at)
    for (const [at, value] of after.entries()) {
      const found = owner.get(value ?? '')
      if (found === undefined || found < 0) continue
      const own = (votes[at] ??= new Map())
      own.set(found, (own.get(found) ?? 0) + 1)
    }
  }
  let right = 0
  for (const [at, own] of votes.entries()) {
    if (!own) continue
    const most = Math.max(...own.values())
    if (own.get(at) === most && [...own.values()].filter((count) => count === most).length === 1) right++
  }
  return right / people
}
