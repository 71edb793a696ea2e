/**
 * The weight of a pair: log2 of the odds that its records are one person, by Bayes' rule over the classes of the model (I. Fellegi,
 * A. Sunter, JASA 64, 1969, with a mixture in place of two distributions). A pure function of two records and a model version.
 */
import { classesFor, isAsOfOne, isKin, isSame, sharesOf } from './classes.ts'
import type { Frequencies } from './frequencies.ts'
import type { Layout } from './layout.ts'
import { agreedValue, type Compare, type ComparedField, comparedFields, comparer } from './levels.ts'
import type { Model } from './model.ts'
import type { Similarities } from './record-store.ts'

export interface Scorer {
  readonly fields: readonly ComparedField[]
  /** @returns log2 of the odds, after levels were written for the pair; the same to its last bit whichever record is first */
  readonly weight: (a: number, b: number) => number
  /** The levels of the pair whose weight was asked for last. */
  readonly levels: Int8Array
}

/** @returns probability of odds in log2 */
export function probabilityOf(weight: number): number {
  return 1 / (1 + 2 ** -weight)
}

/** @param frequencies of the values of the store; NO_FREQUENCIES: equal values of a trait weigh alike */
export function scorer(model: Model, frequencies: Frequencies, store: Similarities, layout: Layout): Scorer {
  const fields = comparedFields(layout)
  const compare: Compare = comparer(store, layout)
  const levels = new Int8Array(fields.length)
  const tables = scoreTables(model, fields)
  const adjust = frequencyAdjustment(model, frequencies, fields)
  const tops = Int32Array.from(fields, ({ top }) => top)
  const agreed = agreedValue(store, layout)
  const adjustments = new Float64Array(fields.length)
  const products = new Float64Array(tables.classes)
  return {
    fields,
    levels,
    weight(a, b) {
      compare(a, b, levels)
      for (let f = 0; f < fields.length; f++) adjustments[f] = levels[f] === tops[f] ? adjust(f, agreed(a, b, f)) : 1
      tables.classProducts(levels, 0, adjustments, 0, products)
      return tables.odds(products)
    },
  }
}

/** The model as products of probabilities: sixteen fields of 1e-9 and more are far from the least double. */
export interface ScoreTables {
  readonly classes: number
  /** How many of the classes, the first ones, are of one person. */
  readonly matches: number
  /** Writes share x probability of the levels of each class. */
  classProducts(
    levels: Int8Array,
    at: number,
    adjustments: Float64Array,
    adjustmentAt: number,
    products: Float64Array,
  ): void
  /** @returns log2 of the odds of the classes of one person against the others */
  odds(products: Float64Array): number
}

/**
 * A newborn without a name, and two of them, as factors for a class of one person: not learnt, because random pairs do not show that twins
 * have no name at the same time. Twins have none of their own: how many there are is learnt, and where numbers show that they are many, a
 * pair that twins would look like as well stays below a probability of .9. A fixed factor for twins held apart whom nothing but the lack of a name did.
 */
const NEWBORN_FACTORS: Readonly<Record<string, number>> = { newborn: 2 ** -2.5, newborns: 2 ** -6 }
const LEAST = 1e-9
/** Of a class, among all pairs of people. */
const LEAST_SHARE = 1e-15
const MOST_LEVELS = 12
/** A value counts as at most so many times as frequent as the average, or as rare: one default value does not decide alone. */
const MOST_ADJUSTMENT = 2 ** 12

/** @returns how much more frequent an equal value is than equal values are on average, as a factor */
export function frequencyAdjustment(
  model: Model,
  frequencies: Frequencies,
  fields: readonly ComparedField[],
): (field: number, fingerprint: number) => number {
  const byField = fields.map(({ trait }) => {
    const field = model.fields.find((one) => one.trait === trait)
    // A field that the model does not know says nothing.
    const { rare = 1, frequent = [] } = (field && frequencies[trait]) ?? {}
    const chance = Math.max(field?.chance ?? 1, LEAST)
    const factor = (share: number) =>
      Math.max(1 / MOST_ADJUSTMENT, Math.min(MOST_ADJUSTMENT, Math.max(share, LEAST) / chance))
    return {
      rare: frequent.length > 0 ? factor(rare) : 1,
      frequent: new Map(frequent.map(([fingerprint, share]) => [fingerprint, factor(share)])),
    }
  })
  return function adjustment(field, fingerprint) {
    const one = byField[field]
    return one ? (one.frequent.get(fingerprint) ?? one.rare) : 1
  }
}

export function scoreTables(model: Model, fields: readonly ComparedField[]): ScoreTables {
  const traits = fields.map(({ trait }) => trait)
  const classes = classesFor(traits)
  const n = classes.length
  const matches = classes.filter(({ match }) => match).length
  const bounded = sharesOf(model.classes, traits).map((share) => Math.max(share, LEAST_SHARE))
  const tables = new Float64Array(fields.length * MOST_LEVELS * n)
  const adjusted = new Uint8Array(fields.length * n)
  fields.forEach(({ trait, levels }, f) => {
    const field = model.fields.find((one) => one.trait === trait)
    classes.forEach((one, z) => {
      const probabilities = (isAsOfOne(one, trait) ? field?.m : isSame(one, trait) ? field?.a : field?.u) ?? []
      levels.forEach((name, level) => {
        const fixed = NEWBORN_FACTORS[name]
        // A field that the model does not know says nothing.
        if (!field) tables[(f * MOST_LEVELS + level) * n + z] = 1
        // Two people who share one name only do not have each other's names for that.
        else if (name === 'swapped' && !one.match && !isSame(one, 'family_name'))
          tables[(f * MOST_LEVELS + level) * n + z] = Math.max(field.u[level] ?? 0, LEAST)
        else if (fixed !== undefined) tables[(f * MOST_LEVELS + level) * n + z] = one.match ? fixed : 1
        else tables[(f * MOST_LEVELS + level) * n + z] = Math.max(probabilities[level] ?? 0, LEAST)
      })
      adjusted[f * n + z] = (one.match && isSame(one, trait)) || isKin(one, trait) ? 0 : 1
    })
  })

  return {
    classes: n,
    matches,
    classProducts(levels, at, adjustments, adjustmentAt, products) {
      products.set(bounded)
      for (let f = 0; f < fields.length; f++) {
        const level = levels[at + f] as number
        if (level < 0) continue
        const from = (f * MOST_LEVELS + level) * n
        const factor = adjustments[adjustmentAt + f] as number
        if (factor === 1)
          for (let z = 0; z < n; z++) products[z] = (products[z] as number) * (tables[from + z] as number)
        else
          for (let z = 0; z < n; z++)
            products[z] =
              (products[z] as number) * (tables[from + z] as number) * (adjusted[f * n + z] === 1 ? factor : 1)
      }
    },
    odds(products) {
      let one = 0
      let two = 0
      for (let z = 0; z < matches; z++) one += products[z] as number
      for (let z = matches; z < n; z++) two += products[z] as number
      return Math.log2(one) - Math.log2(two)
    },
  }
}
