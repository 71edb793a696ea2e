/**
 * References across the files of an export. A resource says `Patient/123`, which is the id at its server; the number that the hospital knows the patient by
 * (IPP) is in another file. The ids are read first and kept in memory, with a bound; each reference then gets the identifier beside it, as FHIR
 * allows (`Reference.identifier`), and the gateway reads that. Nothing is written to disk.
 */

import { ChainonError } from '#core/faults/errors.ts'
import { encounterNda, patientIpp, rppsOf } from '#core/fhir/identifiers.ts'
import { type Json, object, text } from '#core/fhir/json.ts'

/** Types whose ids are kept. */
export const NAMED_TYPES: readonly string[] = ['Patient', 'Encounter', 'Practitioner', 'PractitionerRole', 'Medication']
/** Of each resource that the gateway maps: the references that it reads. */
const REFERENCES: Readonly<Record<string, readonly string[]>> = {
  Encounter: ['subject'],
  Condition: ['subject', 'encounter'],
  Procedure: ['subject', 'encounter', 'performer.actor'],
  Observation: ['subject', 'encounter'],
  MedicationRequest: ['subject', 'encounter'],
  MedicationAdministration: ['subject', 'context'],
  DocumentReference: ['subject', 'context.encounter', 'author'],
}
/** What the gateway maps: files of other types are not sent. */
export const SENT_TYPES: readonly string[] = ['Patient', ...Object.keys(REFERENCES)]
const MAX_CONCEPT_CHARACTERS = 4096
const RPPS = 'https://rpps.esante.gouv.fr'

export interface Names {
  /** @throws ChainonError too-many-records when there are more than the bound */
  add(resource: Json): void
  /** @returns the resource with an identifier beside each reference that it resolves; the same object where there is none */
  resolve(resource: Json): Json
  readonly size: number
  /** References to these types that no file resolves, by type. */
  readonly unresolved: ReadonlyMap<string, number>
}

/**
 * @param max ids that are kept, 100 to 200 bytes each
 * @param base of the server, for references that are addresses: `https://host/fhir`
 */
export function createNames(max: number, base?: string): Names {
  const known = new Map<string, string>()
  const unresolved = new Map<string, number>()

  const nameOf = (reference: Json): string | undefined => {
    const written = (text(reference.reference) ?? '').replace(/\/_history\/[^/]*$/, '')
    const local = base !== undefined && written.startsWith(`${base}/`) ? written.slice(base.length + 1) : written
    return /^[A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/.test(local) ? local : undefined
  }

  function identified(reference: Json): Json {
    const name = nameOf(reference)
    const type = name?.split('/')[0] ?? ''
    if (name === undefined || reference.identifier !== undefined || !NAMED_TYPES.includes(type)) return reference
    let value = known.get(name)
    // A PractitionerRole is kept as the name of its professional.
    if (type === 'PractitionerRole' && value !== undefined) value = known.get(value)
    if (value === undefined) {
      unresolved.set(type, (unresolved.get(type) ?? 0) + 1)
      return reference
    }
    return { ...reference, identifier: { ...(type.startsWith('Practitioner') ? { system: RPPS } : {}), value } }
  }

  /** @returns the same value where nothing below it is resolved */
  function changed(value: unknown, [name, ...names]: readonly string[]): unknown {
    if (Array.isArray(value)) {
      const all = value.map((one) => changed(one, name === undefined ? [] : [name, ...names]))
      return all.some((one, i) => one !== value[i]) ? all : value
    }
    const of = object(value)
    if (!of) return value
    if (name === undefined) return identified(of)
    const after = of[name] === undefined ? undefined : changed(of[name], names)
    return after === of[name] ? value : { ...of, [name]: after }
  }

  /** The code of a Medication is written in the place of the reference to it. */
  function withDrug(resource: Json): Json {
    const reference =
      resource.medicationCodeableConcept === undefined ? object(resource.medicationReference) : undefined
    const name = reference && nameOf(reference)
    if (name === undefined || !name.startsWith('Medication/')) return resource
    const concept = known.get(name)
    if (concept === undefined) {
      unresolved.set('Medication', (unresolved.get('Medication') ?? 0) + 1)
      return resource
    }
    const { medicationReference: _replaced, ...rest } = resource
    return { ...rest, medicationCodeableConcept: JSON.parse(concept) as unknown }
  }

  return {
    add(resource) {
      const type = text(resource.resourceType) ?? ''
      const id = text(resource.id)
      const value = id === undefined ? undefined : valueOf(type, resource)
      if (value === undefined) return
      if (known.size >= max && !known.has(`${type}/${id}`))
        throw new ChainonError(
          'too-many-records',
          `The export has more than ${max} patients, stays, professionals and drugs that others refer to: --max-names allows more (about 200 bytes of memory each).`,
        )
      known.set(`${type}/${id}`, value)
    },
    resolve(resource) {
      const paths = REFERENCES[text(resource.resourceType) ?? ''] ?? []
      return withDrug(paths.reduce<Json>((of, path) => changed(of, path.split('.')) as Json, resource))
    },
    get size() {
      return known.size
    },
    unresolved,
  }
}

function valueOf(type: string, resource: Json): string | undefined {
  switch (type) {
    case 'Patient':
      return patientIpp(resource)
    case 'Encounter':
      return encounterNda(resource)
    case 'Practitioner':
      return rppsOf(resource) ?? undefined
    case 'PractitionerRole':
      return /(Practitioner\/[^/]+)$/.exec(text(object(resource.practitioner)?.reference) ?? '')?.[1]
    case 'Medication': {
      const concept = object(resource.code)
      const written = concept && JSON.stringify(concept)
      return written !== undefined && written.length <= MAX_CONCEPT_CHARACTERS ? written : undefined
    }
    default:
      return undefined
  }
}
