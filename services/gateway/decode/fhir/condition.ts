/** Condition -> `diagnosis`. */
import type { Bundle } from './bundle.ts'
import { anyCode, codeOf, conceptText } from './codes.ts'
import { headOf, type Mapped, ndaOf, one, unresolved } from './common.ts'
import { dayOf, momentOf, timestampOf } from './dates.ts'
import { type Json, joined, object, objects, text } from './json.ts'

const SYSTEMS = ['cim10', 'snomed', 'icd11', 'orpha']

export function mapCondition(condition: Json, bundle: Bundle): Mapped {
  const head = headOf(condition, bundle)
  if (!head) return unresolved('diagnosis')
  const code = codeOf(condition.code, SYSTEMS)
  const categories = objects(condition.category).map(anyCode)
  return one('diagnosis', {
    ...head,
    encounter_nda: ndaOf(condition.encounter, condition, bundle),
    code_system: code?.system ?? 'other',
    code: code?.code,
    kind: categories.includes('problem-list-item') ? 'problem' : 'other',
    recorded_at: timestampOf(condition.recordedDate) ?? momentOf(condition, 'onset'),
    onset_on: dayOf(condition.onsetDateTime) ?? dayOf(object(condition.onsetPeriod)?.start) ?? null,
    resolved_on: dayOf(condition.abatementDateTime) ?? dayOf(object(condition.abatementPeriod)?.end) ?? null,
    comment: joined([conceptText(condition.code), ...objects(condition.note).map((note) => text(note.text))]),
  })
}
