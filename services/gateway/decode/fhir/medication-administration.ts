/** MedicationAdministration -> `medication` of kind `administration`. */

import { type Json, object } from '#core/fhir/json.ts'
import type { Bundle } from './bundle.ts'
import { headOf, type Mapped, ndaOf, one, type Paths, unresolved } from './common.ts'
import { endOf, momentOf, startsOf } from './dates.ts'
import { dosageOf, drugOf, MEDICATION_PATHS, medicationHead } from './medication.ts'
import { type Refuse, symbolOf, within } from './refuse.ts'

const STATUSES = ['in-progress', 'not-done', 'on-hold', 'completed', 'stopped', 'unknown']

export const MEDICATION_ADMINISTRATION_PATHS: Paths = {
  medication: {
    ...MEDICATION_PATHS,
    encounter_nda: 'context',
    started_at: 'effective',
    started_precision: 'effective',
    ended_at: 'effective.end',
    ended_precision: 'effective.end',
    quantity: 'dosage.dose',
    quantity_unit: 'dosage.dose',
    route: 'dosage.route',
    dosage_text: ['dosage.text', 'dosage.route'],
  },
}

export function mapMedicationAdministration(administration: Json, bundle: Bundle, refuse: Refuse): Mapped {
  const head = headOf(administration, bundle)
  if (!head) return unresolved('medication')
  const drug = drugOf(administration, bundle)
  const dosage = object(administration.dosage)
  const started = momentOf(...startsOf(administration, 'effective'))
  const ended = momentOf(endOf(administration.effectivePeriod))
  return one('medication', {
    ...medicationHead(head, 'MedicationAdministration'),
    encounter_nda: ndaOf(administration.context, administration, bundle),
    kind: 'administration',
    code_system: drug?.system ?? 'other',
    code: drug?.code,
    code_source: drug?.source ?? null,
    started_at: started.at,
    started_precision: started.precision,
    ended_at: ended.at ?? null,
    ended_precision: ended.precision,
    status: symbolOf(administration, 'status', STATUSES, refuse),
    ...dosageOf(dosage, dosage, 'dose', within('dosage.', refuse)),
  })
}
