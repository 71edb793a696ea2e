/** Why a line, or a part of it, becomes no record: a fault, and the columns that it is in. */
import type { RecordFault } from '#core/faults/codes.ts'
import type { Columns, LineKind } from '#core/pmsi/layout.ts'
import type { Item } from '../item.ts'

export class Refusal {
  readonly fault: RecordFault
  readonly columns: Columns | undefined
  readonly allowed: readonly string[] | undefined

  constructor(fault: RecordFault, columns?: Columns, allowed?: readonly string[]) {
    this.fault = fault
    this.columns = columns
    this.allowed = allowed
  }
}

/** @param kind of the line, undefined where it is none that is known */
export function refused(
  { fault, columns, allowed }: Refusal,
  index: number,
  kind: LineKind | undefined,
  feed?: string,
  pointer = '',
): Item {
  const path = columns && placeOf(kind, columns)
  return {
    kind: 'undecodable',
    index,
    feed,
    pointer,
    fault,
    ...(path === undefined ? {} : { path }),
    ...(allowed === undefined ? {} : { allowed }),
  }
}

/** @returns `RSS columns 93-100`; of a line of no known kind `columns 10-12` */
export function placeOf(kind: LineKind | undefined, [from, to]: Columns): string {
  const columns = from === to ? `column ${from}` : `columns ${from}-${to}`
  return kind === undefined ? columns : `${kind} ${columns}`
}
