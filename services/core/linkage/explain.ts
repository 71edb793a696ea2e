/**
 * Why two records have their weight: what each field adds to the odds, and what the pair may truly be. A pure function of two records and a model,
 * by the tables of score.ts: the parts add up to the weight that `scorer` gives.
 */
import { classesFor } from './classes.ts'
import type { Frequencies } from './frequencies.ts'
import type { Layout } from './layout.ts'
import { agreedValue, comparedFields, comparer } from './levels.ts'
import type { Model } from './model.ts'
import { MISSING, type Similarities } from './record-store.ts'
import { frequencyAdjustment, pairAdjustments, probabilityOf, scoreTables } from './score.ts'
import type { Trait } from './traits.ts'

export interface FieldEvidence {
  readonly trait: Trait
  /** Name of the agreement level; `missing` where one of the two has no value, or the values say nothing. */
  readonly level: string
  /** By how much the log2 odds change when this field is read after those before it; with `prior` these add up to the weight. */
  readonly weight: number
  /** The weight without this field. It depends on no order: of two fields that say the same, each changes it little. */
  readonly without: number
  /** Of an equal value: how many times as frequent it is as equal values are on average. Undefined at other levels, and where none were counted. */
  readonly frequency: number | undefined
}

export interface ClassEvidence {
  readonly name: string
  /** One person. */
  readonly match: boolean
  /** Share of the pairs that are compared; and probability after the fields of this pair. */
  readonly prior: number
  readonly posterior: number
}

export interface Explanation {
  /** Log2 odds before any field is read: the shares of the classes. */
  readonly prior: number
  readonly fields: readonly FieldEvidence[]
  /** The most probable first. */
  readonly classes: readonly ClassEvidence[]
  /** As `scorer` gives it, to its last bit. */
  readonly weight: number
  readonly probability: number
}

/** @param frequencies that the linker weighs by @returns why records `a` and `b` have their weight */
export function explainer(
  model: Model,
  frequencies: Frequencies,
  store: Similarities,
  layout: Layout,
): (a: number, b: number) => Explanation {
  const fields = comparedFields(layout)
  const compare = comparer(store, layout)
  const agreed = agreedValue(store, layout)
  const frequencyOf = frequencyAdjustment(model, frequencies, fields)
  const adjust = pairAdjustments(model, frequencies, fields, agreed)
  const tables = scoreTables(model, fields)
  const classes = classesFor(fields.map(({ trait }) => trait))
  const counted = fields.map(({ trait }) =>
    model.fields.some((one) => one.trait === trait) ? (frequencies[trait]?.frequent.length ?? 0) : 0,
  )
  const adjustments = new Float64Array(fields.length)
  const products = new Float64Array(tables.classes)

  /** @returns log2 odds of the fields whose level is given */
  function oddsOf(a: number, b: number, levels: Int8Array): number {
    adjust(a, b, levels, adjustments)
    tables.classProducts(levels, 0, adjustments, 0, products)
    return tables.odds(products)
  }

  return function explain(a, b) {
    const levels = new Int8Array(fields.length)
    compare(a, b, levels)
    const read = new Int8Array(fields.length).fill(MISSING)
    const prior = oddsOf(a, b, read)
    let before = prior
    const evidence = fields.map(({ trait, levels: names, top }, f): FieldEvidence => {
      const level = levels[f] as number
      read[f] = level
      const after = oddsOf(a, b, read)
      const others = levels.slice()
      others[f] = MISSING
      const one = {
        trait,
        level: level === MISSING ? 'missing' : (names[level] as string),
        weight: after - before,
        without: oddsOf(a, b, others),
        frequency: level === top && (counted[f] as number) > 0 ? frequencyOf(f, agreed(a, b, f)) : undefined,
      }
      before = after
      return one
    })
    const weight = oddsOf(a, b, levels)
    const ofPair = Float64Array.from(products)
    tables.classProducts(new Int8Array(fields.length).fill(MISSING), 0, adjustments, 0, products)
    const [total, all] = [ofPair, products].map((of) => of.reduce((sum, one) => sum + one, 0)) as [number, number]
    return {
      prior,
      fields: evidence,
      classes: classes
        .map(({ name, match }, z) => ({
          name,
          match,
          prior: (products[z] as number) / all,
          posterior: (ofPair[z] as number) / total,
        }))
        .toSorted((one, other) => other.posterior - one.posterior),
      weight,
      probability: probabilityOf(weight),
    }
  }
}
