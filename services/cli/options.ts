/** Readers of option values, for several commands. */
import { InvalidArgumentError } from 'commander'
import { isTimeZone } from '#core/contract/local-time.ts'

/** @throws InvalidArgumentError, which commander shows with the option's name */
export function positiveInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It must be an integer, 1 or more.')
  return value
}

/** @throws InvalidArgumentError, which commander shows with the option's name */
export function index(text: string): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : -1
  if (value < 0) throw new InvalidArgumentError('It must be an integer, 0 or more.')
  return value
}

/** @throws InvalidArgumentError, as above */
export function timeZone(text: string): string {
  if (!isTimeZone(text))
    throw new InvalidArgumentError('It must be a name of the IANA time zone database, for instance Europe/Paris.')
  return text
}
