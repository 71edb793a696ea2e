/** Reads durations of the command line: a number with its unit. */
import { InvalidArgumentError } from 'commander'

const UNITS_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/**
 * @param text for instance `30m`, `24h`, `90d`
 * @returns milliseconds
 * @throws InvalidArgumentError, which commander shows with the option's name
 */
export function duration(text: string): number {
  const [, number, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  if (number === undefined) throw new InvalidArgumentError('It must be a number with m, h or d, for instance 24h.')
  return Number(number) * UNITS_MS[unit as keyof typeof UNITS_MS]
}
