/** What HL7's own examples, and resources like them, showed: a value is kept with its meaning or not at all, and a person is never taken for another. */
import { describe, expect, test } from 'vitest'
import { mapResource } from '../../../../../services/gateway/decode/fhir/map.ts'
import { unmappedElements } from '../../../../../services/gateway/decode/fhir/unmapped.ts'
import { items } from './bundles.ts'
import { openNow } from './open.ts'

type Resource = Record<string, unknown>
const RECEIVED = Date.UTC(2026, 0, 2)
const MEANING = 'http://terminology.hl7.org/CodeSystem/referencerange-meaning'

const condition: Resource = {
  resourceType: 'Condition',
  id: 'c1',
  subject: { identifier: { value: 'IPP-1' } },
  code: { coding: [{ system: 'http://snomed.info/sct', code: '39065001' }] },
  recordedDate: '2025-01-01',
}
const observation: Resource = {
  resourceType: 'Observation',
  id: 'o1',
  status: 'final',
  subject: { identifier: { value: 'IPP-1' } },
  code: { coding: [{ system: 'http://loinc.org', code: '9269-2' }] },
  effectiveDateTime: '2025-01-01',
}

/** @param others entries beside it */
function records(resource: Resource, others: readonly object[] = []) {
  const bundle = openNow({ resourceType: 'Bundle', type: 'collection', entry: [{ resource }, ...others] }, RECEIVED)
  const mapped = mapResource(resource, bundle)
  return mapped.ok ? mapped.records.map(({ record }) => record) : mapped.fault
}

describe('meaning', () => {
  test('a problem of the list is one, whichever coding of its category says so', () => {
    const category = [{ coding: [{ code: '55607006' }, { code: 'problem-list-item' }] }]
    expect(records({ ...condition, category })).toMatchObject([{ kind: 'problem' }])
  })

  test.each<[string, readonly object[], object]>([
    [
      'grades of severity are no range of reference',
      [
        { high: { value: 8 }, type: { text: 'Severe TBI' } },
        { low: { value: 9 }, high: { value: 12 }, type: { text: 'Moderate TBI' } },
      ],
      { reference_low: null, reference_high: null },
    ],
    [
      'the normal range is the one that says so',
      [
        { high: { value: 8 }, type: { coding: [{ system: MEANING, code: 'treatment' }] } },
        { low: { value: 9 }, high: { value: 15 }, type: { coding: [{ system: MEANING, code: 'normal' }] } },
      ],
      { reference_low: 9, reference_high: 15 },
    ],
    [
      'of two, for women and for men, none is chosen',
      [
        { low: { value: 1 }, appliesTo: [{ text: 'F' }] },
        { low: { value: 2 }, appliesTo: [{ text: 'M' }] },
      ],
      { reference_low: null, reference_high: null },
    ],
  ])('%s', (_what, referenceRange, expected) => {
    expect(records({ ...observation, valueQuantity: { value: 13 }, referenceRange })).toMatchObject([expected])
  })

  test('a note, or a reason for no value, of an Observation with components has a record of its own', () => {
    const component = [{ code: observation.code, valueQuantity: { value: 1 } }]
    expect(records({ ...observation, component, note: [{ text: 'agitated' }] })).toMatchObject([
      { record_id: 'o1', comment: 'agitated' },
      { record_id: 'o1#0', value_number: 1 },
    ])
    expect(records({ ...observation, component, dataAbsentReason: { text: 'refused' } })).toMatchObject([
      { record_id: 'o1', value_kind: 'absent', value_text: 'refused' },
      { record_id: 'o1#0', value_number: 1 },
    ])
    expect(records({ ...observation, component })).toMatchObject([{ record_id: 'o1#0' }])
  })
})

