/** The forms in which a program could have written a value by mistake. */

import { hash } from 'node:crypto'

/** A form: its name for people, and the bytes as a string of one character a byte. */
export interface Form {
  readonly name: string
  readonly bytes: string
  /** False where upper and lower case may differ from what is searched. */
  readonly exact: boolean
}

/** Without a key: who has a list of names or NIR finds the value again. */
const HASHES = ['md5', 'sha1', 'sha256'] as const
const SEPARATORS = [' ', '.', '-', '/', '_'] as const
/** How numbers are cut by people: telephone numbers in pairs, NIR by their parts, others in threes. */
const GROUPINGS: readonly (readonly [name: string, cut: (digits: string) => readonly string[]])[] = [
  ['in pairs', (digits) => digits.match(/\d{1,2}/g) ?? []],
  ['in pairs from its end', (digits) => [...(digits.length % 2 ? [digits.charAt(0)] : []), ...pairsAfterOdd(digits)]],
  ['in threes from its end', (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ' ').split(' ')],
  ['as a NIR is written', (digits) => /^(\d)(\d\d)(\d\d)(\d\d)(\d{3})(\d{3})(\d\d)?$/.exec(digits)?.slice(1) ?? []],
]
const NIR_WITH_KEY = /^[1-8]\d{14}$/
const NIR_DIGITS = 13

/** @returns every form of a value; base64 in its three possible alignments */
export function* formsOf(value: string): Generator<Form> {
  for (const text of spellings(value)) {
    yield folded('as it is, in any case', utf8(text))
    if (!/[^\0-\xff]/.test(text)) yield folded('in Latin-1', text)
    yield folded('URL-encoded', encodeURIComponent(text))
    // Without its last zero byte the text is found in both byte orders.
    yield folded('UTF-16', Buffer.from(text, 'utf16le').toString('latin1').slice(0, -1))
    yield folded('reversed', utf8(Array.from(text).reverse().join('')))
    for (const cased of new Set([text, text.toLowerCase(), text.toUpperCase()])) {
      yield folded('hexadecimal', Buffer.from(cased).toString('hex'))
      yield* inBase64(cased)
      for (const algorithm of HASHES) yield folded(`${algorithm} of it`, hash(algorithm, cased, 'hex'))
    }
  }
  for (const algorithm of HASHES) {
    const digest = hash(algorithm, value, 'buffer')
    yield { name: `${algorithm} of it, as bytes`, bytes: digest.toString('latin1'), exact: true }
    yield { name: `${algorithm} of it, in base64`, bytes: digest.toString('base64').replace(/=+$/, ''), exact: true }
  }
  if (/^\d+$/.test(value)) yield* asNumber(value)
}

/** As it is, and as normalisation leaves it. Only ASCII is compared in any case, so that capitals with accents are a spelling of their own. */
function spellings(value: string): ReadonlySet<string> {
  if (/^[ -~]*$/.test(value)) return new Set([value])
  const decomposed = value.normalize('NFD')
  return new Set([value, value.toUpperCase(), decomposed, decomposed.replace(/\p{M}/gu, '')])
}

function* inBase64(text: string): Generator<Form> {
  const bytes = Buffer.from(text)
  for (const shift of [0, 1, 2]) {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64url')
    // The first and last characters also contain bits of the neighbouring bytes.
    const inner = whole.slice(shift === 0 ? 0 : shift + 1, Math.floor(((shift + bytes.length) * 8) / 6))
    yield { name: 'base64url', bytes: inner, exact: true }
    yield { name: 'base64', bytes: inner.replaceAll('-', '+').replaceAll('_', '/'), exact: true }
  }
}

function* asNumber(digits: string): Generator<Form> {
  if (NIR_WITH_KEY.test(digits)) yield folded('without its key', digits.slice(0, NIR_DIGITS))
  for (const [name, cut] of GROUPINGS) {
    const groups = cut(digits)
    if (groups.length < 2) continue
    for (const separator of SEPARATORS) yield folded(`${name}, with '${separator}'`, groups.join(separator))
  }
}

const pairsAfterOdd = (digits: string) => digits.slice(digits.length % 2).match(/\d\d/g) ?? []
const utf8 = (text: string) => Buffer.from(text).toString('latin1')
const folded = (name: string, bytes: string): Form => ({ name, bytes, exact: false })
