/** An entry's method: POST and PUT send a resource, DELETE cancels its records, another one is refused. */
import { describe, expect, test } from 'vitest'
import { recordReader } from '#core/contract/record-reader.ts'
import { contractOf } from '../../harness.ts'
import { about, items, patient, RECEIVED, type Resource } from './bundles.ts'

const observation: Resource = {
  resourceType: 'Observation',
  id: 'o',
  ...about,
  code: { coding: [{ system: 'http://loinc.org', code: '85354-9' }] },
  effectiveDateTime: '2025-01-02T03:04:05Z',
  component: [{ code: { coding: [{ system: 'http://loinc.org', code: '8480-6' }] }, valueInteger: 120 }],
}
const entry = (method: unknown, more: Resource) => ({ request: { method, url: 'Observation/o' }, ...more })
const last = (all: readonly unknown[]) => items([{ resource: patient }, ...all]).at(-1)

describe('DELETE', () => {
  test('with the resource cancels each of its records', () =>
    expect(last([entry('DELETE', { resource: observation })])).toMatchObject({
      kind: 'decoded',
      feed: 'observation',
      raw: { record_id: 'o#0', operation: 'cancel' },
    }))

  test.each([
    ['Condition/c1', 'diagnosis', 'c1'],
    ['https://ehr.example/fhir/Encounter/e1', 'encounter', 'e1'],
    ['Procedure/x1', 'procedure', 'x1'],
    ['MedicationRequest/m1', 'medication', 'MedicationRequest/m1'],
    ['MedicationAdministration/m1', 'medication', 'MedicationAdministration/m1'],
    ['DocumentReference/d1', 'document', 'd1'],
  ])('without a resource cancels the record that the address names: %s', (url, feed, id) => {
    const item = items([{ request: { method: 'DELETE', url } }])[0]
    expect(item).toMatchObject({
      kind: 'decoded',
      feed,
      raw: { record_id: id, record_version: RECEIVED, operation: 'cancel' },
    })
    const raw = item?.kind === 'decoded' ? item.raw : undefined
    expect(recordReader(contractOf(feed), 'json')(raw)).toMatchObject({ ok: true })
  })

  test.each([
    ['several records', 'Observation/o'],
    ['an identifier that is not in the address', 'Patient/p1'],
    ['a search', 'Condition?identifier=x'],
    ['no address', undefined],
  ])('is refused where the record cannot be named: %s', (_, url) =>
    expect(items([{ request: { method: 'DELETE', url } }])[0]).toMatchObject({
      kind: 'undecodable',
      fault: 'delete-needs-resource',
      path: 'Bundle.entry[0].request.url',
    }),
  )
})

test.each(['POST', 'PUT', undefined])('%s sends the resource', (method) =>
  expect(last([entry(method, { resource: observation })])).toMatchObject({ raw: { operation: 'upsert' } }),
)

test.each(['PATCH', 'GET', 'delete', 7])('%s is refused by the index of its entry', (method) =>
  expect(last([entry(method, { resource: observation })])).toMatchObject({
    kind: 'undecodable',
    index: 1,
    fault: 'unsupported-method',
    path: 'Bundle.entry[1].request.method',
    allowed: ['POST', 'PUT', 'DELETE'],
  }),
)

test('a fault of a resource names the element with the index of its entry', () =>
  expect(last([{ resource: { ...observation, status: 'done' } }])).toMatchObject({
    kind: 'undecodable',
    fault: 'enum',
    path: 'Bundle.entry[1].resource.status',
  }))
