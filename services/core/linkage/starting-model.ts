/** Where learning begins without a trained model: most desks write most traits right. */
import { classesFor } from './classes.ts'
import type { ComparedField } from './levels.ts'
import type { Model } from './model.ts'

const EQUAL = 0.8
const DIFFER = 0.06
const SIMILAR = 0.12
const SPECIAL = 0.02
const MATCHES = 0.3

export function startingModel(fields: readonly ComparedField[]): Model {
  const classes = classesFor(fields.map(({ trait }) => trait))
  const matches = classes.filter(({ match }) => match).length
  return {
    format: 2,
    version: 'start',
    fields: fields.map(({ trait, levels, top, cuts }) => {
      const m = levels.map((_, level) =>
        level === 0 ? DIFFER : level === top ? EQUAL : level < top ? SIMILAR / cuts.length : SPECIAL,
      )
      const total = m.reduce((sum, one) => sum + one, 0)
      const shares = m.map((one) => one / total)
      return {
        trait,
        levels: [...levels],
        m: shares,
        a: shares,
        u: shares.toReversed(),
        chance: 1,
      }
    }),
    classes: classes.map(({ groups, match }) => ({
      groups,
      match,
      share: match ? MATCHES / matches : (1 - MATCHES) / (classes.length - matches),
    })),
  }
}
