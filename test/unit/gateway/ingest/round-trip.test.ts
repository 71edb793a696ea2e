/** What is sent of a feed, in each of its forms, is what is stored: every field of every feed, with values that break readers. */
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { identifiedSchema } from '#core/contract/avro-schemas.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { generatedRecords, jsonOf, type TypedRecord } from '../../../helpers/generated-records.ts'
import { avroFile } from '../avro-file.ts'
import { contracts, harness } from '../harness.ts'

const RECORDS = 20

let gateway: Awaited<ReturnType<typeof harness>>
beforeAll(async () => {
  gateway = await harness({ maxInFlightBytes: 100_000_000 })
})
afterAll(() => gateway.close())

/** The contract's own fields, in its types. */
function schemaOf(contract: FeedContract) {
  const { fields, ...schema } = identifiedSchema(contract)
  return { ...schema, fields: fields.filter(({ name }) => !name.startsWith('_')) }
}

type Write = (records: readonly TypedRecord[], contract: FeedContract) => Buffer
const ndjson: Write = (records, contract) =>
  Buffer.from(records.map((record) => JSON.stringify(jsonOf(contract, record))).join('\n'))

interface Form {
  readonly name: string
  readonly type: string
  readonly write: Write
  readonly encoding?: string
}

const array: Write = (records, contract) =>
  Buffer.from(
    JSON.stringify(
      records.map((record) => jsonOf(contract, record)),
      undefined,
      1,
    ),
  )
const AVRO = 'application/vnd.apache.avro+binary'
const FORMS: readonly Form[] = [
  { name: 'NDJSON', type: 'application/x-ndjson', write: ndjson },
  { name: 'NDJSON in gzip', type: 'application/x-ndjson', write: (...of) => gzipSync(ndjson(...of)), encoding: 'gzip' },
  { name: 'an array of JSON', type: 'application/json', write: array },
  { name: 'Avro', type: AVRO, write: (records, contract) => avroFile(records, schemaOf(contract)) },
  {
    name: 'Avro with deflate',
    type: AVRO,
    write: (records, contract) => avroFile(records, schemaOf(contract), 'deflate'),
  },
]

test.each(FORMS)('$name', async ({ type, write, encoding }) => {
  for (const contract of contracts) {
    const records = generatedRecords(contract, RECORDS)
    const headers: Record<string, string> = encoding === undefined ? {} : { 'content-encoding': encoding }
    const answer = await gateway.post(contract.feed, type, write(records, contract), headers)
    expect([contract.feed, answer.statusCode, answer.json().errors]).toEqual([contract.feed, 202, []])
    const stored = await gateway.decoded()
    gateway.written.length = 0
    const own = stored.map(({ record }) =>
      Object.fromEntries(Object.entries(record).filter(([name]) => !name.startsWith('_'))),
    )
    expect(own.toSorted(byId)).toEqual(records.toSorted(byId))
  }
})

function byId(a: TypedRecord, b: TypedRecord): number {
  return String(a.record_id) < String(b.record_id) ? -1 : 1
}
