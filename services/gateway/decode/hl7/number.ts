/** Numbers of HL7 v2 (NM). */
import { Refusal } from './refusal.ts'
import type { Segment } from './segment.ts'

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)$/
/** Decimal digits that a double keeps exactly. */
const EXACT_DIGITS = 15
const NUMBER_FORM = ["a number, with '.' before its decimals"]

/**
 * @param text of the field, or of its component
 * @returns undefined without a number; a refusal for what is none, and for one that a double does not keep
 */
export function numberOf(
  text: string | undefined,
  segment: Segment,
  field: number,
  component?: number,
): number | undefined | Refusal {
  const given = text?.trim() ?? ''
  if (given === '') return undefined
  if (!DECIMAL.test(given)) return new Refusal('type', segment.at(field, component), NUMBER_FORM)
  const digits = given.replace(/^[+-]/, '').replace('.', '').replace(/^0+/, '')
  if (digits.length > EXACT_DIGITS) return new Refusal('number-range', segment.at(field, component))
  return Number(given)
}
