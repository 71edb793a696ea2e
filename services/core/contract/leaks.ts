/**
 * Columns that undo the decision on another one. A decision is on a set of columns: all feeds of an installation share the patient's pseudonym,
 * so that what one column hides another one may tell. Pure, over any contracts; each rule is a function, and its words are in `LEAKS`.
 */
import { isNumber, isTime, type LeakColumn, leakColumns } from './leak-columns.ts'
import type { LeakRule, Tells } from './leak-schema.ts'
import type { PotentialIdentifier } from './potential-identifiers.ts'
import type { FeedContract, FieldContract } from './types.ts'

export interface Leak {
  readonly leak: LeakRule
  /** The column that tells. */
  readonly feed: string
  readonly field: string
  /** `feed.field` of the columns whose decision is undone; or what is, where it is no column. */
  readonly undoes: readonly string[]
  /** Why its contract accepts it; undefined where it does not. */
  readonly accepted?: string
}

type Found = readonly { readonly by: LeakColumn; readonly undoes: readonly string[] }[]
type Rule = (columns: readonly LeakColumn[]) => Found

/** A month or less: the days of several records together say the day. */
const FINE = 31
const SETS: readonly PotentialIdentifier[] = ['birth_year_month', 'exact_death_date']
const SMALL_PLACE = /(^|_)(postcode|postal_code|zip|city|commune|insee|iris|address)(_|$)/
const AGE = /(^|_)age(_|$)/

const ids = (columns: readonly LeakColumn[]) => columns.map(({ id }) => id)

const RULES: Readonly<Record<LeakRule, Rule>> = {
  'tells-birth': (columns) => told(columns, 'birth', 'birth_year_month'),
  'tells-death': (columns) => told(columns, 'death', 'exact_death_date'),
  'tells-mother': (columns) =>
    [...tellers(columns, 'birth'), ...tellers(columns, 'delivery')]
      .filter(({ at }) => at.grain === 1)
      .map(({ by }) => ({ by, undoes: ['who is the mother of whom'] })),

  'age-beside-date': (columns) =>
    columns.flatMap((by) => {
      const at = by.field.privacy.action === 'generalise' && by.field.privacy.to === 'age_band' && by.field.privacy.at
      const isAge = at || (by.readable && isNumber(by.field) && AGE.test(by.field.name))
      if (!isAge) return []
      const date = columns.find(
        ({ contract, field }) => contract === by.contract && field.name === (at || contract.eventTime),
      )
      if (!date?.readable || date.shifted || date.grain > FINE) return []
      return [{ by, undoes: ids(hidden(columns, 'birth_year_month', FINE)) }]
    }),

  'finer-column': (columns) =>
    SETS.flatMap((identifier) => {
      const left = columns.filter((one) => one.identifier === identifier && one.readable && !one.shifted)
      const finest = Math.min(...left.map(({ grain }) => grain))
      const coarser = left.filter(({ grain }) => grain > finest)
      return coarser.length === 0
        ? []
        : left.filter(({ grain }) => grain === finest).map((by) => ({ by, undoes: ids(coarser) }))
    }),

  'finer-place': (columns) => {
    const departments = columns.filter(({ field, readable }) => field.privacy.class === 'place' && readable)
    const kept = columns
      .filter(({ field, readable }) => readable && field.privacy.action === 'keep' && isSmallPlace(field))
      .flatMap((by) => (departments.length === 0 ? [] : [{ by, undoes: ids(departments) }]))
    const areas = departments.filter(({ field }) => inhabitantsOf(field) !== undefined)
    return [
      ...kept,
      // Of two areas of one place the larger one is told by the smaller one, or nearly.
      ...areas.flatMap((by) => {
        const larger = departments.filter(
          ({ field, identifier }) =>
            identifier === by.identifier &&
            (inhabitantsOf(field) ?? Number.POSITIVE_INFINITY) > (inhabitantsOf(by.field) ?? 0),
        )
        return larger.length === 0 ? [] : [{ by, undoes: ids(larger) }]
      }),
    ]
  },

  'unshifted-date': (columns) => {
    const shifted = columns.filter((one) => one.shifted)
    return columns
      .filter(
        (one) =>
          one.readable &&
          !one.shifted &&
          one.identifier !== 'birth_year_month' &&
          isTime(one.field) &&
          one.grain <= FINE,
      )
      .flatMap((by) => (shifted.length === 0 ? [] : [{ by, undoes: ids(shifted) }]))
  },

  'version-is-time': (columns) =>
    columns
      .filter(({ contract, field }) => field.name === contract.version)
      .flatMap((by) => {
        const shifted = columns.filter((one) => one.contract === by.contract && one.shifted)
        return shifted.length === 0 ? [] : [{ by, undoes: ids(shifted) }]
      }),

  'unrounded-twin': (columns) =>
    columns
      .filter(({ contract, field, readable }) => readable && isExactNumber(field) && field.name !== contract.version)
      .flatMap((by) => {
        const rounded = columns.filter(
          ({ contract, field }) => contract === by.contract && isRounded(field) && sameStem(field, by.field),
        )
        return rounded.length === 0 ? [] : [{ by, undoes: ids(rounded) }]
      }),
}

