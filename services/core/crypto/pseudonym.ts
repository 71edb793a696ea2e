/**
 * Keyed pseudonyms. The level and the version of the key are readable in the value (`p1_`, `p2_...`, `p2_..._k2`), as the French
 * security reference for the SNDS requires (requirement 6.2); levels use independent secrets and each domain has a key of its own.
 */

import { deriveKey, hmacSha256, type Mac } from './hmac.ts'
import { createLru } from './lru.ts'

export type Level = 1 | 2 | 3

export interface Pseudonymiser {
  /** @returns `p<level>_`, 43 characters of base64url (HMAC-SHA-256), and the mark of the key */
  pseudonym(domain: string, value: string): string
}

/** Pseudonyms repeat (a patient has many records); a look-up of a recent one costs less than its computation. */
const CACHED_PSEUDONYMS = 50_000

/**
 * The version stands at the end: the first bytes of a pseudonym stay evenly distributed, and the witness of the ledger reads slices of them.
 *
 * @param version of a key, from 1 @returns what each value made with it ends with; empty for the first key of an installation
 */
export function keyMark(version: number): string {
  return version === 1 ? '' : `_k${version}`
}

/** @param version of the secret */
export function pseudonymiser(level: Level, secret: Buffer, version = 1): Pseudonymiser {
  const mark = keyMark(version)
  const macs = new Map<string, Mac>()
  const recent = createLru<string>(CACHED_PSEUDONYMS)
  const macOf = (domain: string) => {
    let mac = macs.get(domain)
    if (!mac) {
      mac = hmacSha256(deriveKey(secret, `chainon/pseudonym/${level}/${domain}`))
      macs.set(domain, mac)
    }
    return mac
  }
  return {
    pseudonym(domain, value) {
      // A record's identifier occurs once: in the cache it would only displace the patients.
      if (domain === 'record') return `p${level}_${macOf(domain).digest(value)}${mark}`
      const key = `${domain}\0${value}`
      const known = recent.get(key)
      if (known !== undefined) return known
      const made = `p${level}_${macOf(domain).digest(value)}${mark}`
      recent.set(key, made)
      return made
    },
  }
}
