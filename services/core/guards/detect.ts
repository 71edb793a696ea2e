/**
 * Looks for a person in a value that a guard has accepted: numbers of persons by their form and key, and what the same record says of its
 * patient. A guard knows what a code looks like; only the record knows that this code is the number of this patient.
 */
import { isValidNir } from '../rules/check-digits.ts'
import { fold, type Identity } from './identity.ts'

export type Detected = 'nir' | 'phone' | 'email' | 'identifier' | 'name' | 'birth-date'

/** Shorter ones equal a value by chance. */
const SHORTEST_IDENTIFIER = 5
/** From this length on, a value that has it as a part was made of it: 14749 in LOINC 14749-6 is chance. */
const SHORTEST_PART = 6
const SHORTEST_INSIDE = 7
const SHORTEST_WORD = 3
const SHORTEST_WORD_INSIDE = 5
const PHONE_DIGITS = 9
const NIR_DIGITS = 13

/** @param identity is asked only when the value is long enough to name somebody */
export function detectInText(text: string, identity: () => Identity): Detected | undefined {
  let digits = 0
  let letters = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 48 && code <= 57) digits++
    else if (code > 64) letters++
  }
  if (letters > 0 && text.includes('@') && EMAIL.test(text)) return 'email'
  if (digits >= NIR_DIGITS && hasNir(text)) return 'nir'
  // A code of digits only never begins with 0.
  if (digits >= PHONE_DIGITS && (digits < text.length || text.startsWith('0')) && PHONE.test(text)) return 'phone'
  if (digits > 0 && digits + letters >= SHORTEST_IDENTIFIER) {
    const found = detectNumberOf(fold(text), identity())
    if (found !== undefined) return found
  }
  return letters >= SHORTEST_WORD ? detectNameOf(text, identity()) : undefined
}

function detectNumberOf(folded: string, { birthDates, identifiers }: Identity): Detected | undefined {
  const compact = folded.replace(/[^A-Z0-9]/g, '')
  for (const date of birthDates) if (compact.includes(date)) return 'birth-date'
  for (const one of identifiers) {
    // A short number has to be written as it is: 19208 is not LOINC 1920-8.
    if (one === folded || (one.length >= SHORTEST_PART && one === compact)) return 'identifier'
    if (one.length >= SHORTEST_INSIDE ? compact.includes(one) : one.length >= SHORTEST_PART && isPart(folded, one))
      return 'identifier'
  }
  return undefined
}

function isPart(folded: string, one: string): boolean {
  const at = folded.indexOf(one)
  return at >= 0 && !/[A-Z0-9]/.test(folded.charAt(at - 1)) && !/[A-Z0-9]/.test(folded.charAt(at + one.length))
}

function detectNameOf(text: string, { words }: Identity): Detected | undefined {
  if (words.size === 0) return undefined
  const folded = fold(text)
  for (const word of folded.match(/\p{L}+/gu) ?? []) if (words.has(word)) return 'name'
  const letters = folded.replace(/\P{L}/gu, '')
  for (const word of words) if (word.length >= SHORTEST_WORD_INSIDE && letters.includes(word)) return 'name'
  return undefined
}

/**
 * @param time the number may be a time in milliseconds since 1970, which has 13 digits as a NIR without its key has
 * @param identity is asked only when the number is long enough
 */
export function detectInNumber(value: number, time: boolean, identity: () => Identity): Detected | undefined {
  const whole = Number.isInteger(value)
  const size = Math.abs(value)
  if (whole && size < 10_000) return undefined
  const digits = String(size).replace('.', '').replace(/e.*$/, '').replace(/^0+/, '')
  if (digits.length < SHORTEST_IDENTIFIER) return undefined
  if (whole && digits.length >= PHONE_DIGITS) {
    if (digits.length === 15 ? isValidNir(digits) : !time && isNirWithoutKey(digits)) return 'nir'
    // The zero before a number is lost in a number; a calling code is not.
    if (/^(?:[1-79]\d{8}|33[1-9]\d{8})$/.test(digits)) return 'phone'
  }
  const { birthDates, numbers } = identity()
  if (numbers.includes(digits)) return 'identifier'
  return birthDates.includes(digits) || birthDates.includes(`0${digits}`) ? 'birth-date' : undefined
}

const EMAIL = /[^\s@]@[^\s@]+\.\p{L}{2,}/u
/** French, in France and from abroad; any with a calling code; North American. */
const PHONE =
  /(?<!\d)(?:(?:\+|00)33[ .-]?\(?0?\)?|0)[1-9](?:[ .-]?\d{2}){4}(?!\d)|\+\d{1,3}(?:[ .-]?\d){8,12}(?!\d)|(?<!\d)\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)/
const NIR = /(?<!\d)[1-8][ .-]?\d{2}[ .-]?\d{2}[ .-]?(?:\d{2}|2[AB])[ .-]?\d{3}[ .-]?\d{3}(?:[ .-]?\d{2})?(?!\d)/gi

function hasNir(text: string): boolean {
  for (const [found] of text.matchAll(NIR)) {
    const number = found.replace(/[ .-]/g, '').toUpperCase()
    if (number.length === 15 ? isValidNir(number) : isNirWithoutKey(number)) return true
  }
  return false
}

/** Sex, year, month (20 to 42 and from 50 on: civil status incomplete), department, commune, order. Source: INSEE. */
const NIR_WITHOUT_KEY =
  /^[1278]\d{2}(?:0[1-9]|1[0-2]|[23]\d|4[0-2]|[5-9]\d)(?:0[1-9]|[1-8]\d|9\d|2[AB])(?!000)\d{3}(?!000)\d{3}$/

function isNirWithoutKey(text: string): boolean {
  return NIR_WITHOUT_KEY.test(text)
}
