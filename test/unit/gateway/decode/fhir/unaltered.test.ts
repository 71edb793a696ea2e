/** No value of a record is altered: what the comparison with HL7's examples (`npm run fhir:examples`) finds, and that it finds each alteration. */
import { expect, test } from 'vitest'
import { alteredFields, compareAll } from '../../../../fhir/compare.ts'
import { openNow } from './open.ts'

const RECEIVED = Date.UTC(2026, 0, 2)
const SNOMED = 'http://snomed.info/sct'
const concept = (system: string, code: string, text?: string) => ({
  coding: [{ system, code, display: 'shown' }],
  ...(text ? { text } : {}),
})
const subject = { reference: 'Patient/p1' }
const encounter = { reference: 'Encounter/e1' }
const meta = { lastUpdated: '2025-03-04T05:06:07.089Z' }

const RESOURCES: readonly Record<string, unknown>[] = [
  {
    resourceType: 'Patient',
    id: 'p1',
    meta,
    active: true,
    identifier: [
      { use: 'usual', type: { coding: [{ code: 'PI' }] }, value: 'IPP-1' },
      { system: 'urn:oid:1.2.250.1.213.1.4.8', value: '1 85 05 78 006 084 91' },
    ],
    name: [
      { use: 'official', family: 'DURAND', given: ['Anne', 'Marie'] },
      { use: 'maiden', family: 'MARTIN' },
    ],
    gender: 'female',
    birthDate: '1985-05-12',
    deceasedDateTime: '2024-12-31T23:30:00+01:00',
    address: [{ line: ['1 rue X', 'bât. B'], postalCode: '78000', city: 'Versailles' }],
    telecom: [
      { system: 'phone', value: '0102030405' },
      { system: 'email', value: 'a@b.test' },
    ],
  },
  { resourceType: 'Patient', id: 'p2', birthDate: '1985', deceasedBoolean: false, gender: 'other' },
  {
    resourceType: 'Encounter',
    id: 'e1',
    meta,
    status: 'in-progress',
    identifier: [{ value: 'NDA-1' }],
    class: { code: 'IMP' },
    subject,
    period: { start: '2025-01-01T10:00:00+01:00', end: '2025-01' },
    location: [{ location: { identifier: { value: 'U-12' } } }],
    hospitalization: { admitSource: { coding: [{ code: '8' }] } },
    reasonCode: [{ ...concept(SNOMED, '386661006'), text: 'fièvre' }, { text: 'toux' }],
  },
  {
    resourceType: 'Condition',
    id: 'c1',
    subject,
    encounter,
    code: concept('http://hl7.org/fhir/sid/icd-10', 'E11.9', 'diabète'),
    category: [{ coding: [{ code: 'x' }, { code: 'problem-list-item' }] }],
    clinicalStatus: { coding: [{ code: 'active' }] },
    verificationStatus: { coding: [{ code: 'confirmed' }] },
    onsetDateTime: '2019-06',
    abatementPeriod: { end: '2020-02-03' },
    note: [{ text: 'une ligne\net une autre' }],
  },
  {
    resourceType: 'Procedure',
    id: 'a1',
    subject,
    status: 'not-done',
    code: concept('urn:x:own', 'A-1'),
    performedPeriod: { start: '2025-01-01', end: '2025-01-02T03:04:05Z' },
    performer: [{ actor: { identifier: { system: 'https://rpps.esante.gouv.fr', value: '10001234567' } } }],
  },
  {
    resourceType: 'Observation',
    id: 'o1',
    subject,
    encounter,
    status: 'final',
    code: concept('http://loinc.org', '85354-9'),
    effectiveInstant: '2025-01-01T10:00:00.123+01:00',
    note: [{ text: 'couché' }],
    component: [
      {
        code: concept('http://loinc.org', '8480-6'),
        valueQuantity: { value: 120.5, comparator: '<', unit: 'mm', code: 'mm[Hg]' },
        referenceRange: [{ low: { value: 90 }, high: { value: 140 } }],
      },
      {
        code: concept('http://loinc.org', '8462-4'),
        valueRatio: { numerator: { value: 1, unit: 'mg' }, denominator: { value: 8, unit: 'mL' } },
      },
      {
        code: concept('http://loinc.org', '8462-4'),
        valueRange: { low: { value: 3, unit: 'g' }, high: { value: 4, unit: 'g' } },
      },
      { code: concept('http://loinc.org', '8462-4'), valueCodeableConcept: concept(SNOMED, '260385009', 'négatif') },
      { code: concept('http://loinc.org', '8462-4'), valueBoolean: true },
      { code: concept('http://loinc.org', '8462-4'), valueTime: '10:11:12' },
      { code: concept('http://loinc.org', '8462-4'), valuePeriod: { start: '2025', end: '2025-02' } },
      { code: concept('http://loinc.org', '8462-4'), dataAbsentReason: concept('urn:x', 'masked', 'masqué') },
    ],
  },
  {
    resourceType: 'MedicationRequest',
    id: 'm1',
    subject,
    status: 'on-hold',
    intent: 'original-order',
    doNotPerform: false,
    medicationReference: { reference: '#drug' },
    contained: [{ resourceType: 'Medication', id: 'drug', code: concept('http://www.whocc.no/atc', 'a02bc01') }],
    authoredOn: '2025-01-01',
    dosageInstruction: [
      {
        text: '1 le matin',
        patientInstruction: 'avec de l’eau',
        route: { coding: [{ code: 'PO' }] },
        doseAndRate: [{ doseRange: { low: { value: 1, unit: 'cp' }, high: { value: 2, unit: 'cp' } } }],
      },
    ],
  },
  {
    resourceType: 'MedicationAdministration',
    id: 'm2',
    subject,
    status: 'completed',
    medicationCodeableConcept: concept('http://www.whocc.no/atc', 'N02BE01'),
    effectivePeriod: { start: '2025-01-01T08:00:00Z', end: '2025-01-01T09:00:00Z' },
    dosage: { text: '1 g', dose: { value: 1, unit: 'g' }, route: { text: 'par la bouche' } },
  },
  {
    resourceType: 'DocumentReference',
    id: 'd1',
    subject,
    status: 'current',
    docStatus: 'final',
    type: concept('http://loinc.org', '11490-0'),
    date: '2025-01-01T10:00:00Z',
    description: 'Compte rendu',
    content: [{ attachment: { contentType: 'text/plain', data: Buffer.from('Été calme.\nFin.').toString('base64') } }],
  },
]
const entry = RESOURCES.map((resource) => ({ fullUrl: `urn:uuid:${String(resource.id)}`, resource }))
const bundle = () => openNow({ resourceType: 'Bundle', type: 'collection', entry }, RECEIVED)

