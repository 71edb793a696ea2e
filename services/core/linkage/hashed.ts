/**
 * The circuit of `chainon link external` for identifiers that a third party has hashed under a secret that it shares with the hospital. While it is open, `deidentify` makes the same hash of the number of each record
 * that passes, and looks it up in the list (docs/adr/0067). What the project's file declares of it, and what `extract` and `deidentify` tell each other when it is opened.
 */
import Type from 'typebox'
import { closed } from '../schema/closed.ts'
import type { Written } from '../schema/written.ts'

/** HMAC-SHA-256 (RFC 2104), under the shared secret, of the canonical form of a number in ASCII. */
export const HashForm = closed({
  /** `nir`: the INS, or the NIR where there is none, as the linkage takes them; `ins`: only an INS whose identity is qualified (VALI). */
  identifier: Type.Enum(['nir', 'ins']),
  /** 15: the number with its key; 13: without. */
  characters: Type.Enum([13, 15]),
  /** 64 hexadecimal digits, or 43 characters of base64url without padding. */
  encoding: Type.Enum(['hex', 'base64url']),
})
export type HashForm = Written<typeof HashForm>

/** How a number stands in the shared list: see `HashForm`. */
const LENGTHS: Readonly<Record<HashForm['encoding'], string>> = {
  hex: '64 hexadecimal digits',
  base64url: '43 characters of base64url',
}
const DIGEST_BYTES = 32

/**
 * A number that nobody has: year and month of birth are 00. The third party makes its hash under the shared secret, and compares it with what `--dry-run` prints:
 * whoever has another secret or another form gets another hash.
 */
export const TEST_NUMBER = '100000000000047'

/** @param number INS or NIR of 15 characters, upper case; a department of Corsica is 2A or 2B */
export function canonicalNumber({ characters }: HashForm, number: string): string {
  return number.slice(0, characters)
}

/** @returns the hash as 43 characters of base64url, whatever the form; undefined when it has not the form */
export function readHash({ encoding }: HashForm, text: string): string | undefined {
  if (encoding === 'hex')
    return /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex').toString('base64url') : undefined
  const bare = text.replace(/=$/, '')
  if (!/^[\w-]{43}$/.test(bare)) return undefined
  const bytes = Buffer.from(bare, 'base64url')
  // The last character has two bits that are of no byte: two texts must not be one hash.
  return bytes.length === DIGEST_BYTES && bytes.toString('base64url') === bare ? bare : undefined
}

/** @param hash 43 characters of base64url @returns it as the third party has it */
export function writtenHash({ encoding }: HashForm, hash: string): string {
  return encoding === 'hex' ? Buffer.from(hash, 'base64url').toString('hex') : hash
}

export function formText(form: HashForm): string {
  const { identifier, characters, encoding } = form
  return `${identifier} of ${characters} characters, HMAC-SHA-256, ${LENGTHS[encoding]}`
}

/** From `extract` to `deidentify`: what the reviewed file says. Times in milliseconds since 1970. */
export const DeclaredCircuit = closed({
  project: Type.String({ pattern: '^[a-z0-9_-]{1,64}$' }),
  form: HashForm,
  /** Of the day after the last one on which numbers are compared. */
  closes: Type.Integer(),
  /** A list of fewer subjects is not taken. */
  least: Type.Integer({ minimum: 1 }),
  dry_run: Type.Boolean(),
})
export type DeclaredCircuit = Written<typeof DeclaredCircuit>

/** From `deidentify` to `extract`: what it holds. */
export const HeldCircuit = closed({
  kind: Type.Enum(['held', 'dry-run', 'too-few']),
  subjects: Type.Integer({ minimum: 0 }),
  /** The hash of TEST_NUMBER, as the third party has to have it. */
  test_hash: Type.String(),
  /** Of what is held: the fingerprint of its key, and the SHA-256 of the sealed list. */
  held: Type.Optional(
    closed({
      key: Type.String({ pattern: '^[0-9a-f]{16}$' }),
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    }),
  ),
})
export type HeldCircuit = Written<typeof HeldCircuit>
