/** Identifiers that mix letters and figures: IBAN, MAC address, UUID, serial and accession numbers. */
import type { Finding } from '../types.ts'
import { endAt, finding, pattern } from './match.ts'

const IBAN = pattern(`[A-Z]{2}\\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?(?![A-Z0-9])`)
const UUID = pattern(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f])`)
const MAC = pattern(`[0-9a-f]{2}(?:[:\\-][0-9a-f]{2}){5}(?![0-9a-f:])`)
/** At least five figures somewhere in it. */
const MIXED = pattern(`(?=(?:[A-Z\\-_/]{0,12}\\d){5})[A-Z0-9](?:[A-Z0-9]|[\\-_/](?=[A-Z0-9])){5,30}(?![\\p{L}\\d])`)
const UK_POSTCODE = pattern(`[A-Z]{1,2}\\d[A-Z\\d]?[ ]\\d[A-Z]{2}(?![\\p{L}\\d])`)
/** Capitals only: small letters make words of these. Ireland, Canada. */
const POSTCODES_OF_CAPITALS = [
  /[AC-FHKNPRTV-Y](?:\d{2}|6W) ?[0-9AC-FHKNPRTV-Y]{4}(?![\p{L}\d])/uy,
  // Without its space it is pregnancies as well: G2P1A0.
  /(?:[A-Z]\d[A-Z] |(?!G\dP)[ABCEGHJ-NPRSTVXY]\d[A-Z])\d[A-Z]\d(?![\p{L}\d])/uy,
]
const RURAL = pattern(`(?:RR|HC|R\\.R\\.|rural route|star route)[ ]?#?\\d{1,4},?[ ]box[ ]\\d{1,5}(?![\\p{L}\\d])`)
const POST_BOX = pattern(`(?:P\\.?[ ]?O\\.?[ ]?box|private bag|locked bag)[ ]X?\\d{1,6}(?![\\p{L}\\d])`)
const DUBLIN = pattern(`Dublin[ ](?:[1-9]|1\\d|2[0-4]|6W)(?![\\p{L}\\d])`)
const LAST_FOUR = pattern(
  `last[ ](?:four|4)(?:[ ](?:digits|of|ssn|ss|social|#|no)){0,3}[ :#]{1,3}\\d{4}(?![\\p{L}\\d])`,
)
/** x4-7719: a line of the house's own telephones. */
const EXTENSION = pattern(`(?:ext|x)\\.?[ ]?\\d{1,2}-?\\d{3,4}(?![\\p{L}\\d])`)

/** Numbers of persons with a form of their own, by country. */
const NATIONAL = [
  // United Kingdom, National Insurance: QQ 12 34 56 C
  /[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?![\p{L}\d])/uy,
  // Unit of blood, ISBT 128: G0101 22 118844 7
  /[A-Z]\d{4} ?\d{2} \d{6}(?: \d)?(?![\p{L}\d])/uy,
  // United States, DEA registration of a prescriber
  /[A-HJ-MPRS][A-Z9]\d{7}(?![\p{L}\d])/uy,
]
/** Australia, Medicare: 3085 81722 1. */
const MEDICARE_AU = pattern(`[2-6]\\d{3}[ ]\\d{5}[ ]\\d(?![\\p{L}\\d])`)
/** United States, health insurance claim number: an SSN and a letter. */
const HICN = pattern(`\\d{3}-\\d{2}-\\d{4}[ ]?-?[A-Z]\\d?(?![\\p{L}\\d])`)
const AFTER_STATE = pattern(`\\d{5}(?:-\\d{4})?(?![\\p{L}\\d]|[.,]\\d)`)
const STATE =
  /(?:^|[^\p{L}])(?:A[KLRZ]|C[AOT]|DC|DE|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY])[ ]{1,3}$/u
const AFTER_STATE_AU = pattern(`\\d{4}(?![\\p{L}\\d]|[.,/-]\\d)`)
const STATE_AU = /(?:^|[^\p{L}])(?:NSW|VIC|QLD|TAS|ACT|WA|SA|NT|Vic|Qld|Tas)[ ]{1,3}$/u
const LONGEST_STATE = 7
const ZIP_PLUS_4 = pattern(`\\d{5}-\\d{4}(?![\\p{L}\\d-])`)
/** United States, Medicare Beneficiary Identifier: 1EG4-TE5-MK73. */
const MBI =
  /[1-9][AC-HJKMNP-RT-Y][\dAC-HJKMNP-RT-Y]\d-?[AC-HJKMNP-RT-Y][\dAC-HJKMNP-RT-Y]\d-?[AC-HJKMNP-RT-Y]{2}\d{2}(?![\p{L}\d])/uy

