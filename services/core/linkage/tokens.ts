/**
 * Blocking tokens: records that share one are candidates. Each is the SipHash of the digests of the values that it is composed of,
 * 64 bits, under a key of its kind; a digest is the HMAC-SHA-256 of one value and is found again for the next record with it.
 */
import { deriveKey, hmacSha256 } from '../crypto/hmac.ts'
import { createLru } from '../crypto/lru.ts'
import { sipHash24 } from '../crypto/siphash.ts'
import { NEWBORN } from './normalise-traits.ts'
import { phoneticCode } from './phonetic.ts'
import type { Trait, Traits } from './traits.ts'

/** What a token is composed of; `year` and `day` (month and day) are parts of the birth date. */
type Part =
  | 'family'
  | 'given'
  | 'family-code'
  | 'given-code'
  | 'birth'
  | 'year'
  | 'day'
  | 'street'
  | 'number'
  | 'postcode'
  | 'city'
  | 'birth-place'
  | 'phone'
  | 'email'
  | 'national-id'

export interface TokenKind {
  readonly name: string
  readonly parts: readonly Part[]
  /** The first two parts are sorted: names may be swapped. */
  readonly sorted?: true
}

const kind = (name: string, ...parts: Part[]): TokenKind => ({ name, parts })
const sorted = (name: string, ...parts: Part[]): TokenKind => ({ name, parts, sorted: true })

/** The fifteen composites, which find 99 % of the pairs on three data sets at 1 to 9 candidates a record, and the identifiers. */
const KINDS: readonly TokenKind[] = [
  kind('family-code+birth', 'family-code', 'birth'),
  kind('given-code+birth', 'given-code', 'birth'),
  sorted('names', 'given', 'family'),
  sorted('name-codes+year', 'given-code', 'family-code', 'year'),
  kind('street+number', 'street', 'number'),
  kind('phone', 'phone'),
  kind('postcode+birth', 'postcode', 'birth'),
  kind('postcode+family', 'postcode', 'family'),
  kind('postcode+given', 'postcode', 'given'),
  kind('birth+city', 'birth', 'city'),
  kind('day+given', 'day', 'given'),
  kind('day+family', 'day', 'family'),
  kind('street+birth', 'street', 'birth'),
  kind('street+given', 'street', 'given'),
  kind('street+family', 'street', 'family'),
  kind('national-id', 'national-id'),
  kind('email', 'email'),
]

/**
 * In place of what an installation lacks: without postcode the town, without town the place of birth, without birth date the codes. Without any
 * address, or with names or an address alone, less has to agree: the hub limit skips what is frequent.
 */
const WITHOUT: readonly (TokenKind & { readonly lacks: readonly Trait[] })[] = [
  { ...kind('city+family', 'city', 'family'), lacks: ['postcode'] },
  { ...kind('city+given', 'city', 'given'), lacks: ['postcode'] },
  { ...kind('birth-place+birth', 'birth-place', 'birth'), lacks: ['city'] },
  { ...kind('birth-place+family', 'birth-place', 'family', 'given-code'), lacks: ['city'] },
  { ...sorted('name-codes+postcode', 'given-code', 'family-code', 'postcode'), lacks: ['birth_date'] },
  { ...sorted('name-codes+city', 'given-code', 'family-code', 'city'), lacks: ['birth_date'] },
  { ...kind('birth', 'birth'), lacks: ['street', 'postcode'] },
  { ...kind('family+year', 'family', 'year'), lacks: ['street', 'postcode'] },
  { ...kind('given+year', 'given', 'year'), lacks: ['street', 'postcode'] },
  { ...sorted('name-codes', 'given-code', 'family-code'), lacks: ['street', 'postcode'] },
  { ...kind('family', 'family'), lacks: ['birth_date', 'street', 'postcode', 'city'] },
  { ...kind('given', 'given'), lacks: ['birth_date', 'street', 'postcode', 'city'] },
  { ...kind('street+postcode', 'street', 'postcode'), lacks: ['given_name', 'family_name'] },
  { ...kind('street+city', 'street', 'city'), lacks: ['given_name', 'family_name'] },
]

