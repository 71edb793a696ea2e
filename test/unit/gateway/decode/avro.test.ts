/** Hostile Avro container files: what is made of one in memory is bounded, by the bytes of its blocks, its schema and the number of its blocks. */
import { expect, test } from 'vitest'
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

test.fails('the bytes of a block are reserved when it is decompressed', async () => {
  const gateway = await harness({ producerInFlightBytes: 300_000 })
  try {
    const body = avroFile(
      Array.from({ length: 20 }, () => rejected),
      OBSERVATION,
      'deflate',
    )
    expect(body.length).toBeLessThan(10_000)
    const answer = await gateway.post('observation', AVRO, body)
    expect([answer.statusCode, answer.json().code]).toEqual([413, 'body-too-large'])
    expect(answer.json().detail).toContain('300000 bytes')
  } finally {
    await gateway.close()
  }
})

test.fails('a file of blocks without records is no file: each would be decompressed', () => {
  const head = avroHead(SCHEMA, 'deflate')
  const body = Buffer.concat([head, ...Array.from({ length: 100 }, () => avroBlock(0, Buffer.alloc(0), 'deflate'))])
  expect(() => [...openContainer(body, 1_000_000).blocks()]).toThrow('a block has no records')
})

test.fails('a schema of some size is not read', async () => {
  const gateway = await harness()
  try {
    const schema = { ...OBSERVATION, doc: 'd'.repeat(300_000) }
    const answer = await gateway.post('observation', AVRO, avroFile([rejected], schema))
    expect(answer.json().detail).toContain('its schema is larger than 262144 bytes')
  } finally {
    await gateway.close()
  }
})
