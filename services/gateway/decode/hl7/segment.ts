/** One segment of a message. Its parts are cut when they are asked for; a value is unescaped last. */
import { type ReadBytes, unescape } from './escapes.ts'
import type { Location } from './location.ts'
import type { Separators } from './separators.ts'

/** A value: undefined where it was not sent, null where it was sent as `""`, which deletes it. */
export type Value = string | null | undefined

export interface Encoding {
  readonly separators: Separators
  readonly readBytes: ReadBytes
}

/** One repetition of a field. */
export class Field {
  readonly #components: readonly string[]
  readonly #encoding: Encoding

  constructor(text: string, encoding: Encoding) {
    this.#components = text.split(encoding.separators.component)
    this.#encoding = encoding
  }

  /** @param component from 1 @param subcomponent from 1 */
  value(component = 1, subcomponent = 1): Value {
    const { separators, readBytes } = this.#encoding
    const whole = this.#components[component - 1] ?? ''
    const parts = separators.subcomponent === undefined ? [whole] : whole.split(separators.subcomponent)
    const part = parts[subcomponent - 1] ?? ''
    if (part === '') return undefined
    return part === '""' ? null : unescape(part, separators, readBytes)
  }

  /** @returns the value; undefined, too, where it was sent as `""` */
  text(component = 1, subcomponent = 1): string | undefined {
    return this.value(component, subcomponent) ?? undefined
  }
}

export class Segment {
  readonly name: string
  /** Among the segments of its name, from 1. */
  readonly occurrence: number
  readonly #fields: readonly string[]
  readonly #encoding: Encoding

  constructor(text: string, occurrence: number, encoding: Encoding) {
    const { field } = encoding.separators
    this.name = text.slice(0, 3)
    this.occurrence = occurrence
    // In a header the first separator is a field itself.
    this.#fields = isHeader(this.name) ? [this.name, field, ...text.slice(4).split(field)] : text.split(field)
    this.#encoding = encoding
  }

  get separators(): Separators {
    return this.#encoding.separators
  }

  /** @returns the repetitions of the field that have a value */
  repetitions(field: number): readonly Field[] {
    const text = this.#fields[field] ?? ''
    if (text === '') return []
    return text.split(this.#encoding.separators.repetition).map((one) => new Field(one, this.#encoding))
  }

  /** @returns the first repetition, of which every value may be missing */
  field(field: number): Field {
    return this.repetitions(field)[0] ?? new Field('', this.#encoding)
  }

  value(field: number, component = 1, subcomponent = 1): Value {
    return this.field(field).value(component, subcomponent)
  }

  text(field: number, component = 1, subcomponent = 1): string | undefined {
    return this.field(field).text(component, subcomponent)
  }

  /** @returns the numbers of the fields with a value; one that is deleted (`""`) has none */
  filled(): readonly number[] {
    return this.#fields.flatMap((text, field) => (field === 0 || text === '' || text === '""' ? [] : [field]))
  }

  /** @returns the whole field as it was written */
  raw(field: number): string {
    return this.#fields[field] ?? ''
  }

  at(field: number, component?: number): Location {
    const place = { segment: this.name, occurrence: this.occurrence, field }
    return component === undefined ? place : { ...place, component }
  }
}

function isHeader(name: string): boolean {
  return name === 'MSH' || name === 'BHS' || name === 'FHS'
}
