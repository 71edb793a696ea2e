/**
 * The five "potential identifiers" of the French health-data system: harmless alone, identifying together. Every project
 * decides on each of them. This file finds every column of a contract that is one, so that no column is extracted undecided.
 */
import { survives } from './actions.ts'
import type { FeedContract, FieldContract } from './types.ts'

export const POTENTIAL_IDENTIFIERS = {
  birth_year_month: 'month and year of birth; truncate leaves the year',
  residence_location: 'department of residence; truncate leaves the region',
  exact_care_dates: 'dates of care; truncate leaves the month',
  exact_death_date: 'date of death; truncate leaves the month',
  death_location: 'department of death; truncate leaves the region',
} as const

export type PotentialIdentifier = keyof typeof POTENTIAL_IDENTIFIERS
export type Decision = 'keep' | 'truncate' | 'drop' | 'shift'
export type Decisions = Readonly<Record<PotentialIdentifier, Decision>>

export const DECISIONS: readonly Decision[] = ['keep', 'truncate', 'drop', 'shift']
const SHIFTED: readonly PotentialIdentifier[] = ['exact_care_dates', 'exact_death_date']
export const IDENTIFIER_NAMES = Object.keys(POTENTIAL_IDENTIFIERS) as readonly PotentialIdentifier[]

/** @returns the decisions that a project may take: birth and places cannot be moved */
export function decisionsOn(identifier: PotentialIdentifier): readonly Decision[] {
  return SHIFTED.includes(identifier) ? DECISIONS : DECISIONS.filter((decision) => decision !== 'shift')
}

/**
 * @returns the potential identifier that the field is, undefined when it is none, or `uncovered` for a place that is neither of residence nor
 *   of death, and for a text, which can tell any of them: no decision covers it, so it cannot be extracted
 */
export function identifierOf(field: FieldContract): PotentialIdentifier | 'uncovered' | undefined {
  if (field.linkage === 'birth_date' || (field.privacy.class === 'trait' && isTemporal(field)))
    return 'birth_year_month'
  if (field.privacy.class === 'place') {
    if (field.as.startsWith('residence_')) return 'residence_location'
    return field.as.startsWith('death_') ? 'death_location' : 'uncovered'
  }
  if (field.privacy.class === 'text') return 'uncovered'
  // By kind and not only by class: a date that a contract declares harmless is still a date.
  if (!isTemporal(field)) return undefined
  return isDeathDate(field) ? 'exact_death_date' : 'exact_care_dates'
}

/** @returns `feed.column` of every column that the identifier covers, for messages and documentation */
export function coveredColumns(contracts: readonly FeedContract[], identifier: PotentialIdentifier): readonly string[] {
  return contracts.flatMap((contract) =>
    contract.fields
      .filter((field) => survives(field) && identifierOf(field) === identifier)
      .map((field) => `${contract.feed}.${field.as}`),
  )
}

/** Dates of death by the names that contracts give them; every other date is a date of care. */
function isDeathDate(field: FieldContract): boolean {
  return /^(died|deceased|death)_/.test(field.as)
}

function isTemporal(field: FieldContract): boolean {
  return field.kind === 'date' || field.kind === 'timestamp'
}
