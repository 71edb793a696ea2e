/** OBX-11, the status of a result (HL7 table 0085), as the columns say it in the words of FHIR. */
import type { Operation } from './head.ts'
import { Refusal } from './refusal.ts'
import type { Segment } from './segment.ts'

/** D deletes, W was written by error, for instance for another patient. */
const CANCELS = ['D', 'W']
const ENTERED = 'registered'
const NOT_FINAL = 'preliminary'
const NOT_DONE = 'cancelled'
/**
 * O describes the order, I waits for the result; R is not verified, S partial; X cannot be obtained, N was not asked for. Of B and V, which
 * senders define for themselves, it is not known whether they are final. U makes a preliminary result final.
 */
const STATUSES: Readonly<Record<string, string>> = {
  F: 'final',
  U: 'final',
  C: 'corrected',
  P: NOT_FINAL,
  R: NOT_FINAL,
  S: NOT_FINAL,
  I: ENTERED,
  O: ENTERED,
  X: NOT_DONE,
  N: NOT_DONE,
  B: 'unknown',
  V: 'unknown',
}
/** Of these a result has a value, or there is nothing to keep. */
const FACTS = ['final', 'corrected']
/** `document.doc_status`. */
const COMPLETION: Readonly<Record<string, string>> = {
  final: 'final',
  corrected: 'amended',
  preliminary: 'preliminary',
}

/** What the page says of each status. */
export const RESULT_STATUS: Readonly<Record<string, string>> = {
  ...STATUSES,
  ...Object.fromEntries(CANCELS.map((status) => [status, 'cancel'])),
}

export interface ResultState {
  readonly operation: Operation
  /** Of the column; null for a cancellation. */
  readonly status: string | null
  /** Whether a result without a value is refused. */
  readonly needsValue: boolean
}

/**
 * @returns what the status means; a refusal for an unknown status, without one, and for U without the value: a record that says so would replace
 *   the value that was sent before
 */
export function resultState(obx: Segment): ResultState | Refusal {
  const given = obx.text(11)
  if (given === undefined) return new Refusal('required', obx.at(11))
  if (CANCELS.includes(given)) return { operation: 'cancel', status: null, needsValue: false }
  const status = Object.hasOwn(STATUSES, given) ? STATUSES[given] : undefined
  if (status === undefined) return new Refusal('enum', obx.at(11), Object.keys(RESULT_STATUS))
  if (given === 'U' && obx.repetitions(5).length === 0) return new Refusal('unmapped-value', obx.at(11))
  return { operation: 'upsert', status, needsValue: FACTS.includes(status) }
}

/** @returns the state of a document that comes as a result; a refusal where there is no document yet, or no word for its state */
export function attachmentState(obx: Segment): ResultState | Refusal {
  const state = resultState(obx)
  if (state instanceof Refusal || state.status === null) return state
  const completion = Object.hasOwn(COMPLETION, state.status) ? COMPLETION[state.status] : undefined
  return completion === undefined ? new Refusal('not-a-fact', obx.at(11)) : { ...state, status: completion }
}
