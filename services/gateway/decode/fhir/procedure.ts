/** Procedure -> `procedure`. */

import { type Json, joined, object, objects, text } from '#core/fhir/json.ts'
import type { Bundle } from './bundle.ts'
import { codeOf, conceptText } from './codes.ts'
import { HEAD_PATHS, headOf, type Mapped, ndaOf, one, type Paths, performerRpps, unresolved } from './common.ts'
import { endOf, momentOf, startsOf } from './dates.ts'
import { type Refuse, symbolOf } from './refuse.ts'

const SYSTEMS = ['ccam', 'snomed', 'ngap']
const STATUSES = ['preparation', 'in-progress', 'not-done', 'on-hold', 'stopped', 'completed', 'unknown']

export const PROCEDURE_PATHS: Paths = {
  procedure: {
    ...HEAD_PATHS,
    encounter_nda: 'encounter',
    code_system: 'code',
    code: 'code',
    code_source: 'code',
    performed_at: 'performed',
    performed_precision: 'performed',
    ended_at: 'performed.end',
    ended_precision: 'performed.end',
    care_unit: 'location.identifier',
    performer_rpps: 'performer[0].actor',
    status: 'status',
    comment: ['note.text', 'code'],
  },
}

export function mapProcedure(procedure: Json, bundle: Bundle, refuse: Refuse): Mapped {
  const head = headOf(procedure, bundle)
  if (!head) return unresolved('procedure')
  const code = codeOf(procedure.code, SYSTEMS)
  const unit = text(object(object(procedure.location)?.identifier)?.value)
  const performed = momentOf(...startsOf(procedure, 'performed'))
  const ended = momentOf(endOf(procedure.performedPeriod))
  return one('procedure', {
    ...head,
    encounter_nda: ndaOf(procedure.encounter, procedure, bundle),
    code_system: code?.system ?? 'other',
    code: code?.code,
    code_source: code?.source ?? null,
    performed_at: performed.at,
    performed_precision: performed.precision,
    ended_at: ended.at ?? null,
    ended_precision: ended.precision,
    care_unit: unit !== undefined && /^[\w.-]{1,32}$/.test(unit) ? unit : null,
    performer_rpps: performerRpps(objects(procedure.performer)[0]?.actor, procedure, bundle),
    status: symbolOf(procedure, 'status', STATUSES, refuse),
    comment: joined([conceptText(procedure.code), ...objects(procedure.note).map((note) => text(note.text))]),
  })
}
