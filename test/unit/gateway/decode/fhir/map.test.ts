import { describe, expect, test } from 'vitest'
import { recordReader } from '#core/contract/record-reader.ts'
import { mapResource } from '../../../../../services/gateway/decode/fhir/map.ts'
import { contractOf, harness } from '../../harness.ts'
import { openNow } from './open.ts'

type Resource = Record<string, unknown>
const RECEIVED = Date.UTC(2026, 0, 2)

const patient: Resource = {
  resourceType: 'Patient',
  id: 'p1',
  meta: { versionId: '3', lastUpdated: '2025-03-04T05:06:07Z' },
  identifier: [
    { system: 'urn:x', value: 'other' },
    { type: { coding: [{ code: 'MR' }] }, value: 'IPP-1' },
    { system: 'urn:oid:1.2.250.1.213.1.4.10', value: '1 85 05 78 006 084 91' },
  ],
  name: [
    { use: 'official', family: 'DURAND', given: ['Anne', 'Marie'] },
    { use: 'maiden', family: 'MARTIN' },
  ],
  gender: 'female',
  birthDate: '1985-05-12',
  address: [{ line: ['1 rue X'], postalCode: '78000', city: 'Versailles' }],
  telecom: [{ system: 'phone', value: '0102030405' }],
  extension: [
    {
      url: 'https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability',
      extension: [{ url: 'identityStatus', valueCoding: { code: 'VALI' } }],
    },
    {
      url: 'http://hl7.org/fhir/StructureDefinition/patient-birthPlace',
      valueAddress: {
        extension: [
          {
            url: 'https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-address-insee-code',
            valueCoding: { code: '78646' },
          },
        ],
      },
    },
  ],
}
const encounter: Resource = {
  resourceType: 'Encounter',
  id: 'e1',
  identifier: [{ value: 'NDA-1' }],
  class: { code: 'IMP' },
  subject: { reference: 'urn:uuid:p1' },
  period: { start: '2025-01-01T10:00:00+01:00', end: '2025-01-03' },
}

function map(resource: Resource) {
  const bundle = openNow(
    {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [{ fullUrl: 'urn:uuid:p1', resource: patient }, { resource: encounter }, { resource }],
    },
    RECEIVED,
  )
  const mapped = mapResource(resource, bundle)
  if (mapped.ok) {
    for (const { feed, record } of mapped.records)
      expect(recordReader(contractOf(feed), 'json')(record)).toMatchObject({ ok: true })
  }
  return mapped.ok ? mapped.records : { pointer: mapped.pointer, rule: mapped.fault }
}

const about = { subject: { reference: 'Patient/p1' }, encounter: { reference: 'Encounter/e1' } }

