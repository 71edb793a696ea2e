/** The options of `simulate`: their defaults, and their check, which reports all errors at once. */
import { readFileSync } from 'node:fs'
import { parseCalendarDate } from '#core/contract/calendar.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { DEATH_REGISTER, producerOf } from './hospital/hospital.ts'
import { DEFAULT_RATES } from './hospital/registration.ts'
import { DAY_MS } from './people/person.ts'
import type { WorldOptions } from './world.ts'

/** Two fixed years of the past, so that the same seed produces the same records on any day. */
export const DEFAULT_START = '2023-07-01'
export const DEFAULT_UNTIL = '2025-06-30'
export const DEFAULT_SHARED = 0.18

export interface SimulateFlags {
  readonly hospitals: string
  readonly patients: string
  readonly rate: string
  readonly seed: string
  readonly truth?: string
  readonly records?: string
  readonly out?: string
  readonly identities?: string
  readonly url?: string
  readonly keys?: string
  readonly start: string
  readonly until: string
  readonly typoRate?: string
  readonly missingRate?: string
  readonly swapRate?: string
  readonly sharedRate: string
  readonly profile: 'realistic' | 'load'
  readonly producers?: true
}

export interface SimulateOptions {
  readonly world: WorldOptions
  readonly records: number | undefined
  readonly rate: number
  /** Producers that need an API key. */
  readonly producers: readonly string[]
}

/**
 * @param nowMs the current time: no record may be dated after it
 * @throws ConfigurationError that names every wrong option
 */
export function simulateOptions(flags: SimulateFlags, nowMs: number): SimulateOptions {
  const problems: string[] = []
  const integer = (name: string, text: string, min: number, max: number) => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < min || value > max)
      problems.push(`--${name} must be an integer from ${min} to ${max}`)
    return value
  }
  const share = (name: string, text: string | undefined, byDefault: number) => {
    const value = text === undefined ? (flags.profile === 'load' ? 0 : byDefault) : Number(text)
    if (!(value >= 0 && value <= 1)) problems.push(`--${name} must be a share from 0 to 1`)
    return value
  }
  const date = (name: string, text: string) => {
    const days = parseCalendarDate(text)
    if (days === undefined) problems.push(`--${name} must be a date, YYYY-MM-DD`)
    return (days ?? 0) * DAY_MS
  }
  const rate = Number(flags.rate)
  if (!(rate >= 0 && rate <= 1_000_000))
    problems.push('--rate must be a number of records per second, 0 for as fast as possible')
  const startMs = date('start', flags.start)
  // The last second of the day.
  const untilMs = date('until', flags.until) + DAY_MS - 1000
  if (untilMs - startMs < DAY_MS) problems.push('--until must be after --start')
  if (untilMs > nowMs) problems.push('--until is in the future: the gateway rejects records with a future date')
  if (flags.out !== undefined && (flags.url !== undefined || flags.keys !== undefined))
    problems.push('--out writes files and sends nothing: leave out --url and --keys')
  if (
    flags.identities !== undefined &&
    (flags.out !== undefined || flags.url !== undefined || flags.truth !== undefined)
  )
    problems.push('--identities writes registrations and their truth: leave out --out, --url and --truth')
  const hospitals = integer('hospitals', flags.hospitals, 1, 200)
  const world: WorldOptions = {
    seed: integer('seed', flags.seed, 0, Number.MAX_SAFE_INTEGER),
    hospitals,
    patients: integer('patients', flags.patients, 1, 2_000_000),
    startMs,
    untilMs,
    rates: {
      typo: share('typo-rate', flags.typoRate, DEFAULT_RATES.typo),
      missing: share('missing-rate', flags.missingRate, DEFAULT_RATES.missing),
      swap: share('swap-rate', flags.swapRate, DEFAULT_RATES.swap),
    },
    shared: Number(flags.sharedRate),
  }
  if (!(world.shared >= 0 && world.shared <= 1)) problems.push('--shared-rate must be a share from 0 to 1')
  const records =
    flags.records === undefined ? undefined : integer('records', flags.records, 1, Number.MAX_SAFE_INTEGER)
  if (problems.length > 0) throw new ConfigurationError('The options are wrong', problems)
  return {
    world,
    records,
    rate,
    producers:
      flags.out === undefined && flags.identities === undefined
        ? [...Array.from({ length: hospitals }, (_, i) => producerOf(i)), DEATH_REGISTER]
        : [],
  }
}

/**
 * @param file of a JSON array of `{ "producer", "key" }`; `-` for stdin
 * @throws ConfigurationError when a producer's key is missing; the message has nothing of the file's content
 */
export function readKeys(file: string | undefined, producers: readonly string[]): ReadonlyMap<string, string> {
  const remedy =
    'run it as `chainon simulate` or `chainon sample`, which create keys for the local stack, or set --keys FILE'
  if (file === undefined) throw new ConfigurationError('API keys are missing', [remedy])
  const keys = new Map<string, string>()
  try {
    const rows: unknown = JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'))
    for (const row of Array.isArray(rows) ? (rows as unknown[]) : []) {
      const { producer, key } = (row ?? {}) as { producer?: unknown; key?: unknown }
      if (typeof producer === 'string' && typeof key === 'string') keys.set(producer, key)
    }
  } catch {
    throw new ConfigurationError('API keys cannot be read', [
      `${file === '-' ? 'stdin' : file} must contain a JSON array of { "producer", "key" }`,
    ])
  }
  const missing = producers.filter((producer) => !keys.has(producer))
  if (missing.length > 0)
    throw new ConfigurationError('API keys are missing', [`no key for ${missing.join(', ')}`, remedy])
  return keys
}
