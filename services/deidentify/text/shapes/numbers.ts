/** Numbers with a form of their own: telephone, NIR and INS, SSN, bank, device. Where a number has check digits, they decide. */
import { isValidLuhn, isValidNir } from '#core/rules/check-digits.ts'
import type { Finding, Language } from '../types.ts'
import { digitsOf, endAt, finding, NO_DIGIT_AFTER, pattern } from './match.ts'

const S = '[ .\\-/\\u00a0]{0,2}'
/** A scanner reads a zero as the letter O. */
const D = '[\\dO]'
const PHONE_FR = [
  // with a country, in brackets or not: +33 6 12 34 56 78, (33) 1 …, 0033 …
  `(?:\\+|00)\\d{1,3}${S}(?:\\(0\\)|0)?${S}\\d(?:${S}\\d){7,11}${NO_DIGIT_AFTER}`,
  `\\(\\+?\\d{2,3}\\)${S}0?\\d(?:${S}\\d){7,9}${NO_DIGIT_AFTER}`,
  // five pairs, and ten figures in any grouping
  `[0O][1-9](?:${S}${D}${D}){4}(?![\\dO])`,
  `0[1-9](?:[ .\\-]?\\d){8}${NO_DIGIT_AFTER}`,
].map(pattern)
const PHONE_US = [
  `(?:\\+?1[ .\\-]{0,2})?\\(\\d{3}\\)[ .\\-]{0,2}\\d{3}[ .\\-]{1,2}\\d{4}${NO_DIGIT_AFTER}(?:[ ,]{0,2}(?:ext\\.?|x)[ ]?\\d{1,6})?`,
  `(?:\\+?1[ .\\-]{0,2})?\\d{3}[ .\\-/]\\d{3}[ .\\-\\n]\\d{4}${NO_DIGIT_AFTER}(?:[ ,]{0,2}(?:ext\\.?|x)[ ]?\\d{1,6})?`,
  `(?:\\+|00)\\d{1,3}[ .\\-]?(?:\\(0\\))?(?:[ .\\-]?\\d){7,12}${NO_DIGIT_AFTER}`,
].map(pattern)
/** United Kingdom: 020 7946 0958, 01632 960 001, (0117) 496 0329. */
const PHONE_UK = [`(?:0\\d{2,4}[ \\-]|\\(0\\d{2,4}\\)[ ]?)\\d{3,4}[ \\-]?\\d{3,4}${NO_DIGIT_AFTER}`].map(pattern)
const PHONE_US_SHORT = [`\\d{3}-\\d{4}(?![\\d-])`].map(pattern)
/** 4-1120: a line inside the house; a year after the hyphen is a month. */
const PHONE_INSIDE = pattern(`[2-9]-(?!19|20)\\d{4}(?![\\d-])`)

const NIR = pattern(
  `[1-8]${S}\\d${S}\\d${S}\\d${S}\\d${S}\\d${S}[\\dAB]${S}\\d${S}\\d${S}\\d${S}\\d${S}\\d${S}\\d(?:${S}\\d${S}\\d)?(?![ ]?\\d)`,
)
const NIR_LOOSE = pattern(`[12](?:[ .\\-]{0,2}\\d){12,14}(?![ ]?\\d)`)
/** Belgium: NISS 52.03.11-123.45, INAMI 1-12345-67-890. Switzerland: AVS 756.1234.5678.97, cards 80756 and 15 figures. */
const NISS = pattern(`\\d{2}\\.\\d{2}\\.\\d{2}[ \\-]{1,3}\\d{3}[.\\-]\\d{2}${NO_DIGIT_AFTER}`)
const INAMI = pattern(`\\d-\\d{5}-\\d{2}-\\d{3}${NO_DIGIT_AFTER}`)
const AVS = pattern(`756[ .]?\\d{4}[ .]?\\d{4}[ .]?\\d{2}${NO_DIGIT_AFTER}`)
const CARD_CH = pattern(`80756\\d{15}${NO_DIGIT_AFTER}`)
/** One figure in each box of a form; up to nine are a date. */
const BOXES = pattern(`\\d(?: \\d){9,14}(?! ?\\d)`)
const SSN = pattern(`\\d{3}[\\- ]\\d{2}[\\- ]\\d{4}${NO_DIGIT_AFTER}(?!-)`)
const CARD = pattern(
  `\\d{4}(?:[ \\-]?\\d{4}){2}[ \\-]?\\d{1,7}${NO_DIGIT_AFTER}|\\d{4}[ \\-]?\\d{6}[ \\-]?\\d{5}${NO_DIGIT_AFTER}`,
)
const IP = pattern(`(?:\\d{1,3}\\.){3}\\d{1,3}(?!\\d|\\.\\d)`)
const UID = pattern(`[012](?:\\.\\d{1,40}){4,20}(?![\\d.])`)
const RPPS = pattern(`(?:10|8)\\d{9}${NO_DIGIT_AFTER}`)
const GLUED = pattern(`\\d{7,30}${NO_DIGIT_AFTER}`)
const OLD = pattern(`(?:9\\d|1[01]\\d)(?![\\d%/:]|[.,]\\d|[ ]?(?:mois|months?|weeks?|days?|jours?)(?![\\p{L}]))`)
/** Before an age without its unit: aged 94, âge : 94. */
const AGED = /(?:^|[^\p{L}])(?:aged?|[âa]g[ée]+e?)(?:\s?:|\s(?:de|of))?\s$/iu
const LONGEST_AGED = 12
const AGE_FR = pattern(`(?:9\\d|1[01]\\d)(?=[ ]?ans?(?![\\p{L}]))`)
const AGE_EN = pattern(
  `(?:9\\d|1[01]\\d)(?=[ \\-]?(?:years?|yrs?)[ \\-]?(?:old|of age|young)|[ \\-]?(?:yrs?|y[ \\-]o|yr?s?[ \\-]?old|(?:st|nd|rd|th)[ ]birthday)(?![\\p{L}])|[ \\-]?(?:y\\.?/?o\\.?|yo|yof|yom|[mf])(?![\\p{L}])|-year)`,
)

