/**
 * API keys: `chn_<keyid>_<secret>`. The secret is 256 random bits, so one SHA-256 is the right way to store it: a slow
 * password hash protects secrets that can be guessed; here it would only make each request slow.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

const KEY = /^chn_([a-z0-9]{12})_([A-Za-z0-9_-]{43})$/
export const KEY_ID = /^[a-z0-9]{12}$/
/** A producer's name goes into messages, Redis keys and metric labels. */
export const PRODUCER = /^[a-z0-9][a-z0-9._-]{0,63}$/

export interface PresentedKey {
  readonly id: string
  readonly secret: string
}

/** @returns a new key with its id; the key is shown once, and only its owner stores it */
export function newKey(): { readonly id: string; readonly key: string; readonly sha256: string } {
  const id = randomBytes(6).toString('hex')
  const secret = randomBytes(32).toString('base64url')
  return { id, key: `chn_${id}_${secret}`, sha256: hashSecret(secret) }
}

/** @returns id and secret of a key, or undefined when the text does not have the form of a key */
export function parseKey(text: string): PresentedKey | undefined {
  const match = KEY.exec(text)
  return match?.[1] && match[2] ? { id: match[1], secret: match[2] } : undefined
}

/** @returns 64 hexadecimal digits */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'hex')
}

/** Compares two hashes in constant time. */
export function sameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}
