/**
 * Observation -> `observation`: one record for its own value, and one for each component (a blood pressure has two and no value
 * of its own), whose `record_id` ends in the component's index. A note, and a reason for no value, are of the whole.
 */

import { type Json, joined, object, objects, text } from '#core/fhir/json.ts'
import type { Bundle } from './bundle.ts'
import { codeOf } from './codes.ts'
import { type FeedRecord, HEAD_PATHS, headOf, type Mapped, ndaOf, type Paths, unresolved } from './common.ts'
import { momentOf, startsOf } from './dates.ts'
import { referenceOf, valueNames, valueOf } from './observation-value.ts'
import { type Refuse, symbolOf, within } from './refuse.ts'

const SYSTEMS = ['loinc', 'nabm', 'snomed']
const STATUSES = ['registered', 'preliminary', 'final', 'amended', 'corrected', 'cancelled', 'unknown']

export const OBSERVATION_PATHS: Paths = {
  observation: {
    ...HEAD_PATHS,
    encounter_nda: 'encounter',
    code_system: 'code',
    code: 'code',
    code_source: 'code',
    effective_at: ['effective', 'issued'],
    effective_precision: ['effective', 'issued'],
    status: 'status',
    value_kind: ['value', 'dataAbsentReason'],
    value_number: 'value',
    value_unit: 'value',
    value_comparator: 'value',
    value_code: 'value',
    value_system: 'value',
    value_low: 'value',
    value_high: 'value',
    value_numerator: 'value',
    value_denominator: 'value',
    value_text: ['value', 'dataAbsentReason'],
    value_at: 'value',
    value_at_precision: 'value',
    value_until: 'value',
    value_until_precision: 'value',
    value_time: 'value',
    value_absent_reason: 'dataAbsentReason',
    reference_low: 'referenceRange.low',
    reference_high: 'referenceRange.high',
    comment: 'note.text',
  },
}

export function mapObservation(observation: Json, bundle: Bundle, refuse: Refuse): Mapped {
  const head = headOf(observation, bundle)
  if (!head) return unresolved('observation')
  const effective = momentOf(...startsOf(observation, 'effective'), observation.issued)
  const shared = {
    ...head,
    encounter_nda: ndaOf(observation.encounter, observation, bundle),
    effective_at: effective.at,
    effective_precision: effective.precision,
    status: symbolOf(observation, 'status', STATUSES, refuse),
  }
  const components = objects(observation.component)
  const records: FeedRecord[] = []
  if (components.length === 0 || hasOwn(observation))
    records.push({ feed: 'observation', record: { ...shared, ...measured(observation, refuse) } })
  for (const [index, component] of components.entries()) {
    const record_id = head.record_id === undefined ? undefined : `${head.record_id}#${index}`
    const element = `component[${index}]`
    const fields = measured(component, within(`${element}.`, refuse))
    records.push({ feed: 'observation', record: { ...shared, ...fields, record_id }, element })
  }
  return { ok: true, records }
}

function hasOwn(observation: Json): boolean {
  const { dataAbsentReason, note } = observation
  return valueNames(observation).length > 0 || object(dataAbsentReason) !== undefined || objects(note).length > 0
}

/** Code, value and reference range, which an Observation and its components have in the same form. */
function measured(of: Json, refuse: Refuse): Readonly<Record<string, unknown>> {
  const code = codeOf(of.code, SYSTEMS)
  return {
    code_system: code?.system ?? 'other',
    code: code?.code,
    code_source: code?.source ?? null,
    ...valueOf(of, refuse),
    ...referenceOf(of, refuse),
    comment: joined(objects(of.note).map((note) => text(note.text))),
  }
}
