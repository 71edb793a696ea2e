/** Columns that no mapping reads: they are left out, and counted by their place, never in silence. */
import { ACT_UNMAPPED, textAt, UNMAPPED } from '#core/pmsi/layout.ts'
import { type Line, zonesOf } from './line.ts'
import { placeOf } from './refusal.ts'

/** @returns `RSS columns 163-177` of all that has a value; of an act `RSS act columns 22-25`. Zeros are no value */
export function* unmappedColumns(line: Line): Generator<string> {
  for (const columns of UNMAPPED[line.kind]) if (hasValue(line, columns)) yield placeOf(line.kind, columns)
  if (line.kind !== 'RSS') return
  for (const [from, to] of zonesOf(line).acts) {
    const zone = { text: line.text.slice(from - 1, to) }
    for (const columns of ACT_UNMAPPED) if (hasValue(zone, columns)) yield `RSS act ${placeOf(undefined, columns)}`
  }
}

function hasValue(line: Pick<Line, 'text'>, columns: readonly [number, number]): boolean {
  return !/^0*$/.test(textAt(line, columns))
}
