/**
 * Keyed pseudonyms. The level and the function's version are readable in the value (`p1_`, `p2_`, `p3_`), as the French
 * security reference for the SNDS requires (requirement 6.2); levels use independent secrets and each domain has a key of its own.
 */

import { deriveKey, hmacSha256, type Mac } from './hmac.ts'
import { createLru } from './lru.ts'

export type Level = 1 | 2 | 3

export interface Pseudonymiser {
  /** @returns `p<level>_` and 43 characters of base64url (HMAC-SHA-256) */
  pseudonym(domain: string, value: string): string
}

/** Pseudonyms repeat (a patient has many records); a look-up of a recent one costs less than its computation. */
const CACHED_PSEUDONYMS = 50_000

export function pseudonymiser(level: Level, secret: Buffer): Pseudonymiser {
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
      if (domain === 'record') return `p${level}_${macOf(domain).digest(value)}`
      const key = `${domain}\0${value}`
      const known = recent.get(key)
      if (known !== undefined) return known
      const made = `p${level}_${macOf(domain).digest(value)}`
      recent.set(key, made)
      return made
    },
  }
}
