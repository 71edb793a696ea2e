/** The same code in another spelling is one code, in every format. */
import { expect, test } from 'vitest'
import { harness, observation } from '../harness.ts'

const diagnosis = (id: string, code: string) => ({
  record_id: id,
  patient_ipp: '8000123',
  code_system: 'cim10',
  code,
  kind: 'principal',
  recorded_at: '2024-05-06T07:08:09Z',
})
const bundle = (code: string) => ({
  resourceType: 'Bundle',
  type: 'batch',
  entry: [
    {
      resource: {
        resourceType: 'Condition',
        id: 'c4',
        subject: { identifier: { value: '8000123' } },
        code: { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10', code }] },
        recordedDate: '2024-05-06T07:08:09Z',
      },
    },
  ],
})

test('E11.9, e119 and E119 are one code in JSON, NDJSON and FHIR', async () => {
  const gateway = await harness()
  const ndjson = [diagnosis('c2', 'e119'), diagnosis('c3', 'E119')].map((one) => JSON.stringify(one)).join('\n')
  for (const [feed, type, body] of [
    ['diagnosis', 'application/json', JSON.stringify(diagnosis('c1', 'E11.9'))],
    ['diagnosis', 'application/x-ndjson', ndjson],
    ['fhir', 'application/fhir+json', JSON.stringify(bundle('E11.9'))],
    ['observation', 'application/json', JSON.stringify(observation(1, { value_number: 5, value_unit: 'µmol/L' }))],
  ] as const)
    expect((await gateway.post(feed, type, body)).statusCode).toBe(202)
  const records = (await gateway.decoded()).map(({ record }) => record.value_unit ?? record.code)
  await gateway.close()
  expect(records).toEqual(['E119', 'E119', 'E119', 'E119', 'umol/L'])
})
