/**
 * The weight of a pair: log2 of the odds that its records are one person, by Bayes' rule over the classes of the model (I. Fellegi,
 * A. Sunter, JASA 64, 1969, with a mixture in place of two distributions). A pure function of two records and a model version.
 */
import { classesFor, isAsOfOne, isKin, isNamesakes, isSame, isTwins, type MatchClass, sharesOf } from './classes.ts'
import type { Frequencies } from './frequencies.ts'
import type { Layout } from './layout.ts'
import { agreedValue, type Compare, type ComparedField, comparedFields, comparer } from './levels.ts'
import type { Model } from './model.ts'
import { stepOf } from './namesakes.ts'
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
  const adjust = pairAdjustments(model, frequencies, fields, agreedValue(store, layout))
  const adjustments = new Float64Array(fields.length)
  const products = new Float64Array(tables.classes)
  return {
    fields,
    levels,
    weight(a, b) {
      compare(a, b, levels)
      adjust(a, b, levels, adjustments)
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
 * have no name at the same time.
 */
const NEWBORN_FACTORS: Readonly<Record<string, number>> = { newborn: 2 ** -2.5, newborns: 2 ** -6 }
/**
 * Who is born too early, as twins are, is registered before having a name more often than others: of newborns so many pairs, for each pair of one person, are of twins at least. A newborn and
 * the child that has a name since are then one person by a probability below .9, and with few twins above 3/4: linked, and to be reviewed. Nothing in the records tells it
 * from its twin. Of two records without a name the factor of one person is low enough.
 */
const LEAST_NEWBORN_TWINS = 0.04
/** Of three pairs of twins one is of two sexes: a third of twins are of one egg, and of the others half are of two sexes (W. Weinberg, Arch. ges. Physiol. 88, 1901). */
const TWINS_BY_SEX = [1 / 3, 2 / 3] as const
/** A given name has as much in common with the given names of another person as swapped names must have, by chance. */
const IN_NAMES_BY_CHANCE = 0.03
/** People have another e-mail address, even where no records that were learnt from show one: with it alone nobody is another person. */
const NEW_ADDRESS = 0.02
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

/**
 * @param agreed the value that two records share in a field at the level `equal`
 * @returns writes for each field how much more frequent its equal value is than equal values are on average, and 1 at other levels. Where both names are equal the
 *   given name's factor is that among people of the family name.
 */
export function pairAdjustments(
  model: Model,
  frequencies: Frequencies,
  fields: readonly ComparedField[],
  agreed: (a: number, b: number, field: number) => number,
): (a: number, b: number, levels: Int8Array, adjustments: Float64Array) => void {
  const adjust = frequencyAdjustment(model, frequencies, fields)
  const tops = Int32Array.from(fields, ({ top }) => top)
  const together = model.namesakes?.together ?? []
  const given = fields.findIndex(({ trait }) => trait === 'given_name')
  const family = fields.findIndex(({ trait }) => trait === 'family_name')
  return function adjustPair(a, b, levels, adjustments) {
    for (let f = 0; f < tops.length; f++) adjustments[f] = levels[f] === tops[f] ? adjust(f, agreed(a, b, f)) : 1
    if (given < 0 || family < 0 || levels[given] !== tops[given] || levels[family] !== tops[family]) return
    const alone = adjustments[given] as number
    adjustments[given] = alone * (together[stepOf(alone * (adjustments[family] as number))] ?? 1)
  }
}

/** @returns of each level of a field, in records of a class */
function probabilitiesOf(one: MatchClass, field: Model['fields'][number], { namesakes }: Model): readonly number[] {
  const { trait, m, a, u } = field
  if (trait === 'sex' && isTwins(one)) return TWINS_BY_SEX
  if (trait === 'email' && isNamesakes(one) && namesakes && namesakes.email.length > 0) return namesakes.email
  if (trait === 'email' && one.match)
    return m.map((share, level) => (1 - NEW_ADDRESS) * share + NEW_ADDRESS * (u[level] ?? 0))
  return isAsOfOne(one, trait) ? m : isSame(one, trait) ? a : u
}

function ofLevel(
  one: MatchClass,
  { trait, m, u }: Model['fields'][number],
  name: string,
  level: number,
  probabilities: readonly number[],
  newbornTwins: number,
): number {
  const fixed = NEWBORN_FACTORS[name]
  if (fixed !== undefined) return one.match ? fixed : isTwins(one) && name === 'newborn' ? newbornTwins : 1
  const least = Math.max(u[level] ?? 0, LEAST)
  if (name !== 'swapped' || one.match) return Math.max(probabilities[level] ?? 0, LEAST)
  // Two people who share one name only do not have each other's names for that.
  if (!isSame(one, 'family_name')) return least
  // Of one family, one of them with its names swapped: the given name of the other is in them by chance.
  return isSame(one, trait)
    ? Math.max(probabilities[level] ?? 0, LEAST)
    : Math.max(least, IN_NAMES_BY_CHANCE * (m[level] ?? 0))
}

export function scoreTables(model: Model, fields: readonly ComparedField[]): ScoreTables {
  const traits = fields.map(({ trait }) => trait)
  const classes = classesFor(traits)
  const n = classes.length
  const matches = classes.filter(({ match }) => match).length
  const bounded = sharesOf(model.classes, traits).map((share) => Math.max(share, LEAST_SHARE))
  const sumOf = (wanted: (one: MatchClass) => boolean) =>
    classes.reduce((sum, one, z) => sum + (wanted(one) ? (bounded[z] as number) : 0), 0)
  const newbornTwins = Math.max(1, (LEAST_NEWBORN_TWINS * sumOf(({ match }) => match)) / sumOf(isTwins))
  const tables = new Float64Array(fields.length * MOST_LEVELS * n)
  const adjusted = new Uint8Array(fields.length * n)
  fields.forEach(({ trait, levels }, f) => {
    const field = model.fields.find((one) => one.trait === trait)
    classes.forEach((one, z) => {
      const probabilities = field ? probabilitiesOf(one, field, model) : []
      levels.forEach((name, level) => {
        // A field that the model does not know says nothing.
        tables[(f * MOST_LEVELS + level) * n + z] = field
          ? ofLevel(one, field, name, level, probabilities, newbornTwins)
          : 1
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
