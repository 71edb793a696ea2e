/** `GET /v1/receipts/{id}`: what became of the records of a request. The gateway answers it, `chainon receipt` and `chainon push` read it. */
import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { RECEIPT_ID } from './receipt.ts'

/** Largest number of records of one answer; those of the last index are complete. */
export const MAX_RECEIPT_PAGE = 1000

export const RECORD_STATES = {
  accepted: 'in the log, on its way',
  loaded: 'in the warehouse, in force',
  replaced: 'loaded, and a later version of the record is in force',
  cancelled: 'loaded, and a later version has cancelled the record',
  refused: 'not accepted by the gateway: `rule` and `pointer` say why',
  rejected: 'accepted, and rejected on its way by a rule of the contract',
  quarantined: 'accepted, and put aside because it could not be processed: `rule` is the fault',
  lost: 'accepted, and an operator has accepted that it is lost: send it again',
  unknown: 'accepted, and its place in the log is not known or belongs to another record: if in doubt, send it again',
} as const
export type RecordStateName = keyof typeof RECORD_STATES

export const RecordState = Type.Object(
  {
    index: Type.Integer({ minimum: 0, description: 'Position in the request, as in the errors of a receipt' }),
    feed: Type.String(),
    state: Type.Enum(Object.keys(RECORD_STATES) as RecordStateName[], {
      description: Object.entries(RECORD_STATES)
        .map(([state, meaning]) => `\`${state}\`: ${meaning}`)
        .join('. '),
    }),
    rule: Type.Optional(Type.String({ description: 'Rule of the contract, or code of a fault' })),
    pointer: Type.Optional(Type.String({ description: "JSON pointer into the feed's record; never a value" })),
    detail: Type.Optional(Type.String({ description: 'What the rule means' })),
  },
  { $id: 'RecordState', description: 'What became of a record' },
)
export type RecordState = Readonly<Static<typeof RecordState>>

export const ReceiptStates = Type.Object(
  {
    receipt_id: Type.String({ pattern: RECEIPT_ID }),
    received_at: Type.String({ format: 'date-time' }),
    expires_at: Type.String({ format: 'date-time', description: 'The receipt is kept until then; the records stay' }),
    accepted: Type.Integer({ minimum: 0, description: 'Records of the request that are in the log' }),
    refused: Type.Integer({ minimum: 0, description: 'Records of the request that the gateway refused' }),
    states: Type.Record(Type.String(), Type.Integer({ minimum: 1 }), {
      description: 'How many of `records` are in each state',
    }),
    records: Type.Immutable(Type.Array(RecordState, { description: 'By index' })),
    next: Type.Optional(
      Type.Integer({ minimum: 1, description: 'There are more: ask again with this as `from`; absent at the end' }),
    ),
  },
  { $id: 'ReceiptStates', description: 'What became of the records of a request' },
)
export type ReceiptStates = Readonly<Static<typeof ReceiptStates>>

const states = Compile(ReceiptStates)

/** @returns undefined when the body is not such an answer */
export function readReceiptStates(body: string): ReceiptStates | undefined {
  try {
    const value = JSON.parse(body) as unknown
    return states.Check(value) ? value : undefined
  } catch {
    return undefined
  }
}
