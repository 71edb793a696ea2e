/** Encoders and decoders like those of the registry, for the chapters: the same Avro, without a server. */
import avsc from 'avsc'
import type { Decoder, Encoder } from '#core/avro/registry.ts'
import { type AvroRecordSchema, fullName } from '#core/contract/avro-schemas.ts'

const typeOf = (schema: AvroRecordSchema) =>
  avsc.Type.forSchema(schema as unknown as avsc.Schema, { registry: {}, logicalTypes: {} })

export function encoderOf(schema: AvroRecordSchema): Encoder {
  const type = typeOf(schema)
  return { schemaId: 1, encode: (record) => (type.isValid(record) ? type.toBuffer(record) : undefined) }
}

export function decoderOf(schema: AvroRecordSchema): Decoder {
  const type = typeOf(schema)
  return {
    prepare: async () => undefined,
    decode(value) {
      try {
        return value ? { name: fullName(schema), record: type.fromBuffer(value) as Record<string, unknown> } : undefined
      } catch {
        return undefined
      }
    },
  }
}