/** @returns the leaks of contracts that are used together, in the order of the contracts' fields */
export function findLeaks(contracts: readonly FeedContract[]): readonly Leak[] {
  const columns = leakColumns(contracts)
  return Object.entries(RULES).flatMap(([name, rule]) => {
    const leak = name as LeakRule
    return [...Map.groupBy(rule(columns), ({ by }) => by)].flatMap(([{ contract, field }, found]) => {
      const undoes = [...new Set(found.flatMap((one) => one.undoes))]
      if (undoes.length === 0) return []
      const reason = contract.acceptedLeaks.find((one) => one.leak === leak && one.field === field.name)?.reason
      const accepted = reason === undefined ? {} : { accepted: reason }
      return [{ leak, feed: contract.feed, field: field.name, undoes, ...accepted }]
    })
  })
}

/** @returns what a contract accepts although it is no leak, as `leak of field`: it hides the next one that is */
export function needlessAcceptances(contract: FeedContract, leaks: readonly Leak[]): readonly string[] {
  return contract.acceptedLeaks
    .filter(
      (one) =>
        !leaks.some(({ feed, field, leak }) => feed === contract.feed && field === one.field && leak === one.leak),
    )
    .map(({ field, leak }) => `${leak} of ${field}`)
}

function told(columns: readonly LeakColumn[], event: 'birth' | 'death', identifier: PotentialIdentifier): Found {
  return tellers(columns, event).map(({ by, at }) => ({ by, undoes: ids(hidden(columns, identifier, at.grain)) }))
}

/** @returns the columns that tell an event, each with the date that is its own */
function tellers(columns: readonly LeakColumn[], event: Tells['event']) {
  return columns.flatMap((by) =>
    (by.readable ? (by.field.tells ?? []) : [])
      .filter((one) => one.event === event)
      .flatMap((one) => {
        const at = columns.find(({ contract, field }) => contract === by.contract && field.name === one.at)
        return at?.readable && !at.shifted ? [{ by, at }] : []
      }),
  )
}

/** @returns the columns of the set of which less is left than the grain says; those that are used for linkage only are among them */
function hidden(columns: readonly LeakColumn[], identifier: PotentialIdentifier, grain: number) {
  return columns.filter((one) => one.identifier === identifier && (one.grain > grain || one.shifted))
}

/** @returns those of the smallest area; undefined where what is left is no area */
function inhabitantsOf({ privacy }: FieldContract): number | undefined {
  return privacy.action === 'generalise' && privacy.to === 'area' ? privacy.population : undefined
}

function isSmallPlace({ kind, name }: FieldContract): boolean {
  return kind === 'string' && SMALL_PLACE.test(name)
}

function isRounded({ privacy }: FieldContract): boolean {
  return privacy.action === 'round' || (privacy.action === 'generalise' && privacy.to === 'bins')
}

function isExactNumber(field: FieldContract): boolean {
  return field.privacy.action === 'keep' && isNumber(field)
}

/** `value_number` and `value_low`: the first word of a name says what is measured. */
function sameStem(a: FieldContract, b: FieldContract): boolean {
  return a.name.split('_')[0] === b.name.split('_')[0]
}
