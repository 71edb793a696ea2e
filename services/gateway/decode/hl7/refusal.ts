/** Why a message, or a part of it, becomes no record: a fault, and where it is in the message. */
import type { RecordFault } from '#core/faults/codes.ts'
import type { Location } from './location.ts'

export class Refusal {
  readonly fault: RecordFault
  readonly location: Location

  constructor(fault: RecordFault, location: Location) {
    this.fault = fault
    this.location = location
  }
}
