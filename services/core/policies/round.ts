/** Rounds numbers to a multiple of a step or to significant digits; halves go away from zero. */
import type { ValueKind } from '../contract/types.ts'

const LARGEST: Readonly<Partial<Record<ValueKind, number>>> = {
  integer: 2_147_483_647,
  long: Number.MAX_SAFE_INTEGER,
  double: Number.MAX_VALUE,
}

/** @returns a function to the nearest multiple of `step`; towards zero where the nearest is no value of the kind */
export function roundToStep(step: number, kind: ValueKind): (value: number) => number {
  const decimals = decimalsOf(step)
  // 3 * 0.1 is 0.30000000000000004: the multiple has as many decimals as the step.
  const multiple = (count: number) => Number((count * step).toFixed(decimals))
  return (value) => {
    const count = Math.abs(value) / step
    // A double has no decimals left to round.
    if (count > Number.MAX_SAFE_INTEGER) return value
    const nearest = multiple(Math.round(count))
    return signed(value, nearest > limitOf(kind) ? multiple(Math.floor(count)) : nearest)
  }
}

/** @param digits significant digits, from 1 to 15; towards zero where the nearest is no value of the kind */
export function roundToDigits(digits: number, kind: ValueKind): (value: number) => number {
  return (value) => {
    const magnitude = Math.abs(value)
    const nearest = Number(magnitude.toPrecision(digits))
    if (nearest <= limitOf(kind)) return signed(value, nearest)
    const [mantissa = '', exponent = ''] = magnitude.toExponential(15).split('e')
    return signed(value, Number(`${mantissa.slice(0, digits === 1 ? 1 : digits + 1)}e${exponent}`))
  }
}

function limitOf(kind: ValueKind): number {
  return LARGEST[kind] ?? Number.MAX_VALUE
}

/** Zero has no sign. */
function signed(like: number, magnitude: number): number {
  return like < 0 && magnitude !== 0 ? -magnitude : magnitude
}

function decimalsOf(step: number): number {
  const [mantissa = '', exponent = '0'] = String(step).split('e')
  const written = mantissa.split('.')[1]?.length ?? 0
  return Math.min(100, Math.max(0, written - Number(exponent)))
}