describe('persons', () => {
  test('the id of a contained resource is no identifier: it is the same in each resource', () => {
    const inside = { contained: [{ resourceType: 'Patient', id: 'p' }], subject: { reference: '#p' } }
    expect(records({ ...observation, ...inside })).toBe('unresolved-reference')
    const stay = { contained: [{ resourceType: 'Encounter', id: 'e' }], encounter: { reference: '#e' } }
    expect(records({ ...observation, ...stay })).toMatchObject([{ encounter_nda: null }])
    const named = {
      resourceType: 'Patient',
      id: 'p',
      identifier: [{ type: { coding: [{ code: 'PI' }] }, value: 'IPP-2' }],
    }
    expect(records({ ...observation, ...inside, contained: [named] })).toMatchObject([{ patient_ipp: 'IPP-2' }])
  })

  test('a reference to another server is not to the resource with the same id of this one', () => {
    const here = { fullUrl: 'https://a.test/fhir/Patient/1', resource: { resourceType: 'Patient', id: '1' } }
    const subject = { reference: 'https://b.test/fhir/Patient/1' }
    expect(records({ ...observation, subject }, [here])).toBe('unresolved-reference')
    expect(records({ ...observation, subject: { reference: here.fullUrl } }, [here])).toMatchObject([
      { patient_ipp: '1' },
    ])
    expect(records({ ...observation, subject: { reference: 'Patient/1' } }, [here])).toMatchObject([
      { patient_ipp: '1' },
    ])
    const there = {
      fullUrl: 'https://b.test/fhir/Patient/1',
      resource: {
        resourceType: 'Patient',
        id: '1',
        identifier: [{ type: { coding: [{ code: 'PI' }] }, value: 'IPP-B' }],
      },
    }
    expect(records({ ...observation, subject }, [there, here])).toMatchObject([{ patient_ipp: 'IPP-B' }])
    expect(records({ ...observation, subject: { reference: 'Patient/1' } }, [there, here])).toBe('unresolved-reference')
  })

  test.each<[string, object]>([
    ['an INS', { identifier: { system: 'urn:oid:1.2.250.1.213.1.4.8', value: '185057800608491' } }],
    ['an INS that is searched', { reference: 'Patient?identifier=urn:oid:1.2.250.1.213.1.4.8%7C185057800608491' }],
    ['a device', { type: 'Device', identifier: { value: 'D-1' } }],
    ['a group that is searched', { reference: 'Group?identifier=G-1' }],
  ])('%s is no IPP', (_what, subject) => {
    expect(records({ ...observation, subject })).toBe('unresolved-reference')
  })

  test('what a server marks as old is not used, and a name that hides is none', () => {
    const patient = {
      resourceType: 'Patient',
      id: 'p1',
      identifier: [
        { use: 'old', system: 'urn:oid:1.2.250.1.213.1.4.8', value: '185057800608400' },
        { system: 'urn:oid:1.2.250.1.213.1.4.8', value: '185057800608491' },
      ],
      name: [{ use: 'anonymous', family: 'ANONYME' }, { use: 'old', family: 'PETIT' }, { family: 'DURAND' }],
    }
    expect(records(patient)).toMatchObject([
      { ins: '185057800608491', nir: '185057800608491', birth_family_name: 'DURAND' },
    ])
    expect(records({ ...patient, name: patient.name.slice(0, 2) })).toMatchObject([{ birth_family_name: null }])
  })
})

test.each<[string, Resource, readonly string[]]>([
  [
    'the end of a period that has no field',
    { ...observation, effectivePeriod: { start: '2025', end: '2025' } },
    ['effectivePeriod.end'],
  ],
  [
    'ranges that are not chosen',
    { ...observation, referenceRange: [{ low: { value: 1 } }, { low: { value: 2 } }] },
    ['referenceRange'],
  ],
  ['a time beside the one that is read', { ...observation, issued: '2025-01-01T00:00:00Z' }, ['issued']],
  [
    'a period beside the time that is read',
    { resourceType: 'MedicationRequest', authoredOn: '2025', dispenseRequest: { validityPeriod: { start: '2025' } } },
    ['dispenseRequest.validityPeriod.start'],
  ],
  [
    'codes of entry and exit of another list',
    {
      resourceType: 'Encounter',
      hospitalization: {
        admitSource: { coding: [{ code: 'emd' }] },
        dischargeDisposition: { coding: [{ code: '8' }] },
      },
    },
    ['hospitalization.admitSource'],
  ],
  ['other links than a merge', { resourceType: 'Patient', link: [{ type: 'seealso' }] }, ['link']],
  [
    'routes and doses of several instructions',
    { resourceType: 'MedicationRequest', dosageInstruction: [{ route: {} }, { doseAndRate: [{}] }] },
    ['dosageInstruction.route', 'dosageInstruction.doseAndRate'],
  ],
])('counted as unmapped: %s', (_what, resource, places) => {
  expect([...unmappedElements(resource)].toSorted()).toEqual(
    places.map((place) => `${String(resource.resourceType)}.${place}`).toSorted(),
  )
})

test('a relative reference is to the server of the entry that has it', () => {
  const here = { fullUrl: 'https://a.test/fhir/Patient/1', resource: { resourceType: 'Patient', id: '1' } }
  const resource = { ...observation, subject: { reference: 'Patient/1' } }
  const from = (fullUrl?: string) => {
    const [, item] = items([here, { resource, ...(fullUrl === undefined ? {} : { fullUrl }) }], 'collection')
    return item?.kind === 'decoded' ? (item.raw as Resource).patient_ipp : item?.fault
  }
  expect([from(), from('urn:uuid:o'), from('https://a.test/fhir/Observation/o1')]).toEqual(['1', '1', '1'])
  expect(from('https://b.test/fhir/Observation/o1')).toBe('unresolved-reference')
})