test('each value of a record is in its resource, at its path and in its form', () => {
  const compared = compareAll(bundle())
  expect(compared.flatMap(({ altered, refused }) => [...altered, ...refused])).toEqual([])
  expect(compared.flatMap(({ records }) => records).length).toBeGreaterThan(RESOURCES.length)
})

test('an altered value of any field is found', () => {
  const found = new Map(
    RESOURCES.map((resource) => [`${String(resource.resourceType)}/${String(resource.id)}`, resource]),
  )
  const missed: string[] = []
  let tried = 0
  for (const { records, resource } of compareAll(bundle())) {
    if (!resource) throw new Error('no resource')
    for (const { element, feed, record } of records) {
      const altered = (changed: object) =>
        alteredFields(
          { feed, ...(element === undefined ? {} : { element }) },
          { ...record, ...changed },
          resource,
          RECEIVED,
          (of) => {
            const name = String((of as { reference?: unknown } | undefined)?.reference)
            if (name === '#drug') return (resource.contained as (typeof resource)[] | undefined)?.[0]
            return found.get(name)
          },
          new Set(),
        )
      expect(altered({})).toEqual([])
      for (const [field, value] of Object.entries(record)) {
        if (value === null) continue
        tried++
        if (!altered({ [field]: another(value) }).includes(`${feed}.${field}`)) missed.push(`${feed}.${field}`)
      }
    }
  }
  expect(missed).toEqual([])
  expect(tried).toBeGreaterThan(150)
})

/** A value that is like it and is another. */
function another(value: unknown): unknown {
  if (typeof value === 'boolean') return !value
  if (typeof value === 'number') return value + 1
  return value === 'cancel' ? 'upsert' : value === 'upsert' ? 'cancel' : `${String(value).slice(0, -1)}~`
}
