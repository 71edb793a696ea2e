/** `GET /fhir/R4/metadata`: the CapabilityStatement says what the mappings do, in the shape of FHIR R4. */
import { expect, onTestFinished, test } from 'vitest'
import { MAPPED_RESOURCES } from '../../../../services/gateway/decode/fhir/map.ts'
import { harness } from '../harness.ts'

/** Elements of R4 with the smallest number of them, and whether there may be several (hl7.org/fhir/R4/capabilitystatement.html). */
const CAPABILITY = {
  ...{
    resourceType: '1..1',
    status: '1..1',
    date: '1..1',
    kind: '1..1',
    fhirVersion: '1..1',
    format: '1..*',
    rest: '0..*',
  },
  ...{ software: '0..1', implementation: '0..1' },
}
const REST = { mode: '1..1', documentation: '0..1', security: '0..1', resource: '0..*', interaction: '0..*' }

function check(of: Readonly<Record<string, unknown>>, elements: Readonly<Record<string, string>>): readonly string[] {
  const foreign = Object.keys(of).filter((name) => !Object.hasOwn(elements, name))
  const wrong = Object.entries(elements).flatMap(([name, cardinality]) => {
    const value = of[name]
    if (value === undefined) return cardinality.startsWith('0') ? [] : [`${name} is missing`]
    return Array.isArray(value) === cardinality.endsWith('*') ? [] : [`${name} is ${cardinality}`]
  })
  return [...foreign.map((name) => `${name} is no element`), ...wrong]
}

test('it needs no key, has the shape of R4, and names every resource with its feeds and elements', async () => {
  const started = await harness()
  onTestFinished(() => started.close())
  const answer = await started.app.inject('/fhir/R4/metadata')
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([
    200,
    expect.stringMatching(/^application\/fhir\+json/),
  ])
  const statement = answer.json<Record<string, unknown> & { rest: Record<string, unknown>[]; date: string }>()
  const [rest = {}] = statement.rest
  expect([...check(statement, CAPABILITY), ...check(rest, REST)]).toEqual([])
  expect(Number.isNaN(Date.parse(statement.date))).toBe(false)
  // cpb-15: an instance has an implementation, and it has a description.
  expect(statement).toMatchObject({
    kind: 'instance',
    implementation: { description: expect.any(String) },
    fhirVersion: '4.0.1',
  })
  expect(rest.interaction).toMatchObject([{ code: 'batch' }])
  const resources = rest.resource as { type: string; documentation: string; interaction: { code: string }[] }[]
  expect(new Set(resources.map(({ interaction }) => interaction.map(({ code }) => code).join()))).toEqual(
    new Set(['create,update,delete']),
  )
  expect(statement.format).toContain('application/fhir+ndjson')
  expect(resources.map(({ type }) => type)).toEqual(MAPPED_RESOURCES)
  expect(resources.find(({ type }) => type === 'Patient')?.documentation).toMatch(
    /^Feed patient: .*birthDate.* Feed death: /,
  )
  expect((await started.app.inject({ method: 'POST', url: '/fhir/R4/metadata' })).statusCode).toBe(405)
})
