/** Action codes of segments (HL7 table 0206): what becomes of the record that a segment names. */
import type { Operation } from './head.ts'
import { Refusal } from './refusal.ts'
import type { Segment } from './segment.ts'

const OPERATIONS: Readonly<Record<string, Operation>> = {
  A: 'upsert',
  U: 'upsert',
  X: 'upsert',
  S: 'upsert',
  D: 'cancel',
}

/** @returns what the field says, `upsert` where it is empty: no change (X) and a snapshot (S) repeat the record */
export function actionOf(segment: Segment, field: number): Operation | Refusal {
  const given = segment.text(field) ?? 'A'
  return (
    (Object.hasOwn(OPERATIONS, given) ? OPERATIONS[given] : undefined) ??
    new Refusal('enum', segment.at(field), Object.keys(OPERATIONS))
  )
}
