/**
 * A mapping as a table: of each field of a feed, where it comes from in the message, and how it is read. Records, the places that errors name,
 * and the published page (docs/formats/hl7v2.md) come from this one table.
 */
import type { Item } from '../item.ts'
import { formatLocation, type Location } from './location.ts'
import type { Message } from './message.ts'
import { Refusal } from './refusal.ts'
import type { Segment } from './segment.ts'
import type { Settings } from './settings.ts'

/** What every mapping reads: the message, and what is the same for each of its records. */
export interface Context {
  readonly message: Message
  readonly settings: Settings
  /** When the gateway received it, milliseconds since 1970. */
  readonly receivedAt: number
  readonly version: number
  /** Of the patient of these records. */
  readonly pid: Segment
  readonly pv1: Segment | undefined
  readonly ipp: string
  /** The stay's number, null where the message has none. */
  readonly nda: string | null
  /** @returns where the field of a segment is, in this record's part of the message */
  locate(segment: string, field: number, component?: number): Location
}

export interface FieldMap<S> {
  /** Fields of the message, the preferred one first; none for what is not in it. */
  readonly from: readonly string[]
  /** What the page says beside the fields. */
  readonly note?: string
  /** @returns the value in the form of the contract's JSON */
  read(source: S): unknown
}

export interface RecordMap<S> {
  readonly feed: string
  readonly fields: Readonly<Record<string, FieldMap<S>>>
}

/** @returns the record as an item, or the first refusal of its fields */
export function buildRecord<S extends Context>(map: RecordMap<S>, source: S, index: number): Item {
  const raw: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(map.fields)) {
    const value = field.read(source)
    if (value instanceof Refusal) return refused(value, index, map.feed, `/${name}`)
    raw[name] = value
  }
  const pathOf = (name: string) => {
    const field = map.fields[name]
    const [, segment = '', number = '0', component] =
      /^([A-Z][A-Z0-9]{2})-(\d+)(?:-(\d+))?/.exec(field?.from[0] ?? '') ?? []
    if (segment === '') return undefined
    return formatLocation(
      source.locate(segment, Number(number), component === undefined ? undefined : Number(component)),
    )
  }
  return { kind: 'decoded', index, feed: map.feed, raw, source: 'json', pathOf }
}

export function refused(refusal: Refusal, index: number, feed?: string, pointer = ''): Item {
  const { allowed } = refusal
  return {
    kind: 'undecodable',
    index,
    feed,
    pointer,
    fault: refusal.fault,
    path: formatLocation(refusal.location),
    ...(allowed === undefined ? {} : { allowed }),
  }
}
