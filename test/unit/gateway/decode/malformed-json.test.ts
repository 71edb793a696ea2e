/** Malformed JSON is named by its place, and never quoted. */
import { expect, test } from 'vitest'
import { bundleSteps } from '../../../../services/gateway/decode/fhir/bundle.ts'
import { jsonRecords } from '../../../../services/gateway/decode/json.ts'
import { ndjsonRecords } from '../../../../services/gateway/decode/ndjson.ts'
import type { ProblemError } from '../../../../services/gateway/problem.ts'

function placeIn(read: () => void): string {
  try {
    read()
    return 'none'
  } catch (error) {
    const { message } = error as ProblemError
    expect(message).not.toMatch(/DURAND/)
    return /line \d+, column \d+/.exec(message)?.[0] ?? message
  }
}
const json = (text: string) => placeIn(() => void [...jsonRecords(Buffer.from(text), 1000)])
const bundle = (text: string) =>
  placeIn(() => {
    const limits = { maxRecordBytes: 1000, maxRecords: 10 }
    for (const steps = bundleSteps(Buffer.from(text), 0, limits); !steps.next().done; );
  })

test.each([
  ['{"a":DURAND}', 'line 1, column 6'],
  ['[{"a":1},\n  {"é":"x" "b"}]', 'line 2, column 12'],
  ['[{"a":1}\n {"b":1}]', 'line 2, column 2'],
  ['[{"a":1}', 'line 1, column 9'],
  ['[{"a":1}]]', 'line 1, column 10'],
  ['[{"a":1},]', 'line 1, column 10'],
  ['[{"a":"x\n}]', 'line 1, column 9'],
  ['\ufeff[1,\n\n x]', 'line 3, column 2'],
  ['[{"a":[1}]', 'line 1, column 9'],
])('a body of JSON: %s', (text, place) => expect(json(text)).toBe(place))

test.each([
  ['{"resourceType":"Bundle",\n"entry":[{"resource":{"a":DURAND}}]}', 'line 2, column 27'],
  ['{"resourceType":"Bundle" "entry":[]}', 'line 1, column 26'],
  ['{"resourceType":"Bundle",\n"entry":[{}', 'line 2, column 12'],
  ['{"resourceType":}', 'line 1, column 17'],
  ['{resourceType:1}', 'line 1, column 2'],
])('a Bundle: %s', (text, place) => expect(bundle(text)).toBe(place))

test('a line of NDJSON is named by its column, and the others are read', () => {
  const body = Buffer.from('\ufeff{"a":1}\n{"é":DURAND}\r\n{"a":\n\n{"b":2}')
  expect([...ndjsonRecords(body, 1000)]).toEqual([
    { raw: { a: 1 } },
    { fault: 'malformed-json', path: 'column 6' },
    { fault: 'malformed-json', path: 'column 6' },
    { raw: { b: 2 } },
  ])
})
