/** docs/formats/fhir.md is what the mapping does (`npx vitest run --project unit test/unit/gateway/decode/fhir/page -u` writes it). */
import { expect, test } from 'vitest'
import { PATHS_OF_TYPE } from '../../../../../services/gateway/decode/fhir/map.ts'
import { FORMS } from '../../../../fhir/forms.ts'
import { contractOf } from '../../harness.ts'
import { only } from './bundles.ts'
import { page } from './page.ts'

const example = {
  resourceType: 'Observation',
  id: 'lab-1',
  meta: { lastUpdated: '2025-02-01T11:00:00+01:00' },
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '2160-0', display: 'Creatinine' }] },
  subject: { identifier: { value: '10000001' } },
  effectiveDateTime: '2025-02',
  valueQuantity: { value: 88, comparator: '<', unit: 'µmol/L', code: 'umol/L' },
}

test('the page is current', async () => {
  const record = only(example)
  await expect(page(example, [record])).toMatchFileSnapshot('../../../../../docs/formats/fhir.md')
})

test('each path is of a field of its feed, and each has a form', () => {
  for (const byFeed of PATHS_OF_TYPE.values())
    for (const [feed, fields] of Object.entries(byFeed)) {
      const names = contractOf(feed).fields.map(({ name }) => name)
      expect(Object.keys(fields).filter((name) => !names.includes(name))).toEqual([])
      expect(Object.keys(fields).filter((name) => !FORMS[`${feed}.${name}`] && !FORMS[name])).toEqual([])
    }
})
