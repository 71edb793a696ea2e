/**
 * Makes linkage tokens of identity traits; the traits themselves are not kept. Tokens are keyed hashes, one key per kind:
 * `nir` (of the INS or the NIR: both are the same number), `ins` (of the qualified INS only), `traits-place` (birth name, first
 * given name, birth date, sex, birth place) and `traits` (without the place). `place` never links: it keeps homonyms apart. It is of the
 * birth date, too: the place alone has so few values that who has the tokens without their key reads it by its frequency.
 * `same-patient` is of two patient numbers of one producer: the records of both patients have it.
 */
import type { FeedContract, LinkageRole } from '#core/contract/types.ts'
import { deriveKey, hmacSha256 } from '#core/crypto/hmac.ts'
import { firstGivenName, normaliseName } from '#core/linkage/normalise.ts'
import { identityOf, textOfRole } from './identity.ts'
import { statedPair } from './stated-pair.ts'

export type TokenKind = 'ins' | 'nir' | 'traits-place' | 'traits' | 'place' | 'same-patient'

/** @returns the linkage tokens of a record, each `t1_<kind>_<22 characters>`, in a fixed order */
export type Tokenise = (record: Readonly<Record<string, unknown>>, producer: string) => readonly string[]

/** 128 bits: a collision of two traits is practically impossible, at half the size in the log. */
const TOKEN_CHARACTERS = 22

export function tokeniser(contract: FeedContract, secret: Buffer): Tokenise {
  if (!contract.linked) return () => []
  const textOf = textOfRole(contract)
  const pairOf = statedPair(contract)
  const mac = (kind: TokenKind) => hmacSha256(deriveKey(secret, `chainon/token/1/${kind}`))
  const macs = {
    ins: mac('ins'),
    nir: mac('nir'),
    'traits-place': mac('traits-place'),
    traits: mac('traits'),
    place: mac('place'),
    'same-patient': mac('same-patient'),
  }
  const token = (kind: TokenKind, value: string) => `t1_${kind}_${macs[kind].digest(value).slice(0, TOKEN_CHARACTERS)}`

  return function tokeniseRecord(record, producer) {
    const text = (role: LinkageRole) => textOf(record, role)
    const { doubtful, ins, number } = identityOf(text)
    if (doubtful) return []
    const tokens: string[] = []
    const pair = pairOf(record, producer)
    if (pair !== undefined) tokens.push(token('same-patient', pair))
    if (ins) tokens.push(token('ins', ins))
    if (number) tokens.push(token('nir', number))
    const family = normaliseName(text('birth_family_name'))
    const given = firstGivenName(text('birth_given_names'))
    const birth = text('birth_date')
    const sex = text('sex')
    const place = text('birth_place_insee').toUpperCase()
    if (place && birth) tokens.push(token('place', `${birth}\0${place}`))
    if (family && given && birth && (sex === 'female' || sex === 'male')) {
      const traits = `${family}\0${given}\0${birth}\0${sex}`
      if (place) tokens.push(token('traits-place', `${traits}\0${place}`))
      tokens.push(token('traits', traits))
    }
    return tokens
  }
}