const TRAIT_OF: Readonly<Record<Part, Trait>> = {
  family: 'family_name',
  given: 'given_name',
  'family-code': 'family_name',
  'given-code': 'given_name',
  birth: 'birth_date',
  year: 'birth_date',
  day: 'birth_date',
  street: 'street',
  number: 'street_number',
  postcode: 'postcode',
  city: 'city',
  'birth-place': 'birth_place',
  phone: 'phone',
  email: 'email',
  'national-id': 'national_id',
}

/** Both names have one domain: a token of sorted names is the same when they are swapped. */
const DOMAIN: Readonly<Partial<Record<Part, string>>> = {
  family: 'name',
  given: 'name',
  'family-code': 'code',
  'given-code': 'code',
}

/** Of the street only the beginning: its end is abbreviated, and often mistyped. */
const STREET_LETTERS = 6
const CITY_LETTERS = 5
const CACHED_DIGESTS = 200_000
const DIGEST_WORDS = 4
const MOST_PARTS = 3

/** @returns the kinds of tokens that records with these traits can have, in a fixed order */
export function tokenKinds(traits: ReadonlySet<Trait>): readonly TokenKind[] {
  const possible = ({ parts }: TokenKind) => parts.every((part) => traits.has(TRAIT_OF[part]))
  return [...KINDS, ...WITHOUT.filter(({ lacks }) => lacks.every((trait) => !traits.has(trait)))].filter(possible)
}

/** Writes the tokens of a record into `tokens`: for each kind two 32-bit words, both 0 when a part is missing. */
export type PutTokens = (tokens: Int32Array, traits: Traits) => void

/** @param secret of the encodings, 32 bytes or more */
export function tokenMaker(kinds: readonly TokenKind[], secret: Buffer): PutTokens {
  const mac = hmacSha256(deriveKey(secret, 'chainon/linkage/value/1'))
  const digests = createLru<Int32Array>(CACHED_DIGESTS)
  const hashes = kinds.map(({ name }) =>
    sipHash24(deriveKey(secret, `chainon/linkage/token/1/${name}`).subarray(0, 16)),
  )
  const message = new Int32Array(MOST_PARTS * DIGEST_WORDS)

  function digestOf(part: Part, value: string): Int32Array {
    const text = `${DOMAIN[part] ?? part}\0${value}`
    let digest = digests.get(text)
    if (!digest) {
      const bytes = mac.bytes(text)
      digest = Int32Array.from({ length: DIGEST_WORDS }, (_, i) => bytes.readInt32LE(4 * i))
      digests.set(text, digest)
    }
    return digest
  }

  return function putTokens(tokens, traits) {
    const parts = partsOf(traits)
    for (const [at, { parts: wanted, sorted: isSorted }] of kinds.entries()) {
      tokens[2 * at] = 0
      tokens[2 * at + 1] = 0
      if (wanted.some((part) => parts[part] === '')) continue
      let [first, second] = wanted as [Part, Part?]
      if (isSorted && second !== undefined && parts[first] > parts[second]) [first, second] = [second, first]
      let words = 0
      for (const [n, part] of wanted.entries()) {
        const chosen = n === 0 ? first : n === 1 && second !== undefined ? second : part
        message.set(digestOf(chosen, parts[chosen]), words)
        words += DIGEST_WORDS
      }
      const hash = hashes[at]
      if (!hash) continue
      hash.hash(message, words)
      // 0 and 0 mean that there is no token.
      tokens[2 * at] = hash.result[0] || 1
      tokens[2 * at + 1] = hash.result[1] ?? 0
    }
  }
}

function partsOf(traits: Traits): Readonly<Record<Part, string>> {
  // The name at birth stays when the used name changes.
  const family = traits.birth_name ?? traits.family_name ?? ''
  const given = traits.given_name === NEWBORN ? '' : (traits.given_name ?? '')
  const date = traits.birth_date ?? ''
  const known = (text: string) => (text.includes('?') ? '' : text)
  return {
    family,
    given,
    'family-code': phoneticCode(family),
    'given-code': phoneticCode(given),
    birth: known(date),
    year: known(date.slice(0, 4)),
    day: known(date.slice(4)),
    street: (traits.street ?? '').slice(0, STREET_LETTERS),
    number: traits.street_number ?? '',
    postcode: traits.postcode ?? '',
    city: (traits.city ?? '').slice(0, CITY_LETTERS),
    'birth-place': traits.birth_place ?? '',
    phone: traits.phone ?? '',
    email: traits.email ?? '',
    'national-id': traits.national_id ?? '',
  }
}
