/** Quantities, ranges and ratios of FHIR. */
import { type Json, object, text } from '#core/fhir/json.ts'
import { type Refuse, within } from './refuse.ts'

const COMPARATORS = ['<', '<=', '>=', '>']

export interface Quantity {
  readonly value: number | null
  readonly unit: string | null
  readonly comparator: string | null
}

const NONE: Quantity = { value: null, unit: null, comparator: null }

/** @param name of the element in `of` */
export function quantityOf(of: Json, name: string, refuse: Refuse): Quantity {
  const given = of[name]
  if (given === undefined || given === null) return NONE
  const quantity = object(given)
  if (!quantity) {
    refuse(name, 'type')
    return NONE
  }
  const { comparator, value } = quantity
  if (value !== undefined && typeof value !== 'number') refuse(`${name}.value`, 'type')
  if (comparator !== undefined && !COMPARATORS.includes(String(comparator)))
    refuse(`${name}.comparator`, 'enum', COMPARATORS)
  return {
    value: typeof value === 'number' ? value : null,
    unit: text(quantity.code) ?? text(quantity.unit) ?? null,
    comparator: text(comparator) ?? null,
  }
}

/** A quantity where no column keeps a comparator. */
export function exactQuantity(of: Json, name: string, refuse: Refuse): Quantity {
  const quantity = quantityOf(of, name, refuse)
  if (quantity.comparator !== null) refuse(`${name}.comparator`, 'unsupported-value')
  return quantity
}

export interface Range {
  readonly low: number | null
  readonly high: number | null
  readonly unit: string | null
}

/** @returns both bounds in one unit: a range of two units is refused */
export function rangeOf(of: Json, name: string, refuse: Refuse): Range {
  const range = object(of[name])
  if (!range) {
    if (of[name] !== undefined && of[name] !== null) refuse(name, 'type')
    return { low: null, high: null, unit: null }
  }
  const inside = within(`${name}.`, refuse)
  const low = exactQuantity(range, 'low', inside)
  const high = exactQuantity(range, 'high', inside)
  if (differentUnits(range.low, range.high)) inside('high', 'unsupported-value')
  return { low: low.value, high: high.value, unit: low.unit ?? high.unit }
}

/** By their codes; where one has none, by their words, which are written in more than one way. */
export function differentUnits(one: unknown, other: unknown): boolean {
  const [a, b] = [object(one), object(other)]
  const codes = [text(a?.code), text(b?.code)]
  if (codes.every((code) => code !== undefined)) return codes[0] !== codes[1]
  const words = [text(a?.unit), text(b?.unit)]
  return words.every((word) => word !== undefined) && words[0]?.toLowerCase() !== words[1]?.toLowerCase()
}