describe('resources become records that their contracts accept', () => {
  test('Patient: traits, INS, and the last version', () => {
    expect(map(patient)).toEqual([
      {
        feed: 'patient',
        record: {
          record_id: 'IPP-1',
          record_version: Date.UTC(2025, 2, 4, 5, 6, 7),
          operation: 'upsert',
          patient_ipp: 'IPP-1',
          ins: '185057800608491',
          nir: '185057800608491',
          identity_status: 'VALI',
          birth_family_name: 'MARTIN',
          birth_given_names: 'Anne Marie',
          birth_date: '1985-05-12',
          sex: 'female',
          birth_place_insee: '78646',
          used_family_name: 'DURAND',
          address_line: '1 rue X',
          postcode: '78000',
          city: 'Versailles',
          phone: '0102030405',
          email: null,
          deceased_on: null,
          updated_at: '2025-03-04T05:06:07Z',
        },
      },
    ])
  })

  test('Patient of FR Core: the IPP is the identifier of type PI that is in use', () => {
    const of = (code: string, value: string, use = 'usual') => ({ use, type: { coding: [{ code }] }, value })
    const identifier = [of('INS-NIR', '185057800608491', 'official'), of('PI', 'IPP-0', 'old'), of('PI', 'IPP-9')]
    expect(map({ ...patient, identifier })).toMatchObject([{ record: { record_id: 'IPP-9', patient_ipp: 'IPP-9' } }])
  })

  test('a deceased Patient is a death too; without a known day there is no death', () => {
    const records = map({ ...patient, id: 'p2', deceasedDateTime: '2025-02-03T23:30:00-05:00' })
    expect(records).toMatchObject([
      { feed: 'patient', record: { deceased_on: '2025-02-03' } },
      { feed: 'death', record: { died_on: '2025-02-03', birth_family_name: 'MARTIN' } },
    ])
    expect(map({ ...patient, deceasedDateTime: '2025' })).toHaveLength(1)
    expect(map({ ...patient, deceasedBoolean: true })).toHaveLength(1)
    expect(map({ ...patient, birthDate: '1985-05' })).toMatchObject([{ record: { birth_date: null } }])
  })

  test('Encounter', () => {
    expect(map(encounter)).toMatchObject([
      {
        feed: 'encounter',
        record: {
          record_id: 'e1',
          encounter_nda: 'NDA-1',
          patient_ipp: 'IPP-1',
          kind: 'inpatient',
          started_at: '2025-01-01T10:00:00+01:00',
          ended_at: '2025-01-03T00:00:00Z',
        },
      },
    ])
  })

  test('Condition: CIM-10 is preferred and is written without its dot', () => {
    const code = {
      coding: [
        { system: 'http://snomed.info/sct', code: '44054006' },
        { system: 'http://hl7.org/fhir/sid/icd-10', code: 'E11.9' },
      ],
      text: 'Diabète',
    }
    expect(
      map({
        resourceType: 'Condition',
        id: 'c1',
        ...about,
        code,
        recordedDate: '2025-01-02',
        category: [{ coding: [{ code: 'problem-list-item' }] }],
      }),
    ).toMatchObject([
      {
        feed: 'diagnosis',
        record: {
          record_id: 'c1',
          code_system: 'cim10',
          code: 'E119',
          kind: 'problem',
          encounter_nda: 'NDA-1',
          recorded_at: '2025-01-02T00:00:00Z',
          comment: 'Diabète',
        },
      },
    ])
  })

  test('Condition entered in error cancels', () => {
    const condition = {
      resourceType: 'Condition',
      id: 'c1',
      ...about,
      code: { coding: [{ code: 'x' }] },
      recordedDate: '2025-01-02',
      verificationStatus: { coding: [{ code: 'entered-in-error' }] },
    }
    expect(map(condition)).toMatchObject([{ record: { operation: 'cancel', code_system: 'other' } }])
  })

  test('Observation: a blood pressure is one record per component', () => {
    const component = (code: string, value: number) => ({
      code: { coding: [{ system: 'http://loinc.org', code }] },
      valueQuantity: { value, code: 'mm[Hg]' },
    })
    const pressure = {
      resourceType: 'Observation',
      id: 'o1',
      ...about,
      effectiveDateTime: '2025-01-02T03:04:05Z',
      code: { coding: [{ code: '85354-9' }] },
      component: [component('8480-6', 120), component('8462-4', 80)],
    }
    expect(map(pressure)).toMatchObject([
      { record: { record_id: 'o1#0', code: '8480-6', code_system: 'loinc', value_number: 120, value_unit: 'mm[Hg]' } },
      { record: { record_id: 'o1#1', code: '8462-4', value_number: 80 } },
    ])
    expect(
      map({ ...pressure, component: undefined, valueCodeableConcept: { coding: [{ code: '10828004' }] } }),
    ).toMatchObject([{ record: { record_id: 'o1', value_code: '10828004' } }])
  })

  test('Procedure, with the professional of a role', () => {
    const contained = [
      { resourceType: 'PractitionerRole', id: 'r', practitioner: { reference: '#d' } },
      {
        resourceType: 'Practitioner',
        id: 'd',
        identifier: [{ system: 'urn:oid:1.2.250.1.71.4.2.1', value: '10001234567' }],
      },
    ]
    const code = { coding: [{ system: 'https://smt.esante.gouv.fr/terminologie-ccam', code: 'HHFA016' }] }
    const procedure = {
      resourceType: 'Procedure',
      id: 'x',
      ...about,
      contained,
      code,
      performer: [{ actor: { reference: '#d' } }],
      performedPeriod: { start: '2025-01-02T03:04:05Z', end: '2025-01-02T04:04:05Z' },
    }
    expect(map(procedure)).toMatchObject([
      {
        feed: 'procedure',
        record: { code_system: 'ccam', performer_rpps: '10001234567', ended_at: '2025-01-02T04:04:05Z' },
      },
    ])
  })

  test('MedicationRequest and MedicationAdministration have different identifiers; the drug may be a contained Medication', () => {
    const contained = [
      {
        resourceType: 'Medication',
        id: 'm',
        code: {
          coding: [
            { system: 'http://www.whocc.no/atc', code: 'N02BE01' },
            { system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '161' },
          ],
        },
      },
    ]
    const shared = { id: 'd1', ...about, contained, medicationReference: { reference: '#m' } }
    expect(
      map({
        resourceType: 'MedicationRequest',
        ...shared,
        authoredOn: '2025-01-02',
        dosageInstruction: [{ text: '1 matin', doseAndRate: [{ doseQuantity: { value: 1, unit: 'cp' } }] }],
      }),
    ).toMatchObject([
      {
        record: {
          record_id: 'MedicationRequest/d1',
          kind: 'request',
          code_system: 'atc',
          code: 'N02BE01',
          quantity: 1,
          quantity_unit: 'cp',
          dosage_text: '1 matin',
        },
      },
    ])
    expect(
      map({
        resourceType: 'MedicationAdministration',
        ...shared,
        context: { reference: 'Encounter/e1' },
        effectiveDateTime: '2025-01-02T00:00:00Z',
        dosage: { dose: { value: 500, code: 'mg' } },
      }),
    ).toMatchObject([
      {
        record: {
          record_id: 'MedicationAdministration/d1',
          kind: 'administration',
          encounter_nda: 'NDA-1',
          quantity: 500,
        },
      },
    ])
  })

  test('DocumentReference: text is decoded, in its character set', () => {
    const document = (contentType: string, data: string) => ({
      resourceType: 'DocumentReference',
      id: 'd',
      ...about,
      type: { coding: [{ system: 'http://loinc.org', code: '34117-2' }] },
      date: '2025-01-02T03:04:05Z',
      content: [{ attachment: { contentType, data } }],
    })
    expect(map(document('text/plain; charset=utf-8', Buffer.from('été').toString('base64')))).toMatchObject([
      { record: { kind: '34117-2', text: 'été' } },
    ])
    expect(
      map(document('text/plain; charset=ISO-8859-1', Buffer.from('été', 'latin1').toString('base64'))),
    ).toMatchObject([{ record: { text: 'été' } }])
    expect(map(document('application/pdf', 'AAAA'))).toMatchObject([{ record: { text: null } }])
    expect(map(document('text/plain', '%%%'))).toEqual({ pointer: '/text', rule: 'type' })
  })

  test('a subject outside the Bundle needs an identifier', () => {
    const condition = {
      resourceType: 'Condition',
      id: 'c',
      code: { coding: [{ code: 'x' }] },
      recordedDate: '2025-01-02',
    }
    expect(map({ ...condition, subject: { reference: 'Patient/elsewhere' } })).toEqual({
      pointer: '/patient_ipp',
      rule: 'unresolved-reference',
    })
    expect(map({ ...condition, subject: { identifier: { value: 'IPP-9' } } })).toMatchObject([
      { record: { patient_ipp: 'IPP-9' } },
    ])
    expect(map({ ...condition, subject: { reference: 'Patient?identifier=urn:x|IPP%2F9' } })).toMatchObject([
      { record: { patient_ipp: 'IPP/9' } },
    ])
  })
})

test('a Bundle with resources that are not mapped is accepted, and counted by feed', async () => {
  const gateway = await harness()
  const entry = [
    { fullUrl: 'urn:uuid:p1', resource: patient },
    { resource: { resourceType: 'Claim', id: 'x' } },
    {},
    { resource: encounter },
    { resource: { ...encounter, id: 'e2', identifier: undefined, period: {} } },
  ]
  const answer = await gateway.post(
    'fhir',
    'application/fhir+json',
    JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }),
  )
  await gateway.close()
  expect(answer.statusCode).toBe(202)
  expect(answer.json()).toMatchObject({
    feed: 'fhir',
    accepted: 2,
    rejected: 3,
    by_feed: { patient: { accepted: 1, rejected: 0 }, encounter: { accepted: 1, rejected: 1 } },
    errors: [
      {
        index: 1,
        path: 'Bundle.entry[1].resource',
        rule: 'unmapped-resource',
        allowed: expect.arrayContaining(['Patient', 'Observation']),
        pointer: '/resource/resourceType',
      },
      { index: 2, pointer: '/resource', path: 'Bundle.entry[2].resource', rule: 'required' },
      { index: 4, feed: 'encounter', pointer: '/started_at', rule: 'required' },
    ],
  })
})
