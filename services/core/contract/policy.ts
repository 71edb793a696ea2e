/** The de-identification policy of a contract: what decides what becomes of its values, and nothing else of it. */
import { hash } from 'node:crypto'
import type { FeedContract } from './types.ts'

export interface Policy {
  /** Of `text`, hexadecimal. */
  readonly sha256: string
  /** JSON, the same for the same policy: keys in the order of the alphabet, fields in that of their names. */
  readonly text: string
}

/** @returns the policy: another one whenever a value would be treated in another way, whatever else of the contract changes */
export function policyOf(contract: FeedContract): Policy {
  const { acceptedLeaks, fields, shift, version } = contract
  const text = JSON.stringify(
    sorted({
      ...(shift && { shift }),
      ...(acceptedLeaks.length > 0 && { accepted_leaks: acceptedLeaks }),
      // Its values are guarded as versions.
      version,
      fields: fields
        .map(({ as, kind, linkage, name, nullable, precision, privacy, symbols }) => ({
          ...{ name, as, kind, nullable, symbols, privacy },
          ...(linkage && { linkage }),
          ...(precision && { precision }),
        }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    }),
  )
  return { sha256: hash('sha256', text, 'hex'), text }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  )
}
