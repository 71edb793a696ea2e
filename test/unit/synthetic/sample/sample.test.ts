/** The bundled FHIR sample: what it contains, and that the same input produces the same two hospitals. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FIXTURE, readSample } from '../../../../services/synthetic/sample/files.ts'
import {
  type Json,
  object,
  objects,
  SAMPLE_PRODUCERS,
  splitBundle,
} from '../../../../services/synthetic/sample/split.ts'

const files = readSample(FIXTURE)
const bundles = files.flatMap(({ producer, lines }) =>
  lines.map((line) => ({ producer, bundle: JSON.parse(line) as Json })),
)
const resourcesOf = (bundle: Json) => objects(bundle.entry).map((entry) => object(entry.resource) ?? {})
const patientOf = (bundle: Json) => resourcesOf(bundle).find(({ resourceType }) => resourceType === 'Patient') ?? {}
const identity = (bundle: Json) => {
  const patient = patientOf(bundle)
  return JSON.stringify([patient.name, patient.birthDate, patient.gender])
}
const ipp = (bundle: Json) => objects(patientOf(bundle).identifier)[0]?.value

describe('the fixture', () => {
  test('is at most 5 MB', () => {
    const bytes = files.map(({ producer }) => statSync(join(FIXTURE, `${producer}.ndjson.gz`)).size)
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(5_000_000)
  })

  test('has at least 20 patients of two hospitals, which share some patients under different numbers', () => {
    const people = Map.groupBy(bundles, ({ bundle }) => identity(bundle))
    expect(people.size).toBeGreaterThanOrEqual(20)
    expect(files.map(({ producer }) => producer)).toEqual([...SAMPLE_PRODUCERS])
    const shared = [...people.values()].filter((all) => all.length === 2)
    expect(shared.length).toBeGreaterThan(5)
    for (const [one, other] of shared) {
      expect(one?.producer).not.toBe(other?.producer)
      expect(one && ipp(one.bundle)).not.toBe(other && ipp(other.bundle))
      expect(one && patientOf(one.bundle).id).not.toBe(other && patientOf(other.bundle).id)
      // Both hospitals have records of the patient.
      for (const half of [one, other]) expect(half && resourcesOf(half.bundle).length).toBeGreaterThan(1)
    }
    expect(new Set(bundles.map(({ producer, bundle }) => `${producer}/${String(ipp(bundle))}`)).size).toBe(
      bundles.length,
    )
  })

  test('has every resource type that the gateway maps, and no other', () => {
    const types = new Set(bundles.flatMap(({ bundle }) => resourcesOf(bundle).map(({ resourceType }) => resourceType)))
    expect(types).toEqual(
      new Set([
        'Patient',
        'Encounter',
        'Condition',
        'Procedure',
        'Observation',
        'MedicationRequest',
        'MedicationAdministration',
        'DocumentReference',
      ]),
    )
  })

  test('refers to no resource outside of itself, and has no date after its reference date', () => {
    for (const { bundle } of bundles) {
      const text = JSON.stringify(bundle)
      const known = new Set(objects(bundle.entry).map(({ fullUrl }) => fullUrl))
      for (const [, target] of text.matchAll(/"reference":"([^"]+)"/g)) expect(known.has(target)).toBe(true)
      expect(text).not.toMatch(/\?identifier=/)
      for (const [, year] of text.matchAll(/"(\d{4})-\d{2}-\d{2}T/g)) expect(Number(year)).toBeLessThanOrEqual(2024)
    }
  })

  test('has a unique id for each resource', () => {
    const ids = bundles.flatMap(({ bundle }) => resourcesOf(bundle).map(({ id }) => String(id)))
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('splitBundle', () => {
  const patient = { resourceType: 'Patient', id: 'p', identifier: [{ value: 'ssn' }], birthDate: '1980-01-01' }
  const stay = (id: string, date: string) => ({
    fullUrl: `urn:uuid:${id}`,
    resource: {
      resourceType: 'Encounter',
      id,
      subject: { reference: 'urn:uuid:p' },
      period: { start: date, end: date },
      serviceProvider: { reference: 'Organization/1' },
    },
  })
  const bundle = {
    resourceType: 'Bundle',
    entry: [
      { fullUrl: 'urn:uuid:p', resource: patient },
      ...Array.from({ length: 8 }, (_, i) => stay(`e${i}`, '2020-01-01T00:00:00Z')),
      stay('late', '2030-01-01T00:00:00Z'),
      { fullUrl: 'urn:uuid:c', resource: { resourceType: 'Claim', id: 'c' } },
      { fullUrl: 'urn:uuid:m', resource: { resourceType: 'Medication', id: 'm', code: { text: 'a drug' } } },
      {
        fullUrl: 'urn:uuid:r',
        resource: {
          resourceType: 'MedicationRequest',
          id: 'r',
          medicationReference: { reference: 'urn:uuid:m' },
          encounter: { reference: 'urn:uuid:e0' },
        },
      },
    ],
  }
  const until = Date.UTC(2024, 0, 1)

  test('divides the stays of a shared patient, and drops resources with a later date or of other types', () => {
    const both = splitBundle(bundle, 0, until)
    expect(both.map(({ producer }) => producer)).toEqual([...SAMPLE_PRODUCERS])
    const all = both.flatMap((one) => resourcesOf(one.bundle))
    expect(all.filter(({ resourceType }) => resourceType === 'Encounter')).toHaveLength(8)
    expect(all.filter(({ resourceType }) => resourceType === 'Patient')).toHaveLength(2)
    expect(JSON.stringify(all)).not.toMatch(/ssn|Organization|Claim|2030/)
    expect(all.find(({ resourceType }) => resourceType === 'MedicationRequest')).toMatchObject({
      medicationCodeableConcept: { text: 'a drug' },
    })
  })

  test('sends the whole record of the other patients to one hospital, always the same one', () => {
    const alone = splitBundle(bundle, 1, until)
    expect(alone).toHaveLength(1)
    expect(resourcesOf(alone[0]?.bundle ?? {})).toHaveLength(10)
    expect(splitBundle(bundle, 1, until)).toEqual(alone)
  })
})
