/** Check digits of the field's identifiers and codes. */

/**
 * NIR and INS: 13 characters and a key of 2. key = 97 - (number mod 97), with 2A read as 19 and 2B as 18 in the department
 * (Corsica since 1976). Source: INSEE, numéro d'inscription au répertoire.
 */
export function isValidNir(text: string): boolean {
  if (!/^[1-8]\d{4}(?:\d{2}|2[AB])\d{8}$/.test(text)) return false
  const number = text.slice(0, 13).replace('2A', '19').replace('2B', '18')
  return 97 - (Number(number) % 97) === Number(text.slice(13))
}

/** LOINC: digits, a hyphen and a Mod 10 (Luhn) check digit. Source: LOINC Users' Guide, appendix C. */
export function isValidLoinc(text: string): boolean {
  return /^\d{1,7}-\d$/.test(text) && isValidLuhn(text.replace('-', ''))
}

/**
 * LOINC answers: `LA`, digits, a hyphen and the same check digit, in which a letter has the value of its ASCII code less 48.
 * Compared with the answers of the sample.
 */
export function isValidLoincAnswer(text: string): boolean {
  if (!/^LA\d{1,6}-\d$/.test(text)) return false
  let sum = 0
  const body = text.slice(0, -2)
  for (let i = 0; i < body.length; i++) {
    const value = body.charCodeAt(body.length - 1 - i) - 48
    sum += i % 2 === 0 ? 2 * value - 9 * Math.floor(value / 5) : value
  }
  return (sum + Number(text.at(-1))) % 10 === 0
}

/** Luhn, ISO/IEC 7812-1 annex B: RPPS, FINESS of digits only. */
export function isValidLuhn(text: string): boolean {
  if (!/^\d{2,}$/.test(text)) return false
  let sum = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(text.length - 1 - i) - 48
    const doubled = i % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

/** Key of EAN-13: weights 1 and 3. CIP and UCD codes of 13 digits (arrêté of 30 December 2021, article R. 5121-4 of the CSP). */
export function isValidEan13(text: string): boolean {
  if (!/^\d{13}$/.test(text)) return false
  let sum = 0
  for (let i = 0; i < 13; i++) sum += (text.charCodeAt(i) - 48) * (i % 2 === 0 ? 1 : 3)
  return sum % 10 === 0
}

/** CIP of 7 digits: the sum of the first six, weighted 2 to 7, modulo 11. Compared with the codes of the public drug database (BDPM). */
export function isValidCip7(text: string): boolean {
  if (!/^\d{7}$/.test(text)) return false
  let sum = 0
  for (let i = 0; i < 6; i++) sum += (text.charCodeAt(i) - 48) * (i + 2)
  return sum % 11 === Number(text[6])
}

/** Multiplication in the dihedral group D5, and the permutation of a place. */
const D5 =
  '0123456789 1234067895 2340178956 3401289567 4012395678 5987604321 6598710432 7659821043 8765932104 9876543210'
    .split(' ')
    .map((row) => Array.from(row, Number))
const PLACES = '0123456789 1576283094 5803796142 8916043527 9453126870 4286573901 2793806415 7046913258'
  .split(' ')
  .map((row) => Array.from(row, Number))

/** Verhoeff's dihedral check. Source: SNOMED CT Release File Specifications, 5.8. */
export function isValidVerhoeff(text: string): boolean {
  if (!/^\d{2,}$/.test(text)) return false
  let check = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(text.length - 1 - i) - 48
    check = D5[check]?.[PLACES[i % 8]?.[digit] ?? 0] ?? 0
  }
  return check === 0
}
