/** What a resource says of itself (refuted, not done, cancelled, planned) reaches a column, or the resource is refused. */
import { describe, expect, test } from 'vitest'
import { about, map, only, type Resource } from './bundles.ts'

const coded = (code: string) => ({ coding: [{ system: 'http://loinc.org', code }] })
const concept = (system: string, code: string) => ({
  coding: [{ system: `http://terminology.hl7.org/CodeSystem/${system}`, code }],
})
const condition: Resource = {
  resourceType: 'Condition',
  id: 'c',
  ...about,
  code: { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10', code: 'E11.9' }] },
  recordedDate: '2025-01-02T03:04:05Z',
}
const verified = (code: string) => ({ ...condition, verificationStatus: concept('condition-ver-status', code) })
const procedure: Resource = {
  resourceType: 'Procedure',
  id: 'x',
  ...about,
  code: { coding: [{ system: 'https://smt.esante.gouv.fr/terminologie-ccam', code: 'HHFA016' }] },
  performedDateTime: '2025-01-02T03:04:05Z',
}
const request: Resource = {
  resourceType: 'MedicationRequest',
  id: 'm',
  ...about,
  medicationCodeableConcept: { coding: [{ system: 'http://www.whocc.no/atc', code: 'N02BE01' }] },
  authoredOn: '2025-01-02T03:04:05Z',
}
const encounter: Resource = {
  resourceType: 'Encounter',
  id: 'e',
  ...about,
  class: { code: 'IMP' },
  period: { start: '2025-01-02T03:04:05Z' },
}
const observation: Resource = {
  resourceType: 'Observation',
  id: 'o',
  ...about,
  code: coded('718-7'),
  effectiveDateTime: '2025-01-02T03:04:05Z',
  valueQuantity: { value: 13.5, code: 'g/dL' },
}
const document: Resource = {
  resourceType: 'DocumentReference',
  id: 'd',
  ...about,
  type: coded('34117-2'),
  date: '2025-01-02T03:04:05Z',
  content: [],
}

describe('a status is kept', () => {
  test.each(['unconfirmed', 'provisional', 'differential', 'confirmed', 'refuted'])(
    'Condition.verificationStatus %s',
    (code) => expect(only(verified(code))).toMatchObject({ verification_status: code, operation: 'upsert' }),
  )

  test('Condition.clinicalStatus', () =>
    expect(only({ ...condition, clinicalStatus: concept('condition-clinical', 'remission') })).toMatchObject({
      clinical_status: 'remission',
    }))

  test.each<[string, Resource, Resource, Resource]>([
    ['Procedure.status', procedure, { status: 'not-done' }, { status: 'not_done' }],
    ['Procedure.status', procedure, { status: 'preparation' }, { status: 'preparation' }],
    ['MedicationRequest.status', request, { status: 'cancelled' }, { status: 'cancelled' }],
    ['MedicationRequest.intent', request, { intent: 'proposal' }, { intent: 'proposal' }],
    ['MedicationRequest.doNotPerform', request, { doNotPerform: true }, { do_not_perform: true }],
    ['Encounter.status', encounter, { status: 'planned' }, { status: 'planned' }],
    ['Encounter.status', encounter, { status: 'in-progress' }, { status: 'in_progress' }],
    ['Observation.status', observation, { status: 'registered' }, { status: 'registered' }],
    ['Observation.status', observation, { status: 'preliminary' }, { status: 'preliminary' }],
    ['DocumentReference.status', document, { status: 'superseded' }, { status: 'superseded' }],
    ['DocumentReference.docStatus', document, { docStatus: 'preliminary' }, { doc_status: 'preliminary' }],
    ['Patient.active', { resourceType: 'Patient', id: 'q' }, { active: false }, { active: false }],
    ['Patient.deceased', { resourceType: 'Patient', id: 'q' }, { deceasedBoolean: true }, { deceased: true }],
  ])('%s %#', (_, resource, given, kept) => expect(only({ ...resource, ...given })).toMatchObject(kept))

  test('MedicationAdministration.status', () =>
    expect(
      only({
        ...request,
        resourceType: 'MedicationAdministration',
        effectiveDateTime: '2025-01-02T03:04:05Z',
        status: 'not-done',
      }),
    ).toMatchObject({ kind: 'administration', status: 'not_done' }))
})

test('what was entered in error cancels', () => {
  expect(only(verified('entered-in-error'))).toMatchObject({ operation: 'cancel' })
  for (const resource of [procedure, request, encounter, observation, document])
    expect(only({ ...resource, status: 'entered-in-error' })).toMatchObject({ operation: 'cancel' })
})

describe('a status that is not known is refused, with what is allowed', () => {
  test.each<[string, Resource, string]>([
    ['Condition', verified('likely'), 'verificationStatus'],
    ['Condition, in words only', { ...condition, verificationStatus: { text: 'réfuté' } }, 'verificationStatus'],
    ['Condition', { ...condition, clinicalStatus: concept('condition-clinical', 'gone') }, 'clinicalStatus'],
    ['Procedure', { ...procedure, status: 'aborted' }, 'status'],
    ['Procedure', { ...procedure, status: ['completed'] }, 'status'],
    ['MedicationRequest', { ...request, intent: 'wish' }, 'intent'],
    ['MedicationRequest', { ...request, doNotPerform: 'true' }, 'doNotPerform'],
    ['Observation', { ...observation, status: 'done' }, 'status'],
  ])('%s %#', (_, resource, path) => {
    const refused = map(resource)
    expect(refused).toMatchObject({ rule: path === 'doNotPerform' ? 'type' : 'enum', path })
    expect(JSON.stringify(refused)).not.toMatch(/likely|réfuté|gone|aborted|wish|"done"/)
  })

  test('its allowed values are those of FHIR', () =>
    expect(map(verified('likely'))).toMatchObject({ allowed: expect.arrayContaining(['refuted', 'entered-in-error']) }))
})

describe('what may turn a meaning into its opposite is refused', () => {
  const modifier = [{ url: 'http://example.org/negated', valueBoolean: true }]
  test.each<[string, Resource, string]>([
    ['of the resource', { ...condition, modifierExtension: modifier }, 'modifierExtension'],
    [
      'of an element',
      { ...request, dosageInstruction: [{}, { modifierExtension: modifier }] },
      'dosageInstruction[1].modifierExtension',
    ],
    ['rules of another specification', { ...condition, implicitRules: 'http://example.org/rules' }, 'implicitRules'],
    [
      'a patient that was merged into another',
      { resourceType: 'Patient', id: 'q', link: [{ type: 'replaced-by', other: { reference: 'Patient/p1' } }] },
      'link[0].type',
    ],
  ])('%s', (_, resource, path) => expect(map(resource)).toMatchObject({ rule: 'unsupported-modifier', path }))
})
