/** Why a message, or a part of it, becomes no record: a fault, where it is in the message, and what may be there in the words of HL7. */
import type { RecordFault } from '#core/faults/codes.ts'
import type { Location } from './location.ts'

export class Refusal {
  readonly fault: RecordFault
  readonly location: Location
  readonly allowed: readonly string[] | undefined

  constructor(fault: RecordFault, location: Location, allowed?: readonly string[]) {
    this.fault = fault
    this.location = location
    this.allowed = allowed
  }
}
