/** Hostile Avro container files: what is made of one in memory is bounded, by the bytes of its blocks, its schema and the number of its blocks. */
import { randomBytes } from 'node:crypto'
import avsc from 'avsc'
import { expect, test } from 'vitest'
import type { FeedContract } from '#core/contract/types.ts'
import { avroRecords } from '../../../../services/gateway/decode/avro.ts'
import { openContainer } from '../../../../services/gateway/decode/avro-container.ts'
import { avroBlock, avroFile, avroHead } from '../avro-file.ts'
import { harness } from '../harness.ts'

const AVRO = 'application/vnd.apache.avro+binary'
const SCHEMA = { type: 'record', name: 'O', fields: [{ name: 'record_id', type: 'string' }] }
const OBSERVATION = {
  type: 'record',
  name: 'O',
  fields: [
    ...['record_id', 'patient_ipp', 'code_system', 'code'].map((name) => ({ name, type: 'string' })),
    { name: 'effective_at', type: 'long' },
  ],
}
/** Rejected: so nothing is made of it for Kafka. */
const rejected = {
  record_id: 'x'.repeat(20_000),
  patient_ipp: 'ipp',
  code_system: 'urn:x',
  code: '1',
  effective_at: 0,
}

test('the bytes of a block are reserved when it is decompressed', async () => {
  const gateway = await harness({ producerInFlightBytes: 300_000 })
  try {
    // Of the size that a body may have, and together with the file itself larger than what may be in flight.
    const random = { ...rejected, record_id: randomBytes(9_000).toString('hex') }
    const body = avroFile([...Array.from({ length: 14 }, () => rejected), random], OBSERVATION, 'deflate')
    expect(body.length).toBeLessThan(20_000)
    const answer = await gateway.post('observation', AVRO, body)
    expect([answer.statusCode, answer.json().code]).toEqual([413, 'body-too-large'])
    expect(answer.json().detail).toContain('300000 bytes')
  } finally {
    await gateway.close()
  }
})

test('a file of blocks without records is no file: each would be decompressed', () => {
  const head = avroHead(SCHEMA, 'deflate')
  const body = Buffer.concat([head, ...Array.from({ length: 100 }, () => avroBlock(0, Buffer.alloc(0), 'deflate'))])
  expect(() => [...openContainer(body, 1_000_000, () => undefined).blocks()]).toThrow('a block has no records')
})

test('a schema of some size is not read', async () => {
  const gateway = await harness()
  try {
    const schema = { ...OBSERVATION, doc: 'd'.repeat(300_000) }
    const answer = await gateway.post('observation', AVRO, avroFile([rejected], schema))
    expect(answer.json().detail).toContain('its schema is larger than 262144 bytes')
  } finally {
    await gateway.close()
  }
})

test('one decompressed block is reserved at a time, and a count that its bytes cannot have ends the reading', () => {
  const type = avsc.Type.forSchema(SCHEMA as avsc.Schema)
  const one = type.toBuffer({ record_id: 'r' })
  const block = (count: number, records: number) =>
    avroBlock(count, Buffer.concat(Array.from({ length: records }, () => one)), 'deflate')
  const reserved: number[] = []
  const reserve = (bytes: number) => void reserved.push(bytes)
  const body = Buffer.concat([avroHead(SCHEMA, 'deflate'), block(1_000, 1_000), block(10, 10)])
  expect([...openContainer(body, 1_000_000, reserve).blocks()].map(({ count }) => count)).toEqual([1_000, 10])
  expect(reserved).toEqual([1_000 * one.length, 10 * one.length])
  const contract = { feed: 'f', fields: [{ name: 'record_id', kind: 'string' }] } as unknown as FeedContract
  const lying = Buffer.concat([avroHead(SCHEMA, 'deflate'), block(2 ** 50, 10)])
  expect(() => [...avroRecords(lying, contract, 1_000_000, reserve)]).toThrow('a record is incomplete')
})
