/** Surrogates of names, word by word, so that a compound name keeps its parts, and a used name the birth name that is in it. */
import { fold } from '../characters.ts'
import { PARTICLES } from '../known/variants.ts'
import type { Language } from '../types.ts'
import type { Keyed } from './keyed.ts'
import { namesFor } from './names-of-people.ts'
import { inWritingOf } from './writing.ts'

/** Le Floc'h: an apostrophe is inside of a word. */
const WORD = /[\p{L}\p{M}\d]+(?:['’][\p{L}\p{M}\d]+)*/gu
const POSSESSIVE = /['’]s$/i
/** Words of a name that are no name: Baby Boy Hernandez. */
const NO_NAMES = new Set('baby boy girl infant twin newborn jr sr ii iii iv'.split(' '))
/** So many letters one by one are a name with spaces between its letters; fewer are initials. */
const MOST_INITIALS = 3
/** A word of so few letters is mapped letter by letter as initials are: JP. */
const SHORT = 2

/** @param isKnown whether a folded word is a trait of this patient @returns undefined where no name is left that is none of the patient's */
export function nameSurrogate(
  written: string,
  language: Language,
  keyed: Keyed,
  isKnown: (folded: string) => boolean,
): string | undefined {
  const name = joined(written)
  const words = name.match(WORD) ?? []
  const isLoud = name === name.toUpperCase()
  // A letter alone is an initial, and so are two capitals before a name in small letters.
  const isSmall = (word: string) =>
    word.length > 1 &&
    (PARTICLES.has(fold(word)) || NO_NAMES.has(fold(word))) &&
    (isLoud || word.length > SHORT || word !== word.toUpperCase())
  const keepsSmall = words.some((word) => !isSmall(word))
  let failed = words.length === 0
  const out = name.replace(WORD, (word) => {
    if (keepsSmall && isSmall(word)) return word
    const tail = POSSESSIVE.exec(word)?.[0] ?? ''
    const own = word.slice(0, word.length - tail.length)
    const surrogate = wordSurrogate(own, language, keyed, isKnown)
    if (surrogate === undefined) failed = true
    return `${surrogate ?? ''}${tail}`
  })
  return failed ? undefined : out
}

/** A word that is broken over a line, or written with spaces between its letters, is one word. */
function joined(written: string): string {
  const whole = written.replace(/-\s*\n\s*/g, '')
  const letters = whole.split(/\s+/)
  const isSpaced = letters.length > MOST_INITIALS && letters.every((one) => /^\p{L}\p{M}*$/u.test(one))
  return isSpaced ? letters.join('') : whole
}

function wordSurrogate(
  word: string,
  language: Language,
  keyed: Keyed,
  isKnown: (folded: string) => boolean,
): string | undefined {
  const value = fold(word).replace(/[^\p{L}\d]/gu, '')
  if (/^[a-z]+$/.test(value) && value.length <= SHORT)
    return Array.from(value, (letter, at) => inWritingOf(word.charAt(at) || word, keyed.initial(letter))).join('')
  const first = value.slice(0, 1)
  const letter = /[a-z]/.test(first) ? keyed.initial(first) : String.fromCharCode(97 + keyed.below(26, 'letter', value))
  const name = keyed.pick(namesFor(value, letter, language), 'name', value, (one) => {
    const folded = fold(one)
    return folded !== value && !isKnown(folded)
  })
  return name === undefined ? undefined : inWritingOf(word, name)
}
