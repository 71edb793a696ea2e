/** The first record of a FHIR file says what it has; no record is lost by looking. */
import { expect, test } from 'vitest'
import { routeOf } from '../../../../services/cli/push/route.ts'
import type { Source, SourceFormat } from '../../../../services/cli/push/source.ts'
import type { SourceRecord } from '../../../../services/cli/push/source-record.ts'

async function* recordsOf(texts: readonly string[]): AsyncGenerator<SourceRecord> {
  for (const [at, text] of texts.entries()) yield { line: at + 1, bytes: Buffer.from(text) }
}

async function route(texts: readonly string[], feed?: string, format: SourceFormat = 'ndjson') {
  const found = await routeOf({ format } as Source, feed, recordsOf(texts))
  let read = 0
  for await (const _record of found.records) read++
  return [found.route.kind, read]
}

test.each([
  [['{"id":"b","resourceType":"Bundle"}', '{}'], 'bundle'],
  [['\uFEFF{"resourceType":"Bundle"}'], 'bundle'],
  [['{"contained":[{"resourceType":"Bundle"}],"resourceType":"Patient"}', '{}', '{}'], 'resources'],
  [['{"resourceType":', '{"resourceType":"Bundle"}'], 'resources'],
  [['null'], 'resources'],
  [[], 'resources'],
])('%j', async (texts, kind) => {
  expect(await route(texts)).toEqual([kind, texts.length])
})

test('a feed and a file of HL7 v2 are what they are', async () => {
  expect(await route(['{"resourceType":"Bundle"}'], 'patient')).toEqual(['feed', 1])
  expect(await route(['MSH|'], undefined, 'hl7')).toEqual(['hl7', 1])
})
