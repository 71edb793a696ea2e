/** Records of an Avro object container file. */
import type { FeedContract } from '#core/contract/types.ts'
import { malformed, openContainer, type Reserve } from './avro-container.ts'
import { writerType } from './avro-fit.ts'
import type { Decoded } from './item.ts'

/**
 * @param maxBytes largest size of the file's blocks after decompression, in bytes
 * @param reserve see `openContainer`
 * @throws ProblemError malformed-body, body-too-large, foreign-schema, and those of `reserve`
 */
export function* avroRecords(
  body: Buffer,
  contract: FeedContract,
  maxBytes: number,
  reserve: Reserve,
): Generator<Decoded> {
  const container = openContainer(body, maxBytes, reserve)
  const type = writerType(container.schema, contract)
  for (const { count, data } of container.blocks()) {
    let at = 0
    for (let i = 0; i < count; i++) {
      const { value, offset } = decode(() => type.decode(data, at))
      if (offset <= at || offset > data.length) throw malformed('a record is incomplete')
      at = offset
      yield { raw: value }
    }
    if (at !== data.length) throw malformed('a block contains more than its records')
  }
}

function decode<T>(read: () => T): T {
  try {
    return read()
  } catch {
    throw malformed('a record does not match the schema')
  }
}
