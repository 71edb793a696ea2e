/** The gateway maps the whole bundled sample, and each resulting record fits its contract. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { recordReader } from '#core/contract/record-reader.ts'
import { mapResource } from '../../../../services/gateway/decode/fhir/map.ts'
import { FIXTURE, readSample } from '../../../../services/synthetic/sample/files.ts'
import { openNow } from '../../gateway/decode/fhir/open.ts'

// A minute: 25,000 records need three seconds, and more on a machine that runs other tests.
test('the bundled sample is mapped and accepted without a rejection', { timeout: 60_000 }, () => {
  const contracts = loadContracts(join(import.meta.dirname, '../../../../schemas/feeds'))
  const readers = new Map(contracts.map((contract) => [contract.feed, recordReader(contract, 'json')]))
  const faults = new Set<string>()
  const counts: Record<string, number> = {}
  for (const { lines } of readSample(FIXTURE)) {
    for (const line of lines) {
      const bundle = openNow(line, Date.now())
      for (const entry of bundle.entries()) {
        const resource = entry?.resource
        const mapped = mapResource(resource, bundle)
        if (!mapped.ok) faults.add(`${String(resource?.resourceType)} ${mapped.pointer} ${mapped.fault}`)
        for (const { feed, record } of mapped.ok ? mapped.records : []) {
          counts[feed] = (counts[feed] ?? 0) + 1
          const read = readers.get(feed)?.(record)
          if (!read?.ok) faults.add(`${feed} ${JSON.stringify(read?.faults)}`)
        }
      }
    }
  }
  expect([...faults]).toEqual([])
  // What FHIR has no resource for that is mapped.
  const others = ['imaging', 'patient_merge', 'pmsi_stay']
  const expected = contracts.map(({ feed }) => feed).filter((feed) => !others.includes(feed))
  expect(Object.keys(counts).toSorted()).toEqual(expected.toSorted())
  expect(counts.patient).toBe(52)
})
