/** A true person: the true traits, before a hospital writes them. */
import type { Commune } from '../data/communes.ts'
import type { BinarySex } from '../data/given-names.ts'

export interface Person {
  /** Position in the population, from 0. */
  readonly index: number
  /** Id of the person in the truth file; in no record. */
  readonly id: string
  readonly sex: BinarySex
  /** Milliseconds since 1970 of the birth date's midnight, UTC. */
  readonly birthMs: number
  /** YYYY-MM-DD */
  readonly birthDate: string
  /** Commune, or 99xxx abroad. */
  readonly birthPlace: string
  readonly birthFamilyName: string
  /** In their order. */
  readonly givenNames: readonly string[]
  /** Differs from the birth name for many who are married. */
  readonly usedFamilyName: string
  /** 13 + 2 characters; the INS of the same person is the same number. */
  readonly nir: string
  readonly nirKnown: boolean
  readonly home: Home
  readonly phone: string
  readonly email: string | null
  /** Bits of CONDITIONS (data/conditions.ts). */
  readonly conditions: number
  /** Given name and family name of a relative, for notes. */
  relative: string | null
  /** End of the last visit of this person so far, milliseconds since 1970. */
  lastSeenMs: number
  /** Set when the person dies; no visit starts after it. */
  diedMs: number | null
}

/** Shared by those who live together. */
export interface Home {
  readonly line: string
  readonly commune: Commune
  /** Landline of the household. */
  readonly phone: string
}

export const DAY_MS = 86_400_000
export const YEAR_MS = 365.25 * DAY_MS

/** @returns age in years, as a fraction */
export function ageAt(person: Person, ms: number): number {
  return (ms - person.birthMs) / YEAR_MS
}

/** @returns YYYY-MM-DD (UTC) */
export function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
