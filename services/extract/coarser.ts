/** How coarse a potential identifier can be made, step by step: by a decision of the project, or until no cell is small. */
import type { PotentialIdentifier } from '#core/contract/potential-identifiers.ts'
import { literal } from '#core/contract/table.ts'
import type { FieldContract } from '#core/contract/types.ts'
import { REGION_OF } from './regions.ts'

export type Level = 'month' | 'quarter' | 'year' | 'decade' | 'region'

/** From fine to coarse. The first is what a decision `truncate` leaves. */
const LEVELS: Readonly<Record<PotentialIdentifier, readonly Level[]>> = {
  birth_year_month: ['year', 'decade'],
  residence_location: ['region'],
  exact_care_dates: ['month', 'quarter', 'year'],
  exact_death_date: ['month', 'quarter', 'year'],
  death_location: ['region'],
}

/** What the contract generalised already is no date or department any more, but for an area, which has its department in it. */
const IS_PLACE: readonly string[] = ['department', 'area']

/**
 * @param times how often it is made coarser than the decision leaves it
 * @returns the level; undefined for the column as it is in the warehouse
 */
export function levelOf(
  field: FieldContract,
  identifier: PotentialIdentifier,
  decision: 'keep' | 'truncate',
  times: number,
): Level | undefined {
  if (field.privacy.action === 'generalise' && !IS_PLACE.includes(field.privacy.to)) return undefined
  const levels = LEVELS[identifier]
  const decided = decision === 'truncate' ? 0 : -1
  return times === 0 ? levels[decided] : levels[Math.max(decided, ofContract(field, levels)) + times]
}

/** @returns the levels that are left, from fine to coarse */
export function coarserLevels(
  field: FieldContract,
  identifier: PotentialIdentifier,
  decision: 'keep' | 'truncate',
): readonly Level[] {
  const levels: Level[] = []
  for (;;) {
    const next = levelOf(field, identifier, decision, levels.length + 1)
    if (next === undefined) return levels
    levels.push(next)
  }
}

function ofContract({ privacy }: FieldContract, levels: readonly Level[]): number {
  return privacy.action === 'truncate' ? levels.indexOf(privacy.to) : -1
}

export interface Coarsened {
  readonly name: string
  readonly type: string
  /** What stands behind the column's description. */
  readonly left: string
  readonly expression: string
}

/**
 * A coarser column has another name, so that a year is not mistaken for a month.
 *
 * @param column name and ClickHouse type of the warehouse
 * @param source SQL of its value
 */
export function coarsened(
  column: { readonly name: string; readonly type: string },
  level: Level,
  source: string,
): Coarsened {
  const maybe = (type: string) => (column.type.includes('Nullable(') ? `Nullable(${type})` : type)
  const at = (suffix: RegExp, to: Level) => renamed(column.name, suffix, `_${to}`)
  // toStartOfMonth and toStartOfQuarter return Date, which begins in 1970.
  const firstDay = (month: string) => `makeDate32(toYear(${source}), ${month}, 1)`
  switch (level) {
    case 'month':
      return {
        name: at(/_(at|on)$/, level),
        type: maybe('Date32'),
        left: 'first day of the month',
        expression: firstDay(`toMonth(${source})`),
      }
    case 'quarter':
      return {
        name: at(/_(at|on|month)$/, level),
        type: maybe('Date32'),
        left: 'first day of the quarter',
        expression: firstDay(`toQuarter(${source}) * 3 - 2`),
      }
    case 'year':
      return {
        name: at(/_(at|on|month|quarter)$/, level),
        type: maybe('Int32'),
        left: 'the year',
        expression: `toInt32(toYear(${source}))`,
      }
    case 'decade':
      return {
        name: at(/_(at|on|month|quarter|year)$/, level),
        type: maybe('Int32'),
        left: 'the first year of the decade',
        expression: `toInt32(intDiv(toYear(${source}), 10) * 10)`,
      }
    case 'region':
      return {
        name: at(/_(department|area)$/, level),
        type: 'LowCardinality(Nullable(String))',
        left: 'the region, INSEE code',
        // Of an area, `69-690`, the department stands before its postcodes.
        expression: `nullIf(transform(splitByChar('-', ifNull(toString(${source}), ''))[1], ${list([...REGION_OF.keys()])}, ${list([...REGION_OF.values()])}, ''), '')`,
      }
  }
}

/** @returns the name with the suffix replaced, or with `to` behind it */
export function renamed(name: string, suffix: RegExp, to: string): string {
  return suffix.test(name) ? name.replace(suffix, to) : `${name}${to}`
}

function list(values: readonly string[]): string {
  return `[${values.map(literal).join(',')}]`
}
