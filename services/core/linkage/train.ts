/**
 * Learns a model from encoded records, without the truth. `u` comes from random pairs, `m`, `a` and the shares from candidate pairs. Where
 * records have a number of the person, `m` is learnt from the pairs that agree on it: from all candidates alone, what twins, or father
 * and son of one name, have in common is taken for what one person's records differ in.
 */
import { classesFor, sharesOf } from './classes.ts'
import { birthday, maximise, type Patterns, TOGETHER } from './expectation.ts'
import { chanceLevels, type Frequencies, NO_FREQUENCIES } from './frequencies.ts'
import { frequencyCounter } from './frequency-counter.ts'
import type { Layout } from './layout.ts'
import { agreedValue, type ComparedField, comparedFields, comparer } from './levels.ts'
import type { Model } from './model.ts'
import { namesakesAmong } from './namesakes.ts'
import type { Similarities } from './record-store.ts'
import { frequencyAdjustment, pairAdjustments, scoreTables } from './score.ts'
import type { Trait } from './traits.ts'

export interface TrainingPairs {
  readonly a: Int32Array
  readonly b: Int32Array
}

export interface TrainingOptions {
  /** Where the learning begins, and what it holds on to where the data say little. */
  readonly prior: Model
  readonly version: string
  /** All records of the store, from 0: random pairs are drawn from them. */
  readonly records: Int32Array
  /** Pairs of records, compared or not, of which `pairs` are the candidates. */
  readonly possiblePairs: number
  /** @returns a number in [0, 1) */
  readonly next: () => number
  readonly onRound?: (what: string) => void
}

/** As many draws as there are pairs, at most: small sets have no more to say. */
const RANDOM_PAIRS = 300_000
/** What brings people together for another reason than chance: home, telephone, number. */
const NO_CHANCE = /[HTN]/
/** A birthday within the year has nothing to do with names: strangers of one are counted among all strangers already. */
const TOGETHER_ON_A_DAY = 0.3
const STRENGTH = 10
const ROUNDS = 40
/** Where learning begins for a class that the prior does not know. */
const UNKNOWN_SHARE = 1e-3
/** Passes: after each, the records that are more likely one person than not count once in `u`. */
const PASSES = 3
/** Pairs that agree on the number, from which `m` can be learnt alone. */
const ENOUGH_NUMBERED = 300

export interface Trained {
  readonly model: Model
  /** Of the records that it was learnt on. */
  readonly frequencies: Frequencies
}

/** @param pairs candidates of the blocking, as the linker will find them */
export function train(store: Similarities, layout: Layout, pairs: TrainingPairs, options: TrainingOptions): Trained {
  const fields = comparedFields(layout)
  const levels = levelsOf(store, layout, fields, pairs)
  let people = options.records
  let model = options.prior
  let frequencies = NO_FREQUENCIES
  for (let pass = 1; pass <= PASSES; pass++) {
    frequencies = frequenciesAmong(store, layout, fields, people)
    const draws = Math.min(RANDOM_PAIRS, (people.length * (people.length - 1)) / 2)
    const u = chanceLevels(store, layout, fields, people, frequencies, draws, options.next)
    model = begin(model, options, fields, frequencies, u)
    // Before records of one person are known, they would be taken for namesakes.
    if (pass > 1) model = withNamesakes({ model, frequencies }, store, layout, fields, people)
    const adjustments = adjustmentsOf({ model, frequencies }, store, layout, fields, pairs, levels)
    const all = count(fields.length, levels, adjustments)
    const number = fields.findIndex(({ trait }) => trait === 'national_id')
    const top = fields[number]?.top
    const numbered =
      number < 0 ? undefined : count(fields.length, levels, adjustments, (at) => levels[at + number] === top)
    const known = numbered !== undefined && numbered.weights.reduce((sum, one) => sum + one, 0) >= ENOUGH_NUMBERED
    const base = {
      rounds: ROUNDS,
      strength: STRENGTH,
      strangers: options.possiblePairs,
      byChance: mostByChance(fields, frequencies, u, options.possiblePairs),
    }
    if (known) {
      const ofNumbered = maximise(model, options.prior, fields, numbered, {
        ...base,
        learnM: ({ trait }) => trait !== 'national_id',
        possible: ({ match, groups }) => match || groups.includes('H'),
        mIsKnown: false,
      })
      model = {
        ...model,
        fields: model.fields.map((field, f) => ({ ...field, m: ofNumbered.fields[f]?.m ?? field.m })),
      }
    }
    model = maximise(model, options.prior, fields, all, {
      ...base,
      learnM: ({ trait }) => !known || trait === 'national_id',
      possible: () => true,
      mIsKnown: known,
    })
    options.onRound?.(`pass ${pass} of ${PASSES}, ${all.count} patterns`)
    if (pass < PASSES) people = onePerPerson(options.records, pairs, weights(model, fields, levels, adjustments))
  }
  return { model, frequencies }
}

