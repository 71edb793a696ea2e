/** Reads JSON of unknown shape: a value of a wrong type counts as absent, and the contract then reports what is missing. */
export type Json = Readonly<Record<string, unknown>>

export function object(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}

/** @returns the objects of an array, other elements left out */
export function objects(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter((element): element is Json => object(element) !== undefined) : []
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function texts(value: unknown): readonly string[] {
  return Array.isArray(value)
    ? value.filter((element): element is string => typeof element === 'string' && element !== '')
    : []
}

/** @returns the texts joined by a new line, or null when there is none */
export function joined(texts: readonly (string | undefined)[]): string | null {
  const present = texts.filter((one) => one !== undefined && one !== '')
  return present.length > 0 ? present.join('\n') : null
}
