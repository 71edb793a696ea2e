/**
 * Surrogates: in the place of what identifies a person stands another name, town or number, the same for one patient and one value in all texts.
 * A keyed function without state: nothing is stored, and without the key nothing is found again. What was missed looks like what was replaced.
 */
import type { Known } from '../known/known.ts'
import { canonical, PARTICLES, partsOf } from '../known/variants.ts'
import type { Kind, Language, Span } from '../types.ts'
import { mailSurrogate, numberSurrogate, phoneSurrogate, urlSurrogate } from './contacts.ts'
import { keyed } from './keyed.ts'
import { nameSurrogate } from './names.ts'
import { addressSurrogate, hospitalSurrogate, postcodeSurrogate, townSurrogate } from './places.ts'

/** @returns what stands in the place of a span; undefined where it has a tag: dates, ages, and what no surrogate is left for */
export type Surrogate = (span: Span, written: string) => string | undefined

/** Shorter parts of a trait are met by chance. */
const SHORTEST_PART = 3

/**
 * @param key of the patient, 32 bytes: who has it can find out which value a surrogate stands for, by trying
 * @param known traits of the patient: no surrogate is one of them
 */
export function surrogatesOf(key: Buffer, language: Language, known?: Known): Surrogate {
  const choices = keyed(key)
  const isKnown = (part: string) => known !== undefined && (known.keys.has(part) || known.words.has(part))
  const isTrait = (candidate: string) =>
    isKnown(partsOf(candidate).map(canonical).join('')) ||
    partsOf(candidate).some((part) => part.length >= SHORTEST_PART && isKnown(part))

  return ({ kind }, written) => {
    const own = new Set(partsOf(written))
    const accepts = (candidate: string) =>
      !isTrait(candidate) && !partsOf(candidate).some((part) => own.has(part) && !PARTICLES.has(part))
    return surrogateFor(kind, written, accepts)
  }

  function surrogateFor(kind: Kind, written: string, accepts: (candidate: string) => boolean): string | undefined {
    switch (kind) {
      case 'name':
      case 'professional':
        return nameSurrogate(written, language, choices, isTrait)
      case 'city':
        return townSurrogate(written, language, choices, accepts)
      case 'postcode':
        return postcodeSurrogate(written, language, choices, accepts)
      case 'address':
        return addressSurrogate(written, language, choices, accepts)
      case 'hospital':
        return hospitalSurrogate(written, language, choices, accepts)
      case 'phone':
      case 'fax':
        return phoneSurrogate(written, language, choices, accepts) ?? numberSurrogate(written, kind, choices)
      case 'email':
        return mailSurrogate(written, language, choices, accepts)
      case 'url':
        return urlSurrogate(written, choices)
      case 'date':
      case 'birth_date':
      case 'age_over_89':
        return undefined
      default:
        return numberSurrogate(written, kind, choices)
    }
  }
}
