/** Avro object container files, written by hand: with any schema and codec. */
import { deflateRawSync } from 'node:zlib'
import avsc from 'avsc'

/** @param records in the Avro types of the schema: dates as days, timestamps as milliseconds */
export function avroFile(
  records: readonly Record<string, unknown>[],
  schema: unknown,
  codec: 'null' | 'deflate' = 'null',
): Buffer {
  const type = avsc.Type.forSchema(schema as avsc.Schema, { registry: {}, logicalTypes: {} })
  const meta = avsc.Type.forSchema({ type: 'map', values: 'bytes' }).toBuffer({
    'avro.schema': Buffer.from(JSON.stringify(schema)),
    'avro.codec': Buffer.from(codec),
  })
  const long = avsc.Type.forSchema('long')
  const raw = Buffer.concat(records.map((record) => type.toBuffer(record)))
  const data = codec === 'deflate' ? deflateRawSync(raw) : raw
  const sync = Buffer.alloc(16, 9)
  return Buffer.concat([
    Buffer.from('Obj\u0001', 'latin1'),
    meta,
    sync,
    long.toBuffer(records.length),
    long.toBuffer(data.length),
    data,
    sync,
  ])
}
