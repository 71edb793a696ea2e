/**
 * A mapping as a table: of each field of a feed, the columns that it comes from, and how it is read. Records, the places that errors name, and the
 * published page (docs/formats/pmsi.md) come from this one table.
 */

import type { Columns, LineKind } from '#core/pmsi/layout.ts'
import type { Item } from '../item.ts'
import { placeOf, Refusal, refused } from './refusal.ts'

export interface FieldMap<S> {
  /** The preferred ones first; none for what is not in the line. */
  readonly from: readonly Columns[]
  /** What the page says beside the columns. */
  readonly note?: string
  /** Where the value is in the line, where that is not the same for each record. */
  place?(source: S): Columns
  /** @returns the value in the form of the contract's JSON */
  read(source: S): unknown
}

export interface RecordMap<S> {
  readonly feed: string
  readonly line: LineKind
  readonly fields: Readonly<Record<string, FieldMap<S>>>
}

/** @returns the record as an item, or the first refusal of its fields */
export function buildRecord<S>(map: RecordMap<S>, source: S, index: number): Item {
  const raw: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(map.fields)) {
    const value = field.read(source)
    if (value instanceof Refusal) return refused(value, index, map.line, map.feed, `/${name}`)
    raw[name] = value
  }
  const pathOf = (name: string) => {
    const field = map.fields[name]
    const columns = field?.place?.(source) ?? field?.from[0]
    return columns && placeOf(map.line, columns)
  }
  return { kind: 'decoded', index, feed: map.feed, raw, source: 'json', pathOf }
}
