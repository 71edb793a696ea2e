/** What a Bundle says of the patient and of the authors of a document is beside its text, for `deidentify` to find it there. */
import { expect, test } from 'vitest'
import { recordReader } from '#core/contract/record-reader.ts'
import { contractOf } from '../../harness.ts'
import { items, patient, type Resource } from './bundles.ts'

const document = (more: Resource = {}): Resource => ({
  resourceType: 'DocumentReference',
  id: 'd1',
  status: 'current',
  date: '2024-05-06T07:08:09Z',
  subject: { reference: 'Patient/p1' },
  type: { coding: [{ system: 'http://loinc.org', code: '34117-2' }] },
  content: [{ attachment: { contentType: 'text/plain', data: 'YQ==' } }],
  ...more,
})
const known: Resource = {
  ...patient,
  name: [
    { use: 'maiden', family: 'DURAND', given: ['Eve', 'Rose'] },
    { use: 'official', family: 'LE GOFF', given: ['Eve'] },
    { use: 'nickname', given: ['Vévé'] },
    { use: 'old', family: 'PETIT', given: ['Eve'] },
  ],
  birthDate: '1979-03-15',
  address: [{ line: ['12 rue des Lilas', 'Bât. B'], postalCode: '69003', city: 'Lyon' }],
  telecom: [
    { system: 'phone', value: '0601020304' },
    { system: 'email', value: 'eve@example.org' },
  ],
}

function recordOf(...resources: readonly Resource[]) {
  const found = items(resources.map((resource) => ({ resource }))).find((item) => item.feed === 'document')
  const raw = found?.kind === 'decoded' ? (found.raw as Resource) : {}
  expect(recordReader(contractOf('document'), 'json')(raw)).toMatchObject({ ok: true })
  return raw
}

const TRAITS = {
  patient_birth_family_name: 'DURAND',
  patient_birth_given_names: 'Eve',
  patient_used_family_name: 'LE GOFF',
  patient_other_names: 'Eve Rose DURAND\nVévé\nEve PETIT',
  patient_birth_date: '1979-03-15',
  patient_address_line: '12 rue des Lilas, Bât. B',
  patient_postcode: '69003',
  patient_city: 'Lyon',
  patient_phone: '0601020304',
  patient_email: 'eve@example.org',
}

test('a document has the traits of the Patient that it names, before or after it, or contained', () => {
  expect(recordOf(known, document())).toMatchObject(TRAITS)
  expect(recordOf(document(), known)).toMatchObject(TRAITS)
  expect(recordOf(document({ contained: [known], subject: { reference: '#p1' } }))).toMatchObject(TRAITS)
})

test('of a patient that the body does not have, what the reference shows', () => {
  const subject = { identifier: { value: '8000123' }, display: 'LE GOFF Eve' }
  expect(recordOf(document({ subject }))).toMatchObject({ patient_other_names: 'LE GOFF Eve', patient_city: null })
})

test('another patient of the body gives nothing', () => {
  const other = { ...known, id: 'p2', identifier: [{ value: 'IPP-2' }] }
  expect(recordOf(patient, other, document())).toMatchObject({
    patient_birth_family_name: 'DURAND',
    patient_other_names: null,
    patient_birth_date: null,
  })
})

test('every author: by the reference, a Practitioner, and the Practitioner of a role', () => {
  const practitioner = { resourceType: 'Practitioner', id: 'd', name: [{ family: 'ROY', given: ['Luc'] }] }
  const role = { resourceType: 'PractitionerRole', id: 'r', practitioner: { reference: 'Practitioner/d' } }
  const author = [{ display: 'Dr NOIR' }, { reference: 'PractitionerRole/r' }, { reference: 'Practitioner/d' }]
  expect(recordOf(patient, practitioner, role, document({ author }))).toMatchObject({
    professional_names: 'Dr NOIR\nLuc ROY',
  })
})

test.each(['1979', '1979-02-30', '', 7])('a birth date %j refuses no document', (birthDate) => {
  expect(recordOf({ ...known, birthDate }, document())).toMatchObject({ patient_birth_date: null })
})

test('two versions of a Patient with other names are one patient: the document is not refused', () => {
  expect(recordOf(patient, known, document())).toMatchObject(TRAITS)
})
