/** OBX-11, the status of a result (HL7 table 0085): only what is established is a fact. */
import type { Operation } from './head.ts'
import { Refusal } from './refusal.ts'
import type { Segment } from './segment.ts'

/** F and C hold; D deletes, W was written by error, for instance for another patient. */
const OPERATIONS: Readonly<Record<string, Operation>> = { F: 'upsert', C: 'upsert', D: 'cancel', W: 'cancel' }
/**
 * Preliminary, not verified, partial, pending, not obtained, not asked, order detail, by other means; U makes a preliminary result final without its
 * value, and a preliminary result is not kept.
 */
const NOT_FACTS = ['P', 'R', 'S', 'I', 'X', 'N', 'O', 'U', 'B', 'V']

export const RESULT_STATUS: Readonly<Record<string, Operation | 'not-a-fact'>> = {
  ...OPERATIONS,
  ...Object.fromEntries(NOT_FACTS.map((status) => [status, 'not-a-fact'])),
}

/** @returns what the status means; a refusal for what is no fact, for an unknown status, and without one */
export function resultOperation(obx: Segment): Operation | Refusal {
  const status = obx.text(11)
  if (status === undefined) return new Refusal('required', obx.at(11))
  const meaning = Object.hasOwn(RESULT_STATUS, status) ? RESULT_STATUS[status] : undefined
  if (meaning === undefined) return new Refusal('enum', obx.at(11))
  return meaning === 'not-a-fact' ? new Refusal(meaning, obx.at(11)) : meaning
}
