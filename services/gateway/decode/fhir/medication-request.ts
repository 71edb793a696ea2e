/** MedicationRequest -> `medication` of kind `request`. */
import type { Bundle } from './bundle.ts'
import { headOf, type Mapped, ndaOf, one, unresolved } from './common.ts'
import { endOf, startOf, timestampOf } from './dates.ts'
import { type Json, object, objects } from './json.ts'
import { dosageOf, drugOf, medicationHead } from './medication.ts'

export function mapMedicationRequest(request: Json, bundle: Bundle): Mapped {
  const head = headOf(request, bundle)
  if (!head) return unresolved('medication')
  const drug = drugOf(request, bundle)
  const dosage = objects(request.dosageInstruction)[0]
  const validity = object(request.dispenseRequest)?.validityPeriod
  return one('medication', {
    ...medicationHead(head, 'MedicationRequest'),
    encounter_nda: ndaOf(request.encounter, request, bundle),
    kind: 'request',
    code_system: drug?.system ?? 'other',
    code: drug?.code,
    started_at: timestampOf(request.authoredOn) ?? startOf(validity),
    ended_at: endOf(validity) ?? null,
    ...dosageOf(dosage, objects(dosage?.doseAndRate)[0]?.doseQuantity),
  })
}