/** @param at where a word begins */
export function nationalNumberAt(text: string, at: number): Finding | undefined {
  if (!(isFigure(text, at + 1) || isFigure(text, at + 2) || isFigure(text, at + 3))) return undefined
  for (const one of NATIONAL) {
    const end = endAt(one, text, at)
    if (end > 0) return finding(at, end, 'id')
  }
  return undefined
}

const isFigure = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at)
  return code >= 48 && code <= 57
}

/** What only English notes have. @param at where a number begins @param length of its first figures @param isGlued whether a letter follows */
export function englishNumberAt(text: string, at: number, length: number, isGlued: boolean): Finding | undefined {
  if (isGlued) return foundAs(MBI, text, at, 'id')
  if (length === 3) return text[at + 3] === '-' ? foundAs(HICN, text, at, 'ssn') : undefined
  if (length === 4) return foundAs(MEDICARE_AU, text, at, 'id') ?? afterState(text, at, STATE_AU, AFTER_STATE_AU)
  if (length !== 5) return undefined
  return foundAs(ZIP_PLUS_4, text, at, 'postcode') ?? afterState(text, at, STATE, AFTER_STATE)
}

/** VIC 3065, MA 02139. */
function afterState(text: string, at: number, state: RegExp, code: RegExp): Finding | undefined {
  // States are written in capitals, but for Vic and its like.
  if (text.charCodeAt(at - 1) !== 32) return undefined
  return state.test(text.slice(Math.max(0, at - LONGEST_STATE), at)) ? foundAs(code, text, at, 'postcode') : undefined
}

/** What only English notes have. @param at where a word begins */
export function englishCodeAt(text: string, at: number): Finding | undefined {
  switch (text.charCodeAt(at) | 32) {
    case 100:
      return foundAs(DUBLIN, text, at, 'city') ?? postcodeAt(text, at)
    case 101:
    case 120: {
      const end = endAt(EXTENSION, text, at)
      const from = at + (/^\D*/.exec(text.slice(at, at + 6))?.[0].length ?? 0)
      return end > 0 ? finding(from, end, 'phone') : postcodeAt(text, at)
    }
    case 104:
    case 114:
    case 115:
      return foundAs(RURAL, text, at, 'address') ?? postcodeAt(text, at)
    case 108: {
      const end = endAt(LAST_FOUR, text, at)
      return end > 0 ? finding(end - 4, end, 'ssn') : foundAs(POST_BOX, text, at, 'address')
    }
    case 112:
      return foundAs(POST_BOX, text, at, 'address') ?? postcodeAt(text, at)
    default:
      return postcodeAt(text, at)
  }
}

function postcodeAt(text: string, at: number): Finding | undefined {
  const code = text.charCodeAt(at + 1)
  if (code < 48 || code > 57) return undefined
  for (const one of POSTCODES_OF_CAPITALS) {
    const end = endAt(one, text, at)
    if (end > 0 && /\d[A-Z]|[A-Z]\d/.test(text.slice(at + 3, end))) return finding(at, end, 'postcode')
  }
  return undefined
}

function foundAs(expression: RegExp, text: string, at: number, kind: Finding['kind']): Finding | undefined {
  const end = endAt(expression, text, at)
  return end > 0 ? finding(at, end, kind) : undefined
}

/** @param at where a word or number begins, with nothing glued before it */
export function codeAt(text: string, at: number): Finding | undefined {
  const iban = endAt(IBAN, text, at)
  if (iban > 0 && isValidIban(text.slice(at, iban))) return finding(at, iban, 'account')
  const uuid = endAt(UUID, text, at)
  if (uuid > 0) return finding(at, uuid, 'device')
  const mac = endAt(MAC, text, at)
  if (mac > 0) return finding(at, mac, 'device')
  const postcode = endAt(UK_POSTCODE, text, at)
  if (postcode > 0) return finding(at, postcode, 'postcode', false)
  const mixed = endAt(MIXED, text, at)
  return mixed > 0 && /\d/.test(text.slice(at, mixed)) && /[A-Z]/i.test(text.slice(at, mixed))
    ? finding(at, mixed, 'id', false)
    : undefined
}

/** ISO 13616: the first four characters moved to the end, letters as 10 to 35, remainder 1 by 97. */
function isValidIban(text: string): boolean {
  const iban = text.replace(/ /g, '').toUpperCase()
  let rest = 0
  for (const char of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(char, 36)
    rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97
  }
  return rest === 1
}
