/** MedicationRequest -> `medication` of kind `request`. */

import { type Json, joined, object, objects, text } from '#core/fhir/json.ts'
import type { Bundle } from './bundle.ts'
import { headOf, type Mapped, ndaOf, one, type Paths, unresolved } from './common.ts'
import { endOf, momentOf, startOf } from './dates.ts'
import { dosageOf, drugOf, MEDICATION_PATHS, medicationHead } from './medication.ts'
import { booleanOf, type Refuse, symbolOf, within } from './refuse.ts'

const STATUSES = ['active', 'on-hold', 'cancelled', 'completed', 'stopped', 'draft', 'unknown']
const INTENTS = [
  'proposal',
  'plan',
  'order',
  'original-order',
  'reflex-order',
  'filler-order',
  'instance-order',
  'option',
]

export const MEDICATION_REQUEST_PATHS: Paths = {
  medication: {
    ...MEDICATION_PATHS,
    encounter_nda: 'encounter',
    started_at: ['authoredOn', 'dispenseRequest.validityPeriod.start'],
    started_precision: ['authoredOn', 'dispenseRequest.validityPeriod.start'],
    ended_at: 'dispenseRequest.validityPeriod.end',
    ended_precision: 'dispenseRequest.validityPeriod.end',
    intent: 'intent',
    do_not_perform: 'doNotPerform',
    quantity: 'dosageInstruction[0].doseAndRate[0].dose',
    quantity_low: 'dosageInstruction[0].doseAndRate[0].dose',
    quantity_high: 'dosageInstruction[0].doseAndRate[0].dose',
    quantity_unit: 'dosageInstruction[0].doseAndRate[0].dose',
    dosage_count: 'dosageInstruction',
    route: 'dosageInstruction[0].route',
    dosage_text: ['dosageInstruction.text', 'dosageInstruction.patientInstruction', 'dosageInstruction.route'],
  },
}

export function mapMedicationRequest(request: Json, bundle: Bundle, refuse: Refuse): Mapped {
  const head = headOf(request, bundle)
  if (!head) return unresolved('medication')
  const drug = drugOf(request, bundle)
  const dosages = objects(request.dosageInstruction)
  const validity = object(request.dispenseRequest)?.validityPeriod
  const started = momentOf(request.authoredOn, startOf(validity))
  const ended = momentOf(endOf(validity))
  return one('medication', {
    ...medicationHead(head, 'MedicationRequest'),
    encounter_nda: ndaOf(request.encounter, request, bundle),
    kind: 'request',
    code_system: drug?.system ?? 'other',
    code: drug?.code,
    code_source: drug?.source ?? null,
    started_at: started.at,
    started_precision: started.precision,
    ended_at: ended.at ?? null,
    ended_precision: ended.precision,
    status: symbolOf(request, 'status', STATUSES, refuse),
    intent: symbolOf(request, 'intent', INTENTS, refuse),
    do_not_perform: booleanOf(request, 'doNotPerform', refuse) ?? null,
    dosage_count: dosages.length,
    ...requestedDose(dosages, refuse),
  })
}

/** One quantity is the dose; one of several instructions, or of several rates of an instruction, would be another dose. */
function requestedDose(dosages: readonly Json[], refuse: Refuse): Readonly<Record<string, unknown>> {
  const [dosage] = dosages
  const rates = objects(dosage?.doseAndRate)
  const inside = within('dosageInstruction[0].doseAndRate[0].', refuse)
  if (dosages.length <= 1) {
    const dose = dosageOf(dosage, rates[0], 'doseQuantity', inside)
    return rates.length > 1 ? { ...dose, quantity: null, quantity_low: null, quantity_high: null } : dose
  }
  const texts = dosages.flatMap((one) => [text(one.text), text(one.patientInstruction)])
  return { quantity: null, quantity_unit: null, route: null, dosage_text: joined(texts) }
}
