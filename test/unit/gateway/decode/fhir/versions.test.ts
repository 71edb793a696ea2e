/** The versions of one resource are comparable, whatever its server writes into `meta`. */
import { expect, test } from 'vitest'
import { mapResource } from '../../../../../services/gateway/decode/fhir/map.ts'
import { openNow } from './open.ts'

type Resource = Record<string, unknown>
const DAY = 86_400_000
const T = Date.UTC(2026, 0, 2)
const at = (ms: number) => new Date(ms).toISOString()

const patient: Resource = {
  resourceType: 'Patient',
  id: 'p1',
  identifier: [{ type: { coding: [{ code: 'MR' }] }, value: 'IPP-1' }],
  name: [{ family: 'MARTIN' }],
}

/** @returns the version of each record of the resource */
function versions(meta: Resource | undefined, receivedAt: number, more: Resource = {}): number[] {
  const resource = { ...patient, ...(meta === undefined ? {} : { meta }), ...more }
  const entry = [{ resource: patient }, { resource }]
  const mapped = mapResource(resource, openNow({ resourceType: 'Bundle', type: 'batch', entry }, receivedAt))
  return mapped.ok ? mapped.records.map(({ record }) => Number(record.record_version)) : []
}

/** `meta` of one resource, as its versions were sent, a minute apart. */
const SEQUENCES: [string, (Resource | undefined)[]][] = [
  ['the time of change, then only a number', [{ lastUpdated: at(T) }, { versionId: '2' }]],
  ['numbers with and without a time', [{ versionId: '7' }, { lastUpdated: at(T + 70_000) }, { versionId: '9' }]],
  ['both, then nothing', [{ versionId: '1', lastUpdated: at(T) }, undefined, {}]],
  ['numbers that start again after the server was replaced', [{ versionId: '900' }, { versionId: '1' }]],
  ['a UUID, then a number', [{ versionId: '0f8fad5b-d9cb', lastUpdated: at(T) }, { versionId: '2' }]],
  ['a time without an offset, which is no instant', [{ lastUpdated: '2026-01-01T23:00:00' }, { versionId: '2' }]],
]

test.each(SEQUENCES)('sent as %s', (_, metas) => {
  const sent = metas.map((meta, i) => versions(meta, T + (i + 1) * 60_000)[0] ?? -1)
  expect(sent).toEqual(sent.toSorted((a, b) => a - b))
  expect(new Set(sent).size).toBe(sent.length)
})

test('the time of change decides, whatever the number says, in any order of arrival', () => {
  const older = { versionId: '9', lastUpdated: at(T - 2 * DAY) }
  const newer = { versionId: '3', lastUpdated: at(T - DAY) }
  expect(versions(older, T)[0]).toBe(T - 2 * DAY)
  expect(versions(newer, T - 1000)[0]).toBe(T - DAY)
})

test('a time of change far after the receipt is an error of a clock: the receipt counts', () => {
  expect(versions({ lastUpdated: '2099-01-01T00:00:00Z' }, T)).toEqual([T])
  expect(versions({ lastUpdated: at(T + DAY / 2) }, T)).toEqual([T + DAY / 2])
})

test('records that are derived from one resource have its version', () => {
  expect(versions({ versionId: '3' }, T, { deceasedDateTime: '2025-02-03' })).toEqual([T, T])
  expect(versions({ versionId: '3', lastUpdated: at(T - DAY) }, T, { deceasedDateTime: '2025-02-03' })).toEqual([
    T - DAY,
    T - DAY,
  ])
  const observation = {
    resourceType: 'Observation',
    subject: { reference: 'Patient/p1' },
    component: [{ valueInteger: 1 }, { valueInteger: 2 }],
  }
  expect(versions({ versionId: '3' }, T, observation)).toEqual([T, T])
})
