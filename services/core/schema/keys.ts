/** Keys that an object may not have. */
import type { TObject } from 'typebox'
import { nearest } from './nearest.ts'
import type { Place } from './place.ts'

/** A text that does not look like a key might be a value in the wrong place, and is not repeated. */
const KEY = /^[A-Za-z_][\w-]{0,39}$/

/** An object of a union, by the word that distinguishes it from the others, where there is one (`action: keep`). */
export interface NamedObject {
  readonly name?: string
  readonly schema: TObject
}

/**
 * Reports each key that the schema does not have.
 * @param variant set when the schema is one of several: its name, and the others, whose keys are known but in the wrong place
 * @returns the keys that were suggested: their absence needs no second message
 */
export function reportUnknownKeys(
  value: Readonly<Record<string, unknown>>,
  schema: TObject,
  place: Place,
  variant: { readonly name?: string; readonly others: readonly NamedObject[] } = { others: [] },
): ReadonlySet<string> {
  const known = Object.keys(schema.properties)
  const suggested = new Set<string>()
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue
    const owners = variant.others.filter(({ schema }) => Object.hasOwn(schema.properties, key)).map(({ name }) => name)
    if (owners.length > 0) {
      place.say(`'${key}' is a key of ${owners.join(', ')}, not of ${variant.name}`)
      continue
    }
    const near = KEY.test(key) ? nearest(key, known) : undefined
    if (near !== undefined) suggested.add(near)
    const shown = KEY.test(key) ? `unknown key '${key}'` : 'unknown key (it is not shown, because it may be a value)'
    place.say(near === undefined ? `${shown}; known keys: ${known.join(', ')}` : `${shown}; did you mean '${near}'?`)
  }
  return suggested
}
