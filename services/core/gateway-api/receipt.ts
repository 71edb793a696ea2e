/** The receipt: the gateway's answer 202 to a request of which it accepts at least one record. */
import { type Static, Type } from 'typebox'
import { RECORD_COUNTS } from './record-counts.ts'

export const Receipt = Type.Object(
  {
    receipt_id: Type.String({ pattern: '^rcp_[A-Za-z0-9_-]{22}$', description: 'Names this answer' }),
    ...RECORD_COUNTS,
    accepted: Type.Integer({ minimum: 1 }),
  },
  { $id: 'Receipt', description: 'How many records are stored, and which ones are rejected' },
)
export type Receipt = Readonly<Static<typeof Receipt>>
