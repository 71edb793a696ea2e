/**
 * Expectation maximisation of the mixture (A. Dempster, N. Laird, D. Rubin, JRSS B 39, 1977) on counted patterns of agreement levels,
 * with Dirichlet priors. What random pairs say (`u`) is never changed; learnt are the shares of the classes, `m` and `a`.
 */
import { type ClassBounds, classCounts } from './class-counts.ts'
import { classesFor, isAsOfOne, isNamesakes, isSame, isTwins, type MatchClass } from './classes.ts'
import type { ComparedField } from './levels.ts'
import type { Model } from './model.ts'
import { scoreTables } from './score.ts'

/** Distinct patterns, and how many pairs have each. */
export interface Patterns {
  readonly count: number
  /** `fields` levels for each pattern. */
  readonly levels: Int8Array
  /** `fields` frequency adjustments, factors, for each pattern. */
  readonly adjustments: Float64Array
  readonly weights: Float64Array
}

export interface EmOptions extends ClassBounds {
  readonly rounds: number
  /** Pseudo-pairs with the distribution of the prior, for each field's `m` and `a`. */
  readonly strength: number
  /** Fields whose `m` is learnt. */
  readonly learnM: (field: ComparedField) => boolean
  /** Classes that the pairs can be of. */
  readonly possible: (one: MatchClass) => boolean
}

const DIFFER = 0
const TOLERANCE = 1e-4
/**
 * Names go with the country of birth: two agree so much more often than if they had nothing to do with each other. Names go with the year as well,
 * so strangers of one birthday and one name have more often one year.
 */
export const TOGETHER = 5
const TOGETHER_IN_A_YEAR = 3

/** @returns the model with the learnt shares, `m` and `a` */
export function maximise(
  model: Model,
  prior: Model,
  fields: readonly ComparedField[],
  patterns: Patterns,
  options: EmOptions,
): Model {
  const classes = classesFor(fields.map(({ trait }) => trait))
  const n = classes.length
  const possible = classes.map(options.possible)
  const sameIn = fields.map(({ trait }) => ({
    m: indexesOf(classes, (one) => one.match && isSame(one, trait)),
    a: indexesOf(
      classes,
      (one) => !one.match && isSame(one, trait) && !isAsOfOne(one, trait) && !(trait === 'email' && isNamesakes(one)),
    ),
  }))
  const twins = indexesOf(classes, isTwins)
  const sex = fields.findIndex(({ trait }) => trait === 'sex')
  const given = fields.findIndex(({ trait }) => trait === 'given_name')
  const newborn = fields[given]?.levels.indexOf('newborn') ?? Number.POSITIVE_INFINITY
  let current = model
  for (let round = 0; round < options.rounds; round++) {
    const tables = scoreTables(current, fields)
    const shares = new Float64Array(n)
    const counts = fields.map(({ levels }) => ({
      m: new Float64Array(levels.length),
      a: new Float64Array(levels.length),
    }))
    const responsible = new Float64Array(n)
    let ofTwoSexes = 0
    for (let p = 0; p < patterns.count; p++) {
      const at = p * fields.length
      tables.classProducts(patterns.levels, at, patterns.adjustments, at, responsible)
      let total = 0
      for (let z = 0; z < n; z++) {
        if (!possible[z]) responsible[z] = 0
        total += responsible[z] as number
      }
      const each = (patterns.weights[p] as number) / total
      for (let z = 0; z < n; z++) {
        const share = (responsible[z] as number) * each
        responsible[z] = share
        shares[z] = (shares[z] as number) + share
      }
      // Who has no name yet is weighed as a twin more often than there are twins.
      if ((patterns.levels[at + given] ?? 0) >= newborn)
        for (const z of twins) shares[z] = (shares[z] as number) - (responsible[z] as number)
      if (sex >= 0 && patterns.levels[at + sex] === DIFFER)
        for (const z of twins) ofTwoSexes += responsible[z] as number
      for (let f = 0; f < fields.length; f++) {
        const level = patterns.levels[at + f] as number
        if (level < 0) continue
        for (const which of ['m', 'a'] as const) {
          const count = counts[f]?.[which] as Float64Array
          for (const z of sameIn[f]?.[which] ?? []) count[level] = (count[level] as number) + (responsible[z] as number)
        }
      }
    }
    const next = step(current, prior, fields, classes, possible, { shares, counts, ofTwoSexes }, options)
    const change = Math.max(...next.classes.map(({ share }, z) => Math.abs(share - (current.classes[z]?.share ?? 0))))
    current = next
    if (change < TOLERANCE && round > 4) break
  }
  return current
}

interface Counted {
  readonly shares: Float64Array
  readonly counts: readonly { readonly m: Float64Array; readonly a: Float64Array }[]
  readonly ofTwoSexes: number
}

function indexesOf(classes: readonly MatchClass[], wanted: (one: MatchClass) => boolean): Int32Array {
  return Int32Array.from(classes.keys()).filter((z) => wanted(classes[z] as MatchClass))
}

function step(
  model: Model,
  prior: Model,
  fields: readonly ComparedField[],
  classes: readonly MatchClass[],
  possible: readonly boolean[],
  { shares, counts, ofTwoSexes }: Counted,
  options: EmOptions,
): Model {
  const counted = classCounts(classes, { shares, ofTwoSexes }, options)
  const all = counted.reduce((sum, one, z) => sum + (possible[z] ? one : 0), 0)
  return {
    ...model,
    fields: model.fields.map((field, f) => {
      const compared = fields[f] as ComparedField
      const before = prior.fields.find(({ trait }) => trait === field.trait) ?? field
      const count = counts[f]
      return {
        ...field,
        m: options.learnM(compared) ? withPrior(count?.m, before.m, options.strength) : field.m,
        a: bornByChance(withPrior(count?.a, before.a, options.strength), field, compared),
      }
    }),
    classes: classes.map(({ groups, match }, z) => ({
      groups,
      match,
      share: possible[z] ? (counted[z] ?? 0) / all : (model.classes[z]?.share ?? 0),
    })),
  }
}

/** @returns the share of pairs of one birthday, in one year or another */
export function birthday(levels: readonly number[], { top }: Pick<ComparedField, 'top'>): number {
  return levels.slice(top - 2, top + 1).reduce((sum, one) => sum + one, 0)
}

/**
 * Strangers of one birthday: that they were born in one year as well is chance, whatever the blocking asks for. Without this bound, people
 * who changed their name, or whose name was mistaken, are taken for them.
 */
function bornByChance(a: readonly number[], { u }: Model['fields'][number], { trait, top }: ComparedField): number[] {
  const compared = { top }
  const most =
    trait === 'birth_date' ? (TOGETHER_IN_A_YEAR * (u[top] ?? 0) * birthday(a, compared)) / birthday(u, compared) : 1
  const equal = a[top] ?? 0
  return equal <= most ? [...a] : a.map((share, level) => (level === top ? most : (share * (1 - most)) / (1 - equal)))
}

function withPrior(counts: Float64Array | undefined, prior: readonly number[], strength: number): number[] {
  const sums = prior.map((share, level) => (counts?.[level] ?? 0) + strength * share)
  const total = sums.reduce((sum, one) => sum + one, 0)
  return sums.map((sum) => sum / total)
}
