/** A Bundle is cut into its entries by a scan, and one of them at a time is an object: what comes of it is what a parser of the whole finds. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bundleSteps } from '../../../../../services/gateway/decode/fhir/bundle.ts'
import { bundleItems } from '../../../../../services/gateway/decode/fhir/items.ts'
import { openNow } from './open.ts'

const RECEIVED = Date.UTC(2026, 0, 2)
const patient = { resourceType: 'Patient', id: 'p1', birthDate: '1950-01-02' }
const procedure = (id: string, comment = '') => ({
  resourceType: 'Procedure',
  id,
  status: 'completed',
  subject: { reference: 'urn:uuid:p' },
  performedDateTime: '2025-01-01T10:00:00Z',
  code: { coding: [{ system: 'http://snomed.info/sct', code: '80146002' }], text: comment },
})
const of = (entry: readonly unknown[]) => ({ resourceType: 'Bundle', type: 'batch', entry })

test('a reference to a patient that comes later resolves, wherever the members of the Bundle are', () => {
  const entry = [{ resource: procedure('a') }, { fullUrl: 'urn:uuid:p', resource: patient }]
  const last = { entry, type: 'batch', meta: { tag: [] }, resourceType: 'Bundle' }
  for (const bundle of [of(entry), last]) {
    const items = [...bundleItems(openNow(bundle, RECEIVED), () => undefined)]
    expect(items).toMatchObject([
      { kind: 'decoded', index: 0, raw: { patient_ipp: 'p1' } },
      { feed: 'patient', index: 1 },
    ])
  }
})

test('the entries are those that a parser of the whole finds, whatever is in them and around them', () => {
  const spaces = fc.constantFrom(undefined, 1, '\t', '\r\n ')
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()), spaces, (values, more, space) => {
      const bundle = { ...more, ...of(values.map((resource) => ({ resource: { resource } }))) }
      const read = [...openNow(JSON.stringify(bundle, undefined, space), RECEIVED).entries()]
      const whole = JSON.parse(JSON.stringify(bundle)) as { entry: { resource: unknown }[] }
      expect(read.map((entry) => entry.resource)).toEqual(whole.entry.map(({ resource }) => resource))
    }),
  )
})

test('what no parser accepts is malformed, before an entry is read', () => {
  const good = JSON.stringify(of([{ resource: procedure('a') }]))
  const wrong = [
    good.slice(0, -1),
    good.replace('[{', '[,{'),
    good.replace('"batch",', '"batch",,'),
    good.replace('"batch"', '"batch" 1'),
    good.replace('"type":', '"type"'),
    good.replace('"type"', 'type'),
    good.replace('"status":', '"status":,'),
    `${good}}`,
    '{',
    '{}',
    '[]',
    '"Bundle"',
    '',
  ]
  for (const body of wrong) {
    const problem = (() => {
      try {
        openNow(body, RECEIVED)
        return 'accepted'
      } catch (error) {
        return (error as { problemCode?: string }).problemCode
      }
    })()
    expect([body, problem]).toEqual([body, 'malformed-body'])
  }
})

test('of a repeated member the last one counts, and an entry that is no array is none', () => {
  const twice = `{"resourceType":"Bundle","type":"x","entry":[1],"\\u0065ntry":[{"resource":{"id":"a"}}],"type":"batch"}`
  expect([...openNow(twice, RECEIVED).entries()]).toEqual([{ resource: { id: 'a' }, request: undefined }])
  expect([...openNow('{"resourceType":"Bundle","type":"batch","entry":{}}', RECEIVED).entries()]).toEqual([])
})

test('an entry that is larger than a record may be is rejected alone; more entries than records are one too many', () => {
  const entry = [
    { resource: procedure('a') },
    { fullUrl: 'urn:uuid:p', resource: patient },
    { resource: procedure('b', 'x'.repeat(2_000)) },
  ]
  const items = [...bundleItems(openNow(of(entry), RECEIVED, { maxRecordBytes: 1_000 }), () => undefined)]
  expect(items).toMatchObject([
    { kind: 'decoded', index: 0 },
    { kind: 'decoded', index: 1 },
    { kind: 'undecodable', index: 2, fault: 'record-too-large' },
  ])
  expect(() => openNow(of(entry), RECEIVED, { maxRecords: 2 })).toThrow(/at most 2 records/)
})

test('the event loop has a turn between entries while the places are read', () => {
  const entry = Array.from({ length: 2_000 }, (_, at) => ({ resource: procedure(`${at}`, 'x'.repeat(500)) }))
  const body = Buffer.from(JSON.stringify(of(entry)))
  const steps = bundleSteps(body, RECEIVED, { maxRecordBytes: 10_000, maxRecords: 10_000 })
  let pauses = 0
  while (!steps.next().done) pauses++
  expect(pauses).toBe(Math.floor(body.length / (256 * 1024)))
})
