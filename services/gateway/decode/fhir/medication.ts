/** What a prescription and an administration have in common: the drug, the dose, the route. */
import type { Bundle } from './bundle.ts'
import { anyCode, type Code, codeOf } from './codes.ts'
import type { Head } from './common.ts'
import { type Json, joined, number, object, text } from './json.ts'

const SYSTEMS = ['ucd', 'cip', 'atc', 'rxnorm']

/** @returns the drug's code, from the concept or from the Medication that is referred to */
export function drugOf(resource: Json, bundle: Bundle): Code | undefined {
  const concept = resource.medicationCodeableConcept ?? bundle.resolve(resource.medicationReference, resource)?.code
  return codeOf(concept, SYSTEMS)
}

/** Prescriptions and administrations are numbered separately and share a feed: with the type their identifiers stay different. */
export function medicationHead(head: Head, type: string): Head {
  return { ...head, record_id: head.record_id === undefined ? undefined : `${type}/${head.record_id}` }
}

/**
 * @param dosage a Dosage, or an administration's own dosage
 * @param dose the quantity
 */
export function dosageOf(dosage: Json | undefined, dose: unknown): Readonly<Record<string, unknown>> {
  const quantity = object(dose)
  return {
    quantity: number(quantity?.value) ?? null,
    quantity_unit: text(quantity?.code) ?? text(quantity?.unit) ?? null,
    route: anyCode(dosage?.route) ?? null,
    dosage_text: joined([text(dosage?.text), text(dosage?.patientInstruction)]),
  }
}
