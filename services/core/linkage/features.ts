/**
 * The features of a value: two values are as similar as their sets of features (Dice). Words: padded bigrams, a repeated one with its
 * count. Dates: digits at their place, and the parts alone and in pairs; month and day share a domain, so that a swap shows. Numbers
 * and codes: characters at their place, the whole, and its sorted characters, so that two that were swapped show.
 */
import type { Trait } from './traits.ts'

const WORDS: ReadonlySet<Trait> = new Set([
  'family_name',
  'birth_name',
  'given_name',
  'middle_name',
  'street',
  'city',
  'unit',
])

/** @param value normal form @returns features without repetition; none for an empty value */
export function featuresOf(trait: Trait, value: string): string[] {
  if (value === '') return []
  if (trait === 'birth_date') return dateFeatures(value)
  if (trait === 'email') return emailFeatures(value)
  // A place of birth is a code in France (75112, 2A004, 99352) and a name elsewhere.
  if (WORDS.has(trait) || (trait === 'birth_place' && !/\d/.test(value))) return bigrams(value)
  return codeFeatures(value)
}

function bigrams(word: string): string[] {
  const padded = `_${word}_`
  const seen = new Map<string, number>()
  const features: string[] = []
  for (let i = 0; i + 1 < padded.length; i++) {
    const gram = padded.slice(i, i + 2)
    const count = (seen.get(gram) ?? 0) + 1
    seen.set(gram, count)
    features.push(count > 1 ? gram + count : gram)
  }
  return features
}

function dateFeatures(date: string): string[] {
  const year = date.slice(0, 4)
  const month = date.slice(4, 6)
  const day = date.slice(6, 8)
  const features = Array.from(date, (digit, at) => `${at}${digit}`)
  features.push(
    `y${year}`,
    `m${month}`,
    `d${day}`,
    `a${year}${month}`,
    `b${year}${day}`,
    `c${month}${day}`,
    `-${month}`,
  )
  if (day !== month) features.push(`-${day}`)
  return features.filter((feature) => !feature.includes('?'))
}

function codeFeatures(code: string): string[] {
  return [
    ...Array.from(code, (character, at) => `${at}${character}`),
    `=${code}`,
    `#${Array.from(code).toSorted().join('')}`,
  ]
}

function emailFeatures(email: string): string[] {
  const at = email.indexOf('@')
  const domain = email.slice(at)
  return [...bigrams(email.slice(0, at)), `=${email}`, `l${email.slice(0, at)}`, `d${domain}`]
}
