/** Procedure -> `procedure`. */
import type { Bundle } from './bundle.ts'
import { codeOf, conceptText } from './codes.ts'
import { headOf, type Mapped, ndaOf, one, performerRpps, unresolved } from './common.ts'
import { endOf, momentOf } from './dates.ts'
import { type Json, joined, object, objects, text } from './json.ts'

const SYSTEMS = ['ccam', 'snomed', 'ngap']

export function mapProcedure(procedure: Json, bundle: Bundle): Mapped {
  const head = headOf(procedure, bundle)
  if (!head) return unresolved('procedure')
  const code = codeOf(procedure.code, SYSTEMS)
  const unit = text(object(object(procedure.location)?.identifier)?.value)
  return one('procedure', {
    ...head,
    encounter_nda: ndaOf(procedure.encounter, procedure, bundle),
    code_system: code?.system ?? 'other',
    code: code?.code,
    performed_at: momentOf(procedure, 'performed'),
    ended_at: endOf(procedure.performedPeriod) ?? null,
    care_unit: unit !== undefined && /^[\w.-]{1,32}$/.test(unit) ? unit : null,
    performer_rpps: performerRpps(objects(procedure.performer)[0]?.actor, procedure, bundle),
    comment: joined([conceptText(procedure.code), ...objects(procedure.note).map((note) => text(note.text))]),
  })
}
