/**
 * Observation -> `observation`: one record for its own value, and one for each component (a blood pressure has two and no value
 * of its own), whose `record_id` ends in the component's index.
 */
import type { Bundle } from './bundle.ts'
import { anyCode, codeOf, conceptText } from './codes.ts'
import { type FeedRecord, headOf, type Mapped, ndaOf, unresolved } from './common.ts'
import { momentOf, timestampOf } from './dates.ts'
import { type Json, joined, number, object, objects, text } from './json.ts'

const SYSTEMS = ['loinc', 'nabm', 'snomed']

export function mapObservation(observation: Json, bundle: Bundle): Mapped {
  const head = headOf(observation, bundle)
  if (!head) return unresolved('observation')
  const shared = {
    ...head,
    encounter_nda: ndaOf(observation.encounter, observation, bundle),
    effective_at: momentOf(observation, 'effective') ?? timestampOf(observation.issued),
  }
  const components = objects(observation.component)
  const hasValue = Object.keys(observation).some((name) => name.startsWith('value'))
  const records: FeedRecord[] = []
  if (hasValue || components.length === 0)
    records.push({ feed: 'observation', record: { ...shared, ...measured(observation) } })
  for (const [index, component] of components.entries()) {
    const record_id = head.record_id === undefined ? undefined : `${head.record_id}#${index}`
    records.push({ feed: 'observation', record: { ...shared, ...measured(component), record_id } })
  }
  return { ok: true, records }
}

/** Code, value and reference range, which an Observation and its components have in the same form. */
function measured(of: Json): Readonly<Record<string, unknown>> {
  const code = codeOf(of.code, SYSTEMS)
  const quantity = object(of.valueQuantity)
  const range = objects(of.referenceRange)[0]
  return {
    code_system: code?.system ?? 'other',
    code: code?.code,
    value_number: number(quantity?.value) ?? number(of.valueInteger) ?? null,
    value_unit: text(quantity?.code) ?? text(quantity?.unit) ?? null,
    value_code: codedValue(of),
    reference_low: number(object(range?.low)?.value) ?? null,
    reference_high: number(object(range?.high)?.value) ?? null,
    comment: joined([
      text(of.valueString),
      conceptText(of.valueCodeableConcept),
      text(of.valueDateTime),
      text(of.valueTime),
      ...objects(of.note).map((note) => text(note.text)),
    ]),
  }
}

function codedValue(of: Json): string | null {
  if (typeof of.valueBoolean === 'boolean') return String(of.valueBoolean)
  return anyCode(of.valueCodeableConcept) ?? null
}
