/** A place in a message, in the terms of HL7: segment, its occurrence among those of its name, field, component (ERL of HL7 2.5 and later). */
export interface Location {
  readonly segment: string
  /** From 1. */
  readonly occurrence: number
  /** From 1; 0 for the segment as a whole. */
  readonly field: number
  readonly component?: number
}

const FORM = /^([A-Z][A-Z0-9]{2})\[(\d{1,9})\](?:-(\d{1,4})(?:-(\d{1,4}))?)?$/

/** @returns `OBX[2]-5-1`, or `OBX[2]` for the segment as a whole */
export function formatLocation({ segment, occurrence, field, component }: Location): string {
  const place = `${segment}[${occurrence}]`
  if (field === 0) return place
  return component === undefined ? `${place}-${field}` : `${place}-${field}-${component}`
}

/** @returns what `formatLocation` was given, or undefined for another text */
export function parseLocation(text: string): Location | undefined {
  const [, segment, occurrence, field = '0', component] = FORM.exec(text) ?? []
  if (segment === undefined) return undefined
  const place = { segment, occurrence: Number(occurrence), field: Number(field) }
  return component === undefined ? place : { ...place, component: Number(component) }
}
