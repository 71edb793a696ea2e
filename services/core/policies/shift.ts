/**
 * How many days the dates of a patient are shifted: a keyed function of the first-level pseudonym, so that every feed of a producer shifts
 * a patient's dates alike, without a table that says by how much.
 */
import type { Shift } from '../contract/schema.ts'
import type { Pseudonymiser } from '../crypto/pseudonym.ts'

/** 48 bits of the hash: what is left of them when they are divided among some thousand shifts favours none by more than 2^-35. */
const HASH_BYTES = 6
const PREFIX = 'p1_'.length

/** @param patient first-level pseudonym @returns days from -within to within, never 0; whole weeks when the weekday is kept */
export function shiftOf({ weekday, within }: Shift, pseudonymiser: Pseudonymiser): (patient: string) => number {
  const unit = weekday === 'keep' ? 7 : 1
  const farthest = Math.floor(within / unit)
  return (patient) => {
    const hash = Buffer.from(pseudonymiser.pseudonym('shift', patient).slice(PREFIX), 'base64url')
    const choice = hash.readUIntBE(0, HASH_BYTES) % (2 * farthest)
    return (choice < farthest ? choice - farthest : choice - farthest + 1) * unit
  }
}
