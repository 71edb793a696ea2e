/** E-mail addresses and addresses of the web, from their mark outwards. */
import type { Finding } from '../types.ts'
import { endAt, finding, pattern } from './match.ts'

const LOCAL = /[\p{L}\d._%+\-']/u
const DOMAIN = pattern(`[ ]?[\\p{L}\\d](?:[\\p{L}\\d_\\-]{0,62}\\.){1,5}[\\p{L}]{2,12}(?![\\p{L}\\d])`)
const DOMAIN_LOOSE = pattern(
  `[ ]?[\\p{L}\\d](?:[\\p{L}\\d_\\-]{0,62}[ ]?\\.[ ]?){1,3}(?:fr|com|net|org|eu|edu|gov|io|uk)(?![\\p{L}\\d])`,
)
const NAME_ONLY = pattern(`[\\p{L}\\d_\\-]{2,40}(?![\\p{L}\\d])`)
const URL = pattern(`(?:https?://|ftp://|www\\.)[^\\s<>"')\\]]{2,400}`)
const BARE = pattern(
  `(?:[a-z0-9][a-z0-9\\-]{0,40}\\.){1,4}(?:fr|com|net|org|edu|gov|eu|uk|info|io|co|us)(?:/[^\\s<>"')\\]]{0,300})?(?![\\p{L}\\d])`,
)
const LONGEST_LOCAL = 64
const POINT = 46
const HYPHEN = 45

/** @param at of the sign @ */
export function emailAround(text: string, at: number): Finding | undefined {
  const gap = text[at - 1] === ' ' ? 1 : 0
  let start = at - gap
  while (start > 0 && at - start < LONGEST_LOCAL && LOCAL.test(text[start - 1] as string)) start--
  while (start < at - gap && /[.'-]/.test(text[start] as string)) start++
  if (start === at - gap) return undefined
  const end = Math.max(endAt(DOMAIN, text, at + 1), endAt(DOMAIN_LOOSE, text, at + 1))
  if (end > 0) return finding(start, end, 'email')
  if (gap > 0) return undefined
  const rest = endAt(NAME_ONLY, text, at + 1)
  return rest > 0 ? finding(start, rest, 'email', false) : undefined
}

/** @param at where a word begins @param after the character after it */
export function urlAt(text: string, at: number, after: number): Finding | undefined {
  const first = text.charCodeAt(at) | 32
  if (first === 104 || first === 119 || first === 102) {
    const end = endAt(URL, text, at)
    if (end > 0) {
      let stop = end
      while (/[.,;:!?]/.test(text[stop - 1] as string)) stop--
      return finding(at, stop, 'url')
    }
  }
  // A part of an address goes on to its point.
  if (!(after === POINT || after === HYPHEN || (after >= 48 && after <= 57))) return undefined
  const end = endAt(BARE, text, at)
  return end > 0 && text[end] !== '@' ? finding(at, end, 'url') : undefined
}