/** @returns frequencies of the records, each person once by what the model says of the pairs */
export function countFrequencies(
  store: Similarities,
  layout: Layout,
  pairs: TrainingPairs,
  { model, records }: Pick<Trained, 'model'> & Pick<TrainingOptions, 'records'>,
): Frequencies {
  const fields = comparedFields(layout)
  const levels = levelsOf(store, layout, fields, pairs)
  const alike = new Float64Array(levels.length).fill(1)
  const people = onePerPerson(records, pairs, weights(model, fields, levels, alike))
  return frequenciesAmong(store, layout, fields, people)
}

function frequenciesAmong(
  store: Similarities,
  layout: Layout,
  fields: readonly ComparedField[],
  people: Int32Array,
): Frequencies {
  const counter = frequencyCounter(layout, fields)
  for (const record of people) counter.add(store, record)
  return Object.fromEntries(counter.shares())
}

function begin(
  model: Model,
  { prior, version }: TrainingOptions,
  fields: readonly ComparedField[],
  frequencies: Frequencies,
  u: readonly number[][],
): Model {
  const traits = fields.map(({ trait }) => trait)
  const classes = classesFor(traits)
  const shares = sharesOf(model.classes, traits).map((share) => share || UNKNOWN_SHARE)
  const total = shares.reduce((sum, share) => sum + share, 0)
  return {
    format: 2,
    version,
    fields: fields.map(({ trait, levels }, f) => {
      const known =
        model.fields.find((field) => field.trait === trait) ?? prior.fields.find((field) => field.trait === trait)
      if (!known) throw new RangeError(`the prior has no field ${trait}`)
      const { chance = 1 } = frequencies[trait] ?? {}
      return { trait, levels: [...levels], m: known.m, a: known.a, u: u[f] ?? [], chance }
    }),
    classes: classes.map(({ groups, match }, z) => ({ groups, match, share: (shares[z] ?? 0) / total })),
  }
}

/**
 * Namesakes, neighbours, and people of one birthday are as many as chance says, whatever the blocking asks for. Without this bound, people who moved, or whose
 * name was mistaken, are taken for them.
 */
function mostByChance(
  fields: readonly ComparedField[],
  frequencies: Frequencies,
  u: readonly (readonly number[])[],
  possiblePairs: number,
): (groups: string) => number {
  const chanceOf = (trait: Trait) => frequencies[trait]?.chance ?? 1
  const birth = fields.findIndex(({ trait }) => trait === 'birth_date')
  const ofOneBirthday = birth < 0 ? 1 : birthday(u[birth] ?? [], fields[birth] as ComparedField)
  const placeOf = Math.min(...(['city', 'postcode', 'region'] as const).map(chanceOf))
  const chances = { G: chanceOf('given_name'), F: chanceOf('family_name'), B: ofOneBirthday, P: placeOf }
  return function byChance(groups) {
    if (NO_CHANCE.test(groups)) return Number.POSITIVE_INFINITY
    let most = (groups.includes('B') ? TOGETHER_ON_A_DAY : TOGETHER) * possiblePairs
    for (const [group, chance] of Object.entries(chances)) if (groups.includes(group)) most *= chance
    return most
  }
}

