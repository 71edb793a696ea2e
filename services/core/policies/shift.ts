/**
 * How many days the dates of a patient are shifted: a keyed function of the first-level pseudonym, so that every feed of a producer shifts
 * a patient's dates alike, without a table that says by how much.
 */
import type { Shift } from '../contract/schema.ts'
import type { FeedContract } from '../contract/types.ts'
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

/** @returns a function from a record and its producer to the days by which the dates of its patient are moved */
export function shiftReader(
  contract: FeedContract,
  pseudonymiser: Pseudonymiser,
): (record: Readonly<Record<string, unknown>>, producer: string) => number {
  const daysOfPatient = contract.shift && shiftOf(contract.shift, pseudonymiser)
  return (record, producer) => {
    if (!daysOfPatient) throw new Error(`the contract of ${contract.feed} does not say how far dates are shifted`)
    return daysOfPatient(pseudonymiser.pseudonym('patient', `${producer}\0${String(record[contract.subject])}`))
  }
}