/** @param at where a number begins, not in the middle of one */
export function numberAt(text: string, at: number, language: Language): Finding | undefined {
  const uid = endAt(UID, text, at)
  if (uid > 0) return finding(at, uid, 'device')
  const neighbour = language === 'fr' ? numberOfNeighbour(text, at) : undefined
  if (neighbour) return neighbour
  const nir = endAt(NIR, text, at)
  if (nir > 0 && looksLikeNir(text.slice(at, nir))) return finding(at, nir, 'nir')
  const boxes = endAt(BOXES, text, at)
  if (boxes > 0) return finding(at, boxes, language === 'fr' ? 'nir' : 'id')
  if (language === 'en') {
    const ssn = endAt(SSN, text, at)
    if (ssn > 0) return finding(at, ssn, 'ssn')
  }
  const phone = phoneAt(text, at, language)
  if (phone?.certain) return phone
  const loose = language === 'fr' ? endAt(NIR_LOOSE, text, at) : -1
  if (loose > 0 && [13, 15].includes(digitsOf(text.slice(at, loose)).length)) return finding(at, loose, 'nir')
  const card = endAt(CARD, text, at)
  if (card > 0 && isValidLuhn(digitsOf(text.slice(at, card)))) return finding(at, card, 'account')
  const ip = endAt(IP, text, at)
  if (
    ip > 0 &&
    text
      .slice(at, ip)
      .split('.')
      .every((part) => Number(part) < 256)
  )
    return finding(at, ip, 'ip')
  const rpps = endAt(RPPS, text, at)
  if (rpps > 0 && isValidLuhn(text.slice(at, rpps))) return finding(at, rpps, 'rpps')
  const age = endAt(language === 'fr' ? AGE_FR : AGE_EN, text, at)
  if (age > 0) return finding(at, age, 'age_over_89')
  const aged = endAt(OLD, text, at)
  if (aged > 0 && AGED.test(text.slice(Math.max(0, at - LONGEST_AGED), at))) return finding(at, aged, 'age_over_89')
  if (phone) return phone
  const glued = endAt(GLUED, text, at)
  return glued > 0 ? finding(at, glued, 'id', false) : undefined
}

/** Of Belgium and Switzerland, by what follows the first figures. */
function numberOfNeighbour(text: string, at: number): Finding | undefined {
  const [form, kind] =
    text[at + 2] === '.'
      ? ([NISS, 'nir'] as const)
      : text[at + 1] === '-'
        ? ([INAMI, 'rpps'] as const)
        : text.startsWith('756', at)
          ? ([AVS, 'nir'] as const)
          : text.startsWith('80756', at)
            ? ([CARD_CH, 'id'] as const)
            : [undefined, undefined]
  const end = form ? endAt(form, text, at) : -1
  return form && end > 0 ? finding(at, end, kind) : undefined
}

function looksLikeNir(text: string): boolean {
  const digits = text.replace(/[^\dAB]/gi, '').toUpperCase()
  if (digits.length === 15 && isValidNir(digits)) return true
  const month = Number(digits.slice(3, 5))
  // Without a valid key, the form of a birth month is asked for: 1 to 12, or the fictive months of incomplete civil status.
  return /^[12378]/.test(digits) && ((month >= 1 && month <= 12) || (month >= 20 && month <= 42) || month >= 50)
}

function phoneAt(text: string, at: number, language: Language): Finding | undefined {
  const sure = language === 'fr' ? [PHONE_FR] : [PHONE_US, PHONE_UK, PHONE_FR]
  for (const patterns of sure) {
    let end = -1
    for (const one of patterns) end = Math.max(end, endAt(one, text, at))
    if (end > 0) return finding(at, end, 'phone')
  }
  if (language === 'fr') return undefined
  const inside = endAt(PHONE_INSIDE, text, at)
  if (inside > 0) return finding(at, inside, 'phone')
  const end = Math.max(...PHONE_US_SHORT.map((one) => endAt(one, text, at)))
  return end > 0 ? finding(at, end, 'phone', false) : undefined
}
