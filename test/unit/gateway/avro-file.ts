/** Avro object container files, written by hand: with any schema and codec. */
import { deflateRawSync } from 'node:zlib'
import avsc from 'avsc'

const SYNC = Buffer.alloc(16, 9)
const long = avsc.Type.forSchema('long')

/** @param records in the Avro types of the schema: dates as days, timestamps as milliseconds */
export function avroFile(
  records: readonly Record<string, unknown>[],
  schema: unknown,
  codec: 'null' | 'deflate' = 'null',
): Buffer {
  const type = avsc.Type.forSchema(schema as avsc.Schema, { registry: {}, logicalTypes: {} })
  const data = Buffer.concat(records.map((record) => type.toBuffer(record)))
  return Buffer.concat([avroHead(schema, codec), avroBlock(records.length, data, codec)])
}

export function avroHead(schema: unknown, codec: 'null' | 'deflate'): Buffer {
  const meta = avsc.Type.forSchema({ type: 'map', values: 'bytes' }).toBuffer({
    'avro.schema': Buffer.from(JSON.stringify(schema)),
    'avro.codec': Buffer.from(codec),
  })
  return Buffer.concat([Buffer.from('Obj\u0001', 'latin1'), meta, SYNC])
}

/** @param count how many records the block says it has */
export function avroBlock(count: number, raw: Buffer, codec: 'null' | 'deflate'): Buffer {
  const data = codec === 'deflate' ? deflateRawSync(raw) : raw
  return Buffer.concat([long.toBuffer(count), long.toBuffer(data.length), data, SYNC])
}
