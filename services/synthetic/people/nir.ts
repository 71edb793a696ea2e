/** Numbers with keys: NIR (the same number as the INS), RPPS, and the check digit of EAN-13 for UCD codes. */

/**
 * @param birthYear with four digits; before 1976 Corsica is department 20 in the NIR, whatever the commune's code is today
 * @param order from 1 to 999, within sex, month and commune
 * @returns 13 characters and the key of 2: 97 - (number mod 97), with 2A read as 19 and 2B as 18 (INSEE)
 */
export function nirOf(female: boolean, birthYear: number, month: number, insee: string, order: number): string {
  const place = birthYear < 1976 && insee.startsWith('2') && /^2[AB]/.test(insee) ? `20${insee.slice(2)}` : insee
  const body = `${female ? 2 : 1}${two(birthYear % 100)}${two(month)}${place}${String(order).padStart(3, '0')}`
  return `${body}${nirKey(body)}`
}

/** @param body the 13 characters */
function nirKey(body: string): string {
  return two(97 - (Number(body.replace('2A', '19').replace('2B', '18')) % 97))
}

/** @returns the digit that makes `digits` and itself pass Luhn (ISO/IEC 7812-1, annex B) */
function luhnDigit(digits: string): number {
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48
    const doubled = i % 2 === 0 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return (10 - (sum % 10)) % 10
}

/** @param number below 1,000,000,000 @returns 11 digits: 10, the number, a Luhn key */
export function rppsOf(number: number): string {
  const digits = `1${String(number).padStart(9, '0')}`
  return `${digits}${luhnDigit(digits)}`
}

/** @param ucd7 7 digits @returns the UCD code of 13 digits: 34008, the 7 and the key of EAN-13 (weights 1 and 3) */
export function ucd13Of(ucd7: string): string {
  const digits = `34008${ucd7}`
  let sum = 0
  for (let i = 0; i < digits.length; i++) sum += (digits.charCodeAt(i) - 48) * (i % 2 === 0 ? 1 : 3)
  return `${digits}${(10 - (sum % 10)) % 10}`
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
