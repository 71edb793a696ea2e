/** The separators of a message: the sender chooses them, in MSH-1 and MSH-2 (HL7 2.5, 2.5.4; 2.7 adds a fifth, for truncation). */
export interface Separators {
  readonly field: string
  readonly component: string
  readonly repetition: string
  /** Undefined where MSH-2 has none: nothing is escaped then. */
  readonly escape: string | undefined
  /** Undefined where MSH-2 has none: a component has one value then. */
  readonly subcomponent: string | undefined
}

export const USUAL: Separators = { field: '|', component: '^', repetition: '~', escape: '\\', subcomponent: '&' }

/**
 * @param header an MSH, BHS or FHS segment
 * @returns undefined when a separator is missing, stands for two things, or is a letter, a digit, a space or a quote
 */
export function readSeparators(header: string): Separators | undefined {
  const field = header[3]
  if (field === undefined) return undefined
  const end = header.indexOf(field, 4)
  const [component, repetition, escape, subcomponent, ...truncation] = header.slice(4, end === -1 ? undefined : end)
  const all = [field, component, repetition, escape, subcomponent, ...truncation]
  const given = all.filter((one) => one !== undefined)
  if (component === undefined || repetition === undefined || given.length > 6) return undefined
  if (new Set(given).size < given.length || given.some((one) => !isSeparator(one))) return undefined
  return { field, component, repetition, escape, subcomponent }
}

function isSeparator(character: string): boolean {
  return /^[!#-/:-@[-`{-~]$/.test(character)
}
