/** No code, unit or number of the simulator or of the sample is lost to a guard. */
import { describe, expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { recordReader } from '#core/contract/record-reader.ts'
import { compileGuards } from '#core/guards/compile.ts'
import { mapResource } from '../../../services/gateway/decode/fhir/map.ts'
import { FIXTURE, readSample } from '../../../services/synthetic/sample/files.ts'
import { openNow } from '../gateway/decode/fhir/open.ts'
import { records } from './worlds.ts'

const RECEIVED_MS = Date.UTC(2026, 5, 1)
const feeds = new Map(
  loadContracts('schemas/feeds').map((contract) => [
    contract.feed,
    { read: recordReader(contract, 'json'), guards: compileGuards(contract) },
  ]),
)

/** @returns how many kept values there are, and how many of them are withheld or refuse their record, by feed, field and kind */
function counts(made: Iterable<{ readonly feed: string; readonly record: object }>) {
  const withheld: Record<string, number> = {}
  let kept = 0
  for (const { feed, record } of made) {
    const known = feeds.get(feed)
    const read = known?.read(record)
    if (!known || !read?.ok) continue
    kept += known.guards.fields.filter(({ name }) => read.record[name] !== null).length
    for (const { field, kind } of known.guards.check(read.record, { producer: 'p', receivedAt: RECEIVED_MS * 1000 })) {
      const name = `${feed}.${field.name} ${kind}`
      withheld[name] = (withheld[name] ?? 0) + 1
    }
  }
  return { kept, withheld }
}

function* sample() {
  for (const { lines } of readSample(FIXTURE)) {
    for (const line of lines) {
      const bundle = openNow(line, RECEIVED_MS)
      for (const entry of bundle.entries()) {
        const resource = entry?.resource
        const mapped = mapResource(resource, bundle)
        if (mapped.ok) yield* mapped.records
      }
    }
  }
}

describe('nothing is withheld', () => {
  test('of the sample of Synthea', () => {
    const { kept, withheld } = counts(sample())
    expect([kept > 100_000, withheld]).toEqual([true, {}])
  })

  test('of the simulator', () => {
    const { kept, withheld } = counts(JSON.parse(JSON.stringify(records(40_000))))
    expect([kept > 200_000, withheld]).toEqual([true, {}])
  })
})
