import { expect, test } from 'vitest'
import { recordId } from '#core/fhir/identifiers.ts'

test('resources that share a business identifier stay separate records', () => {
  const order = [{ system: 'urn:oid:1.2.3', value: 'ORDER-7' }]
  expect(recordId({ resourceType: 'Observation', id: 'o1', identifier: order })).toBe('o1')
  expect(recordId({ resourceType: 'Observation', id: 'o2', identifier: order })).toBe('o2')
  expect(recordId({ resourceType: 'Observation', identifier: order })).toBe('urn:oid:1.2.3|ORDER-7')
  expect(recordId({ resourceType: 'Observation' })).toBeUndefined()
})
