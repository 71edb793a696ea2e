/** What a reference needs of the resource that it names: a few strings, so that a Bundle's resources are not kept to resolve its references. */

import { encounterNda, patientIpp, rppsOf } from '#core/fhir/identifiers.ts'
import { type Json, object, text } from '#core/fhir/json.ts'
import { type Code, codeOf } from './codes.ts'
import { allNames } from './names.ts'
import { type Traits, traitsOf } from './traits.ts'

/** Code systems of drugs, the preferred one first. */
export const DRUG_SYSTEMS = ['ucd', 'cip', 'atc', 'rxnorm']

export interface Target {
  readonly resourceType: string | undefined
  /** Of a Patient. */
  readonly ipp: string | undefined
  /** Of a Patient, for the texts that are about him. */
  readonly traits: Traits | undefined
  /** Of an Encounter, or of what stands in the place of one. */
  readonly nda: string | undefined
  readonly rpps: string | null
  /** Of a Practitioner, for the texts that he wrote. */
  readonly names: readonly string[] | undefined
  /** Of a Medication. */
  readonly drug: Code | undefined
  /** Of a PractitionerRole: the reference to its professional. */
  readonly practitioner: { readonly reference: string | undefined } | undefined
}

/** @param contained in another resource: its id is the same in each of them, and no identifier */
export function targetOf(whole: Json, contained = false): Target {
  const resource = contained ? { ...whole, id: undefined } : whole
  const resourceType = text(resource.resourceType)
  return {
    resourceType,
    ipp: resourceType === 'Patient' ? patientIpp(resource) : undefined,
    traits: resourceType === 'Patient' ? traitsOf(resource) : undefined,
    nda: encounterNda(resource),
    rpps: rppsOf(resource),
    names: resourceType === 'Practitioner' ? allNames(resource) : undefined,
    drug: resourceType === 'Medication' ? codeOf(resource.code, DRUG_SYSTEMS) : undefined,
    practitioner:
      resourceType === 'PractitionerRole' ? { reference: text(object(resource.practitioner)?.reference) } : undefined,
  }
}
