/**
 * Encodes the identity of a record for the linker, and seals it. Without the key of the encodings, which is of `deidentify` alone, nobody makes the
 * encoding of a name to look for it.
 */
import type { FeedContract, LinkageRole } from '#core/contract/types.ts'
import type { Pseudonymiser } from '#core/crypto/pseudonym.ts'
import { type EncodedRecord, recordEncoder } from '#core/linkage/encode.ts'
import { formOf, installationTraits, isTraitRole, TRAIT_OF_ROLE } from '#core/linkage/feed-traits.ts'
import { packMessage } from '#core/linkage/message.ts'
import { normaliseTraits } from '#core/linkage/normalise-traits.ts'
import type { LinkageSeal } from '#core/linkage/seal.ts'
import type { Trait, Traits } from '#core/linkage/traits.ts'
import { identityOf, textOfRole } from './identity.ts'
import { statedPair } from './stated-pair.ts'

type Values = Readonly<Record<string, unknown>>

/** @returns the sealed message of `linkage.<feed>`; undefined for a feed that is not linked */
export type EncodeIdentity = (record: Values, producer: string, receivedAt: number, origin: string) => Buffer

const MS_A_DAY = 86_400_000
/** Days since 1970 of years with four digits. */
const FIRST_DAY = -354_285
const LAST_DAY = 2_932_896

/** @returns YYYY-MM-DD; empty for a day that no calendar of people has */
function dateOf(days: number): string {
  return days < FIRST_DAY || days > LAST_DAY ? '' : new Date(days * MS_A_DAY).toISOString().slice(0, 10)
}

/** @returns the traits of a record as written; none of a doubtful identity */
export function writtenTraits(contract: FeedContract): (record: Values) => Traits {
  const textOf = textOfRole(contract)
  const roles = contract.fields.flatMap(({ linkage }) =>
    isTraitRole(linkage) && linkage !== 'ins' && linkage !== 'nir' ? [linkage] : [],
  )
  return (record) => {
    const text = (role: LinkageRole) => textOf(record, role)
    const { doubtful, number } = identityOf(text)
    if (doubtful) return {}
    const traits: Partial<Record<Trait, string>> = { national_id: number }
    for (const role of roles) traits[TRAIT_OF_ROLE[role]] = text(role)
    if (traits.birth_date) traits.birth_date = dateOf(Number(traits.birth_date))
    return traits
  }
}

/**
 * @param contracts of all feeds: the linked ones have one form of encodings
 * @param secret of the encodings, 32 bytes
 * @param wraps secrets that lead them to the version in force (encoding-wrap.ts)
 * @returns for a linked feed a function from a record to its sealed message
 */
export function identityEncoders(
  contracts: readonly FeedContract[],
  secret: Buffer,
  pseudonymiser: Pseudonymiser,
  wraps: ReadonlyMap<number, Buffer> = new Map(),
): (contract: FeedContract, seal: LinkageSeal) => EncodeIdentity {
  const encoder = recordEncoder(installationTraits(contracts), secret, undefined, wraps)
  const form = formOf(encoder)
  return (contract, seal) => {
    const traitsOf = writtenTraits(contract)
    const pairOf = statedPair(contract)
    const encodedOf = (record: Values): EncodedRecord => encoder.encode(normaliseTraits(traitsOf(record), 'YYYY-MM-DD'))
    return function encodeIdentity(record, producer, receivedAt, origin) {
      const pair = record.operation === 'cancel' ? undefined : pairOf(record, producer)
      const plain = packMessage(
        {
          producer,
          patient: pseudonymiser.pseudonym('patient', `${producer}\0${String(record[contract.subject])}`),
          record: pseudonymiser.pseudonym('record', `${producer}\0${contract.feed}\0${String(record.record_id)}`),
          version: Math.max(0, Number(record[contract.version])),
          receivedAt,
          encoded: record.operation === 'cancel' ? undefined : encodedOf(record),
          encoding: encoder.version,
          pair: pair && pseudonymiser.pseudonym('pair', pair),
        },
        { form },
      )
      return seal.seal(plain, origin)
    }
  }
}
