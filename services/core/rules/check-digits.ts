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
