/** The key of a patient's surrogates: derived from the first-level secret by the first-level pseudonym, as the days of a shift are. */
import type { FeedContract } from '#core/contract/types.ts'
import type { Pseudonymiser } from '#core/crypto/pseudonym.ts'

const PREFIX = 'p1_'.length
const DIGEST = 43

export type PatientKey = (record: Readonly<Record<string, unknown>>, producer: string) => Buffer

/** @returns a function from a record and its producer to the 32 bytes of its patient: the same in every feed of a producer */
export function patientKeys(contract: FeedContract, pseudonymiser: Pseudonymiser): PatientKey {
  return (record, producer) => {
    const patient = pseudonymiser.pseudonym('patient', `${producer}\0${String(record[contract.subject])}`)
    return Buffer.from(pseudonymiser.pseudonym('surrogate', patient).slice(PREFIX, PREFIX + DIGEST), 'base64url')
  }
}
