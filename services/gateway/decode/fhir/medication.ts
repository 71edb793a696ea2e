/** What a prescription and an administration have in common: the drug, the dose, the route. */

import { type Json, joined, object, text } from '#core/fhir/json.ts'
import type { Bundle } from './bundle.ts'
import { anyCode, type Code, codeOf, conceptText } from './codes.ts'
import { HEAD_PATHS, type Head } from './common.ts'
import { exactQuantity, rangeOf } from './quantities.ts'
import type { Refuse } from './refuse.ts'
import { DRUG_SYSTEMS } from './target.ts'

export const MEDICATION_PATHS = {
  ...HEAD_PATHS,
  code_system: 'medication',
  code: 'medication',
  code_source: 'medication',
  status: 'status',
}

/** @returns the drug's code, from the concept or from the Medication that is referred to */
export function drugOf(resource: Json, bundle: Bundle): Code | undefined {
  const concept = resource.medicationCodeableConcept
  return concept === undefined || concept === null
    ? bundle.resolve(resource.medicationReference, resource)?.drug
    : codeOf(concept, DRUG_SYSTEMS)
}

/** Prescriptions and administrations are numbered separately and share a feed: with the type their identifiers stay different. */
export function medicationHead(head: Head, type: string): Head {
  return { ...head, record_id: head.record_id === undefined ? undefined : `${type}/${head.record_id}` }
}

/**
 * @param dosage a Dosage, or an administration's own dosage
 * @param dose what contains the quantity
 * @param name of the quantity in it; a range has its own name
 */
export function dosageOf(
  dosage: Json | undefined,
  dose: Json | undefined,
  name: string,
  refuse: Refuse,
): Readonly<Record<string, unknown>> {
  const quantity = exactQuantity(dose ?? {}, name, refuse)
  const range = rangeOf(dose ?? {}, 'doseRange', refuse)
  return {
    quantity: quantity.value,
    quantity_low: range.low,
    quantity_high: range.high,
    quantity_unit: quantity.unit ?? range.unit,
    route: anyCode(dosage?.route) ?? null,
    dosage_text: joined([
      text(dosage?.text),
      text(dosage?.patientInstruction),
      object(dosage?.route) && anyCode(dosage?.route) === undefined ? conceptText(dosage?.route) : undefined,
    ]),
  }
}
