/** Why a file, or an element of it, becomes no record: a fault, and the tag of the element. */
import type { RecordFault } from '#core/faults/codes.ts'
import type { Item } from '../item.ts'

export class Refusal {
  readonly fault: RecordFault
  /** As in the standard, `(0010,0020)`; undefined for the file as a whole. */
  readonly tag: string | undefined

  constructor(fault: RecordFault, tag?: string) {
    this.fault = fault
    this.tag = tag
  }
}

export function refused({ fault, tag }: Refusal, index: number, pointer = ''): Item {
  return { kind: 'undecodable', index, feed: 'imaging', pointer, fault, ...(tag === undefined ? {} : { path: tag }) }
}
