/** Elements that no mapping reads are counted by their place; a name that is no element of FHIR is not repeated. */
import { expect, onTestFinished, test } from 'vitest'
import { OF_TYPE } from '../../../../../services/gateway/decode/fhir/elements.ts'
import { MAPPED_RESOURCES } from '../../../../../services/gateway/decode/fhir/map.ts'
import { unmappedElements } from '../../../../../services/gateway/decode/fhir/unmapped.ts'
import { harness } from '../../harness.ts'
import { about, patient } from './bundles.ts'

const INSEE = { url: 'http://hl7.org/fhir/StructureDefinition/patient-birthPlace', valueAddress: {} }

test.each<[string, object, readonly string[]]>([
  ['nothing that is read', patient, []],
  [
    'parts of an element that is read',
    { ...patient, name: [{ family: 'X', prefix: ['Mme'] }, { suffix: ['II'] }] },
    ['Patient.name.prefix', 'Patient.name.suffix'],
  ],
  ['an extension of another address', { ...patient, extension: [INSEE, { url: 'urn:x' }] }, ['Patient.extension']],
  ['no extension that is read', { ...patient, extension: [INSEE] }, []],
  [
    'once, however often it is there',
    { ...patient, address: [{ country: 'FR' }, { country: 'BE' }] },
    ['Patient.address.country'],
  ],
  ['no empty element', { ...patient, contact: [], photo: null }, []],
  [
    'a name that the sender chose',
    { ...patient, DURAND: 1, name: [{ JEAN: 1 }] },
    ['Patient.other', 'Patient.name.other'],
  ],
  [
    'another type of a choice',
    { resourceType: 'Condition', onsetAge: { value: 3 }, onsetDateTime: '2024' },
    ['Condition.onsetAge'],
  ],
  [
    'elements of a component',
    {
      resourceType: 'Observation',
      method: {},
      valueQuantity: {},
      component: [{ code: {}, valueString: 'x', interpretation: [], referenceRange: [{ low: {}, text: 'x' }] }],
    },
    ['Observation.method', 'Observation.component.referenceRange.text'],
  ],
  [
    'a dose as it is read',
    {
      resourceType: 'MedicationRequest',
      dosageInstruction: [{ timing: {}, route: {}, doseAndRate: [{ doseQuantity: {}, rateRatio: {} }] }],
    },
    ['MedicationRequest.dosageInstruction.timing', 'MedicationRequest.dosageInstruction.doseAndRate.rateRatio'],
  ],
  ['no resource of another type', { resourceType: 'Claim', total: 1 }, []],
])('names %s', (_what, resource, places) => {
  expect([...unmappedElements(resource as Record<string, unknown>)].toSorted()).toEqual(places.toSorted())
})

test('each resource that is mapped says what of it is not', () => {
  expect(Object.keys(OF_TYPE).toSorted()).toEqual(MAPPED_RESOURCES.toSorted())
  for (const [type, { unread }] of Object.entries(OF_TYPE))
    for (const path of unread) {
      const [name = '', ...inside] = path.split('.').toReversed()
      const element = inside.reduce<unknown>((value, of) => ({ [of]: value }), { [name]: 'x' })
      expect([...unmappedElements({ resourceType: type, ...(element as object) })]).toEqual([`${type}.${path}`])
    }
})

test('the gateway counts them by format and place, of what it accepts', async () => {
  const gateway = await harness()
  onTestFinished(() => gateway.close())
  const observation = (id: string) => ({
    ...{ resourceType: 'Observation', id, ...about, status: 'final', effectiveDateTime: '2024-05-06T07:08:09Z' },
    ...{ code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] }, method: { text: 'DURAND' } },
  })
  const entry = [patient, observation('a'), observation('b')].map((resource) => ({ resource }))
  const bundle = JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry })
  expect((await gateway.post('fhir', 'application/fhir+json', bundle)).json()).toMatchObject({
    accepted: 3,
    rejected: 0,
  })
  const metrics = await gateway.metrics.scrape()
  expect(metrics).toMatch(
    /chainon_gateway_unmapped_fields_total\{[^}]*format="fhir",path="Observation.method"[^}]*\} 2/,
  )
  expect(metrics).not.toContain('DURAND')
})
