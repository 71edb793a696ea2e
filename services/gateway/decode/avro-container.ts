/**
 * Avro object container files (Avro 1.12 specification, "Object Container Files"), read from memory with every length checked.
 * avsc's own reader is a stream that cannot limit the decompressed size of a block.
 */
import { inflateRawSync } from 'node:zlib'
import { ProblemError } from '../problem.ts'

const MAGIC = Buffer.from('Obj\u0001', 'latin1')
const SYNC_BYTES = 16
const MAX_METADATA_ENTRIES = 64
/** As JSON it takes many times its bytes, and a schema of a feed has some thousand. */
const MAX_SCHEMA_BYTES = 256 * 1024

/** @param bytes in memory besides the body and the messages */
export type Reserve = (bytes: number) => void

export interface ContainerBlock {
  readonly count: number
  readonly data: Buffer
}

export interface Container {
  /** JSON text of the writer's schema. */
  readonly schema: string
  blocks(): Generator<ContainerBlock>
}

/**
 * @param maxBytes largest size of all blocks together after decompression, in bytes
 * @param reserve called with the bytes of each decompressed block, of which one is in memory at a time; its problem ends the reading
 * @throws ProblemError malformed-body, body-too-large, and those of `reserve`
 */
export function openContainer(body: Buffer, maxBytes: number, reserve: Reserve): Container {
  if (body.length < 4 || !body.subarray(0, 4).equals(MAGIC)) throw malformed('it does not begin with its magic bytes')
  const cursor = { body, at: 4 }
  const metadata = readMetadata(cursor)
  const sync = readBytes(cursor, SYNC_BYTES)
  const written = metadata.get('avro.schema')
  if (written === undefined) throw malformed('it has no schema')
  if (written.length > MAX_SCHEMA_BYTES) throw malformed(`its schema is larger than ${MAX_SCHEMA_BYTES} bytes`)
  const schema = written.toString('utf8')
  const codec = metadata.get('avro.codec')?.toString('utf8') ?? 'null'
  if (codec !== 'null' && codec !== 'deflate') throw malformed('its codec is neither null nor deflate')
  return {
    schema,
    *blocks() {
      let budget = maxBytes
      while (cursor.at < body.length) {
        const count = readLong(cursor)
        const size = readLong(cursor)
        if (count < 0 || size < 0) throw malformed('a block has a negative length')
        // No writer makes one, and a body has room for a million of them, each to be decompressed.
        if (count === 0) throw malformed('a block has no records')
        const raw = readBytes(cursor, size)
        if (!readBytes(cursor, SYNC_BYTES).equals(sync)) throw malformed('a block does not end with the sync marker')
        if (codec === 'null') {
          yield { count, data: raw }
          continue
        }
        const data = inflate(raw, budget)
        budget -= data.length
        reserve(data.length)
        yield { count, data }
      }
    },
  }
}

interface Cursor {
  readonly body: Buffer
  at: number
}

function readMetadata(cursor: Cursor): ReadonlyMap<string, Buffer> {
  const metadata = new Map<string, Buffer>()
  for (;;) {
    let count = readLong(cursor)
    if (count === 0) return metadata
    // A negative count is followed by the size of the block in bytes.
    if (count < 0) {
      count = -count
      readLong(cursor)
    }
    if (metadata.size + count > MAX_METADATA_ENTRIES) throw malformed('its header is too long')
    for (let i = 0; i < count; i++) {
      const key = readBytes(cursor, readLong(cursor)).toString('utf8')
      metadata.set(key, readBytes(cursor, readLong(cursor)))
    }
  }
}

/** Zig-zag variable-length integer; those beyond 2^53 cannot be a length here. */
function readLong(cursor: Cursor): number {
  let value = 0
  let scale = 1
  for (let i = 0; i < 8; i++) {
    const byte = cursor.body[cursor.at++]
    if (byte === undefined) throw malformed('it is incomplete')
    value += (byte & 0x7f) * scale
    if ((byte & 0x80) === 0) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    scale *= 128
  }
  throw malformed('a length is out of range')
}

function readBytes(cursor: Cursor, length: number): Buffer {
  if (length < 0 || cursor.at + length > cursor.body.length) throw malformed('it is incomplete')
  cursor.at += length
  return cursor.body.subarray(cursor.at - length, cursor.at)
}

function inflate(raw: Buffer, budget: number): Buffer {
  try {
    return inflateRawSync(raw, { maxOutputLength: Math.max(1, budget) })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new ProblemError(
        'body-too-large',
        'The blocks of the Avro file are larger than a body may be after decompression.',
      )
    throw malformed('a block cannot be decompressed')
  }
}

export function malformed(why: string): ProblemError {
  return new ProblemError('malformed-body', `The body is not a readable Avro object container file: ${why}.`)
}
