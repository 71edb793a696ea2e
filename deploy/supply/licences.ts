/** Whether the licence of each fetched package is allowed. The allow-list, with reasons: allowed-licences.json. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FetchedPackage } from './packages.ts'

/** Values are reasons. */
export interface AllowList {
  /** SPDX identifiers, with their exception. */
  readonly licences: Readonly<Record<string, string>>
  /** Licences that are allowed for these packages alone; keys are package URLs without version. */
  readonly packages: Readonly<Record<string, { readonly licence: string; readonly reason: string }>>
}

export interface LicenceReport {
  /** How many packages have which licence. */
  readonly counts: ReadonlyMap<string, number>
  /** `package: what is wrong`. */
  readonly problems: readonly string[]
}

export function readAllowList(): AllowList {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'allowed-licences.json'), 'utf8')) as AllowList
}

/** @returns the licence of a package: as published, else as the allow-list knows it; null when unknown */
export function licenceOf({ purl, licence }: FetchedPackage, allow: AllowList): string | null {
  return licence ?? allow.packages[withoutVersion(purl)]?.licence ?? null
}

export function reportLicences(packages: readonly FetchedPackage[], allow: AllowList): LicenceReport {
  const counts = new Map<string, number>()
  const problems: string[] = []
  for (const entry of packages) {
    const licence = licenceOf(entry, allow)
    if (licence === null) problems.push(`${entry.purl}: its licence is unknown`)
    else if (allow.packages[withoutVersion(entry.purl)]?.licence !== licence && !isAllowed(licence, allow))
      problems.push(`${entry.purl}: ${licence} is not allowed`)
    counts.set(licence ?? 'unknown', (counts.get(licence ?? 'unknown') ?? 0) + 1)
  }
  return { counts, problems }
}

const withoutVersion = (purl: string): string => purl.slice(0, purl.lastIndexOf('@'))

/** `OR` needs one that is allowed, `AND` all. Parentheses only around the whole: anything else is not a key, thus not allowed. */
function isAllowed(expression: string, { licences }: AllowList): boolean {
  const bare = /^\(([^()]*)\)$/.exec(expression)?.[1] ?? expression
  return bare.split(' OR ').some((choice) => choice.split(' AND ').every((id) => Object.hasOwn(licences, id)))
}
