/** Small pieces of strict validation: every problem is collected under its place in the file, none stops the reading. */
import { parseCalendarDate } from '#core/contract/calendar.ts'

export class Problems {
  readonly list: string[] = []

  /** @param place where in the file, for instance `tables[2].columns` */
  add(place: string, text: string): undefined {
    this.list.push(place === '' ? text : `${place}: ${text}`)
    return undefined
  }
}

/** @returns the object, when it is one; unknown and missing keys are problems */
export function readObject(
  value: unknown,
  place: string,
  problems: Problems,
  keys: { readonly required: readonly string[]; readonly optional?: readonly string[] },
): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return problems.add(place, 'must be a mapping (key: value)')
  const known = [...keys.required, ...(keys.optional ?? [])]
  for (const key of Object.keys(value)) {
    // An unknown key is echoed only when it looks like one: it might be a pasted value.
    if (!known.includes(key))
      problems.add(
        place,
        `${/^\w{1,40}$/.test(key) ? `'${key}'` : 'a key'} is not known here; known are ${known.join(', ')}`,
      )
  }
  for (const key of keys.required) if (!Object.hasOwn(value, key)) problems.add(place, `'${key}' is missing`)
  return value as Record<string, unknown>
}

/** @returns the list's items; a missing list is empty */
export function readList(
  value: unknown,
  place: string,
  problems: Problems,
  bounds = { min: 0, max: 200 },
): readonly unknown[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) {
    problems.add(place, 'must be a list')
    return []
  }
  if (value.length < bounds.min || value.length > bounds.max)
    problems.add(place, `must have ${bounds.min} to ${bounds.max} items`)
  return value
}

/** @returns the text, when it is one without control characters */
export function readText(value: unknown, place: string, problems: Problems, maxLength = 200): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string')
    return problems.add(place, 'must be text (put quotes around a code that looks like a number)')
  if (value.trim() === '' || value.length > maxLength)
    return problems.add(place, `must have 1 to ${maxLength} characters`)
  if (/\p{Cc}/u.test(value.replaceAll('\n', ' ')) || !value.isWellFormed())
    return problems.add(place, 'must not hold control characters')
  return value
}

export function readInteger(
  value: unknown,
  place: string,
  problems: Problems,
  min: number,
  max: number,
): number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
  return problems.add(place, `must be a whole number from ${min} to ${max}`)
}

/** @returns the date as `YYYY-MM-DD` */
export function readDate(value: unknown, place: string, problems: Problems): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && parseCalendarDate(value) !== undefined) return value
  return problems.add(place, 'must be a date of the calendar, YYYY-MM-DD')
}

export function readBoolean(value: unknown, place: string, problems: Problems, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value === 'boolean') return value
  problems.add(place, 'must be true or false')
  return fallback
}

export function readSymbol<T extends string>(
  value: unknown,
  place: string,
  problems: Problems,
  symbols: readonly T[],
): T | undefined {
  if (value === undefined) return undefined
  if (symbols.includes(value as T)) return value as T
  return problems.add(place, `must be one of ${symbols.join(', ')}`)
}