function withNamesakes(
  { model, frequencies }: Trained,
  store: Similarities,
  layout: Layout,
  fields: readonly ComparedField[],
  people: Int32Array,
): Model {
  const differing = model.fields.find(({ trait }) => trait === 'birth_date')?.u[0] ?? 1
  const namesakes = namesakesAmong(
    store,
    layout,
    fields,
    people,
    frequencyAdjustment(model, frequencies, fields),
    differing,
  )
  return namesakes ? { ...model, namesakes } : model
}

function levelsOf(
  store: Similarities,
  layout: Layout,
  fields: readonly ComparedField[],
  { a, b }: TrainingPairs,
): Int8Array {
  const compare = comparer(store, layout)
  const one = new Int8Array(fields.length)
  const levels = new Int8Array(a.length * fields.length)
  for (let p = 0; p < a.length; p++) {
    compare(a[p] as number, b[p] as number, one)
    levels.set(one, p * fields.length)
  }
  return levels
}

/** Whole powers of 2: patterns that differ less are one. */
function adjustmentsOf(
  { model, frequencies }: Trained,
  store: Similarities,
  layout: Layout,
  fields: readonly ComparedField[],
  { a, b }: TrainingPairs,
  levels: Int8Array,
): Float64Array {
  const adjust = pairAdjustments(model, frequencies, fields, agreedValue(store, layout))
  const adjustments = new Float64Array(levels.length)
  for (let p = 0; p < a.length; p++) {
    const [from, to] = [p * fields.length, (p + 1) * fields.length]
    adjust(a[p] as number, b[p] as number, levels.subarray(from, to), adjustments.subarray(from, to))
  }
  return adjustments.map((one) => 2 ** Math.round(Math.log2(one)))
}

function count(
  width: number,
  levels: Int8Array,
  adjustments: Float64Array,
  wanted?: (at: number) => boolean,
): Patterns {
  const found = new Map<string, number>()
  const firsts: number[] = []
  const weights: number[] = []
  for (let at = 0; at < levels.length; at += width) {
    if (wanted && !wanted(at)) continue
    let key = ''
    for (let f = at; f < at + width; f++)
      key += String.fromCharCode(((levels[f] as number) + 1) * 64 + Math.log2(adjustments[f] as number) + 32)
    const known = found.get(key)
    if (known === undefined) {
      found.set(key, firsts.length)
      firsts.push(at)
      weights.push(1)
    } else weights[known] = (weights[known] ?? 0) + 1
  }
  const patterns = {
    count: firsts.length,
    levels: new Int8Array(firsts.length * width),
    adjustments: new Float64Array(firsts.length * width),
    weights: Float64Array.from(weights),
  }
  firsts.forEach((at, p) => {
    patterns.levels.set(levels.subarray(at, at + width), p * width)
    patterns.adjustments.set(adjustments.subarray(at, at + width), p * width)
  })
  return patterns
}

function weights(
  model: Model,
  fields: readonly ComparedField[],
  levels: Int8Array,
  adjustments: Float64Array,
): Float64Array {
  const tables = scoreTables(model, fields)
  const sums = new Float64Array(tables.classes)
  const found = new Float64Array(levels.length / fields.length)
  for (let p = 0; p < found.length; p++) {
    tables.classProducts(levels, p * fields.length, adjustments, p * fields.length, sums)
    found[p] = tables.odds(sums)
  }
  return found
}

/** @returns of records that are more likely one person than not, the first */
function onePerPerson(records: Int32Array, { a, b }: TrainingPairs, weights: Float64Array): Int32Array {
  const parent = Int32Array.from({ length: records.length }, (_, i) => i)
  const find = (record: number) => {
    let root = record
    while (parent[root] !== root) root = parent[root] = parent[parent[root] as number] as number
    return root
  }
  for (let p = 0; p < a.length; p++) {
    if ((weights[p] as number) <= 0) continue
    const one = find(a[p] as number)
    const two = find(b[p] as number)
    if (one !== two) parent[Math.max(one, two)] = Math.min(one, two)
  }
  const seen = new Set<number>()
  return records.filter((record) => {
    const root = find(record)
    if (seen.has(root)) return false
    seen.add(root)
    return true
  })
}
