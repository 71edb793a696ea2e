/** `GET /v1/events`: what failed of a producer's records, as server-sent events. The gateway sends them, `chainon events` reads them. */
import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { RECEIPT_ID } from './receipt.ts'

/** Name of the events. */
export const FAILURE_EVENT = 'failure'

/** Pattern of the id of an event: milliseconds since 1970, and a number among those of the same time. */
export const EVENT_ID = '^\\d{1,15}-\\d{1,20}$'

export const FailureEvent = Type.Object(
  {
    known_at: Type.String({ format: 'date-time', description: 'When the warehouse got to know of it' }),
    state: Type.Enum(['refused', 'rejected', 'quarantined'], { description: 'As in RecordState' }),
    feed: Type.String(),
    receipt_id: Type.Optional(
      Type.String({ pattern: RECEIPT_ID, description: 'Absent when the receipt was lost or is kept no longer' }),
    ),
    indexes: Type.Immutable(
      Type.Array(Type.Integer({ minimum: 0 }), { description: 'The records in that request; empty without a receipt' }),
    ),
    received_at: Type.Optional(Type.String({ format: 'date-time', description: 'Of a record that was accepted' })),
    rule: Type.String({ description: 'Rule of the contract, or code of a fault' }),
    pointer: Type.Optional(Type.String({ description: "JSON pointer into the feed's record; never a value" })),
    detail: Type.Optional(Type.String({ description: 'What the rule means' })),
  },
  {
    $id: 'FailureEvent',
    description: 'Records of one request that failed by one rule: the data of an event `failure`',
  },
)
export type FailureEvent = Readonly<Static<typeof FailureEvent>>

const events = Compile(FailureEvent)

/** @returns undefined when the text is no such event */
export function readFailureEvent(text: string): FailureEvent | undefined {
  try {
    const value = JSON.parse(text) as unknown
    return events.Check(value) ? value : undefined
  } catch {
    return undefined
  }
}
