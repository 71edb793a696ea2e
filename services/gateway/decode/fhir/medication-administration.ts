/** MedicationAdministration -> `medication` of kind `administration`. */
import type { Bundle } from './bundle.ts'
import { headOf, type Mapped, ndaOf, one, unresolved } from './common.ts'
import { endOf, momentOf } from './dates.ts'
import { type Json, object } from './json.ts'
import { dosageOf, drugOf, medicationHead } from './medication.ts'

export function mapMedicationAdministration(administration: Json, bundle: Bundle): Mapped {
  const head = headOf(administration, bundle)
  if (!head) return unresolved('medication')
  const drug = drugOf(administration, bundle)
  const dosage = object(administration.dosage)
  return one('medication', {
    ...medicationHead(head, 'MedicationAdministration'),
    encounter_nda: ndaOf(administration.context, administration, bundle),
    kind: 'administration',
    code_system: drug?.system ?? 'other',
    code: drug?.code,
    started_at: momentOf(administration, 'effective'),
    ended_at: endOf(administration.effectivePeriod) ?? null,
    ...dosageOf(dosage, dosage?.dose),
  })
}
