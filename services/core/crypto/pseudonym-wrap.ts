/**
 * First-level pseudonyms under another key, without the identities that they were made of: the digest of a pseudonym is wrapped as a key is (AES-256 key wrap, RFC 3394:
 * deterministic, and what another key or another hand has made does not unwrap). `p1_<54 characters>_k2` in place of `p1_<43 characters>`. Whoever has the key that made the
 * digest finds nothing in a log of wrapped ones without the key of the wrap; who has that one gets the pseudonym of before, as `curate` and the linker need it.
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { ChainonError } from '../faults/errors.ts'
import { createLru } from './lru.ts'
import { keyMark } from './pseudonym.ts'

export interface PseudonymWrap {
  /** The version in force; 1 before the first rotation, when nothing is wrapped. */
  readonly version: number
  /** @param pseudonym of the first level, not wrapped @returns it under the version in force */
  readonly wrap: (pseudonym: string) => string
  /**
   * @param stored under any version
   * @returns the pseudonym as it was made, and what is not wrapped as it is; undefined when the key of its version did not wrap it
   * @throws ChainonError key-rotation when this process does not have the version
   */
  readonly unwrap: (stored: string) => string | undefined
}

const CIPHER = 'id-aes256-wrap'
/** Of RFC 3394, section 2.2.3.1. */
const INITIAL = Buffer.alloc(8, 0xa6)
const PLAIN = /^p1_[\w-]{43}$/
const WRAPPED = /^p1_([\w-]{54})_k([1-9]\d{0,4})$/
const PREFIX = 'p1_'
/** A patient has many records. */
const KEPT = 50_000

/** @returns the version of a first-level pseudonym; undefined when the text is none */
export function wrapVersionOf(text: string): number | undefined {
  if (PLAIN.test(text)) return 1
  const [, , version] = WRAPPED.exec(text) ?? []
  return version === undefined ? undefined : Number(version)
}

/** @param keys by version from 2 on, 32 bytes each: that of the version in force, and those that may have to be unwrapped */
export function pseudonymWrap(version: number, keys: ReadonlyMap<number, Buffer>): PseudonymWrap {
  const ciphers = new Map([...keys].map(([one, key]) => [one, createSecretKey(key)]))
  const own = ciphers.get(version)
  if (version > 1 && !own) throw new ChainonError('bug', 'the key in force is not among the keys')
  const wrapped = createLru<string>(KEPT)
  const unwrapped = createLru<string>(KEPT)
  return {
    version,
    wrap(pseudonym) {
      if (!own) return pseudonym
      const known = wrapped.get(pseudonym)
      if (known !== undefined) return known
      const cipher = createCipheriv(CIPHER, own, INITIAL)
      const digest = Buffer.from(pseudonym.slice(PREFIX.length), 'base64url')
      const made = `${PREFIX}${Buffer.concat([cipher.update(digest), cipher.final()]).toString('base64url')}${keyMark(version)}`
      wrapped.set(pseudonym, made)
      return made
    },
    unwrap(stored) {
      const [, text = '', number] = WRAPPED.exec(stored) ?? []
      if (number === undefined) return stored
      const known = unwrapped.get(stored)
      if (known !== undefined) return known
      const key = ciphers.get(Number(number))
      if (!key)
        throw new ChainonError(
          'key-rotation',
          `pseudonyms are wrapped under version ${number}, and this process has ${[1, ...ciphers.keys()].join(', ')}: it starts again when another version is in force`,
        )
      const digest = opened(key, Buffer.from(text, 'base64url'))
      if (!digest) return undefined
      const found = PREFIX + digest.toString('base64url')
      unwrapped.set(stored, found)
      return found
    },
  }
}

/** Before the first rotation: it has no key. */
export const NOT_WRAPPED: PseudonymWrap = pseudonymWrap(1, new Map())

function opened(key: KeyObject, wrapped: Buffer): Buffer | undefined {
  try {
    const decipher = createDecipheriv(CIPHER, key, INITIAL)
    return Buffer.concat([decipher.update(wrapped), decipher.final()])
  } catch {
    return undefined
  }
}
