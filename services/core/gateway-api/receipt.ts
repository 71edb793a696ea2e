/** The receipt: the gateway's answer 202 to a request of which it accepts at least one record. */
import { type Static, Type } from 'typebox'
import { RECORD_COUNTS } from './record-counts.ts'

/** Pattern of a receipt's name. */
export const RECEIPT_ID = '^rcp_[A-Za-z0-9_-]{22}$'

export const Receipt = Type.Object(
  {
    receipt_id: Type.String({ pattern: RECEIPT_ID, description: 'Names this answer' }),
    ...RECORD_COUNTS,
    accepted: Type.Integer({ minimum: 1 }),
  },
  { $id: 'Receipt', description: 'How many records are stored, and which ones are rejected' },
)
export type Receipt = Readonly<Static<typeof Receipt>>
