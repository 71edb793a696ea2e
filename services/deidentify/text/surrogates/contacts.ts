/** Surrogates of telephone numbers, addresses of mail and of the web, and numbers: forms that belong to nobody. */
import { FICTION, FICTION_MOBILE } from '#core/people/streets.ts'
import type { Kind, Language } from '../types.ts'
import type { Keyed } from './keyed.ts'
import { namesFor } from './names-of-people.ts'
import { type Accepts, compact } from './places.ts'
import { bare } from './writing.ts'

/** North America: 555-0100 to 0199 of each area are for works of fiction. */
const FICTION_AMERICA = '55501'

/**
 * A number that is reserved for works of fiction (ARCEP in France, NANPA in North America), written as the other one.
 *
 * @returns undefined for another form than ten figures, with or without a country: it has a code
 */
export function phoneSurrogate(
  written: string,
  language: Language,
  keyed: Keyed,
  accepts: Accepts,
): string | undefined {
  const digits = written.replace(/\D/g, '')
  const french = /^(?:(?:00)?330?|0)([1-9]\d{8})$/.exec(digits)?.[1]
  if (french !== undefined) {
    const value = french
    const begins = /^[67]/.test(french) ? [FICTION_MOBILE] : FICTION
    const number = firstAccepted(
      (attempt) => {
        const begin = begins[keyed.below(begins.length, 'phone', value, attempt)] ?? FICTION_MOBILE
        return `${begin}${figures(keyed, 4, value, attempt)}`.slice(1)
      },
      (one) => one !== french && accepts(`0${one}`),
    )
    return number === undefined ? undefined : overwritten(written, number)
  }
  const american = language === 'en' ? /^1?([2-9]\d{9})$/.exec(digits)?.[1] : undefined
  if (american === undefined) return undefined
  const number = firstAccepted(
    (attempt) => {
      const area = 201 + keyed.below(788, 'area', american, attempt)
      return `${area}${FICTION_AMERICA}${figures(keyed, 2, american, attempt)}`
    },
    (one) => one !== american && accepts(one),
  )
  return number === undefined ? undefined : overwritten(written, number)
}

const ATTEMPTS = 8

function firstAccepted(make: (attempt: number) => string, accepts: Accepts): string | undefined {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const one = make(attempt)
    if (accepts(one)) return one
  }
  return undefined
}

const figures = (keyed: Keyed, count: number, value: string, attempt: number): string =>
  String(keyed.below(10 ** count, 'figures', value, attempt)).padStart(count, '0')

/** @returns the text with its last figures replaced by those of the number */
function overwritten(written: string, number: string): string {
  let left = number.length
  return Array.from(written)
    .reverse()
    .map((char) => (/\d/.test(char) && left > 0 ? number.charAt(--left) : char))
    .reverse()
    .join('')
}

/** `example.org` is reserved (RFC 2606). */
const DOMAIN = 'example.org'

export function mailSurrogate(written: string, language: Language, keyed: Keyed, accepts: Accepts): string | undefined {
  const value = written.toLowerCase().replace(/\s/g, '')
  const letter = String.fromCharCode(97 + keyed.below(26, 'letter', `mail ${value}`))
  const name = keyed.pick(namesFor('', letter, language), 'mail', value, accepts)
  if (name === undefined) return undefined
  return `${bare(name).toLowerCase()}.${code(keyed, value, 4).toLowerCase()}@${DOMAIN}`
}

export function urlSurrogate(written: string, keyed: Keyed): string {
  const value = written.toLowerCase().replace(/^https?:\/\//, '')
  const scheme = /^https?:\/\//i.exec(written)?.[0] ?? ''
  return `${scheme}www.${DOMAIN}/${code(keyed, value, 6).toLowerCase()}`
}

/** No vowel and no figure: neither a word nor a number of anybody. */
const CONSONANTS = 'BCDFGHJKLMNPQRSTVWXZ'
const CODE_LETTERS = 6

/** @returns the tag of its kind with a code that is the same for the same number: `[IPP-KWTBRN]` */
export function numberSurrogate(written: string, kind: Kind, keyed: Keyed): string {
  return `[${kind.toUpperCase()}-${code(keyed, compact(written).toUpperCase(), CODE_LETTERS)}]`
}

function code(keyed: Keyed, value: string, length: number): string {
  return Array.from({ length }, (_, at) => CONSONANTS.charAt(keyed.below(CONSONANTS.length, 'code', value, at))).join(
    '',
  )
}
