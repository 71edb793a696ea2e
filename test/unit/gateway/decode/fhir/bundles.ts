/** Bundles with one patient, for the tests of the mapping. */
import { expect } from 'vitest'
import { recordReader } from '#core/contract/record-reader.ts'
import { bundleItems } from '../../../../../services/gateway/decode/fhir/items.ts'
import { mapResource } from '../../../../../services/gateway/decode/fhir/map.ts'
import { contractOf } from '../../harness.ts'
import { openNow } from './open.ts'

export type Resource = Record<string, unknown>
export const RECEIVED = Date.UTC(2026, 0, 2)

export const patient: Resource = {
  resourceType: 'Patient',
  id: 'p1',
  identifier: [{ type: { coding: [{ code: 'PI' }] }, value: 'IPP-1' }],
  name: [{ use: 'official', family: 'DURAND' }],
}
export const about = { subject: { reference: 'Patient/p1' } }

/** @returns the records of the resource, which fit their contracts; or why it is refused */
export function map(resource: Resource) {
  const bundle = openNow(
    { resourceType: 'Bundle', type: 'batch', entry: [{ resource: patient }, { resource }] },
    RECEIVED,
  )
  const mapped = mapResource(resource, bundle)
  if (!mapped.ok) return { rule: mapped.fault, path: mapped.path, allowed: mapped.allowed }
  for (const { feed, record } of mapped.records)
    expect(recordReader(contractOf(feed), 'json')(record)).toMatchObject({ ok: true })
  return mapped.records.map(({ record }) => record)
}

/** @returns the record of a resource that has one */
export function only(resource: Resource): Readonly<Record<string, unknown>> {
  const mapped = map(resource)
  expect(mapped).toHaveLength(1)
  return Array.isArray(mapped) ? (mapped[0] ?? {}) : {}
}

/** @returns the items of a Bundle with these entries */
export function items(entry: readonly unknown[], type = 'transaction') {
  return [...bundleItems(openNow({ resourceType: 'Bundle', type, entry }, RECEIVED), () => undefined)]
}
