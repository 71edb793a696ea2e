/**
 * A record of the linkage index as bytes. What is in clear is what a linker that opens the index reads of every record; the rest is sealed (keys.ts).
 *
 *   in clear   version f64 LE | stamp f64 LE | source u8 | tokens u8 | hash of its producer, i32 LE | hash of its id, 12 bytes | 8 bytes for each token (two
 *              words, 32-bit LE)
 *   sealed     flags u8 (1 newborn, 2 with a label, 4 with a pair) | fields u16 LE, a bit each | length of the next u16 LE | id, then label and pair, each
 *              after a zero byte, UTF-8 | the filters of those fields, 32-bit LE
 *
 * A cancelled record has CANCELLED in place of the number of tokens, and no filters: where it has no label, it is the part in clear alone.
 */
import { endianness } from 'node:os'
import type { EncodedRecord } from '#core/linkage/encode.ts'
import type { Field, Layout } from '#core/linkage/layout.ts'

export const ID_BYTES = 12
const TOKEN_BYTES = 8
const WORD_BYTES = 4
const SOURCE_AT = 16
const TOKENS_AT = 17
const PRODUCER_AT = 18
const ID_AT = 22
const HEAD_BYTES = ID_AT + ID_BYTES
const CANCELLED = 255
const SEALED_HEAD_BYTES = 5
const MOST_FIELDS = 16
const MOST_ID_BYTES = 512
const NEWBORN = 1
const LABELLED = 2
const PAIRED = 4

export interface IndexedRecord extends Pick<EncodedRecord, 'filters' | 'newborn'> {
  readonly id: string
  /** Of whom the record is, without a zero byte. */
  readonly label?: string | undefined
  /** What it says of its patient and another one, without a zero byte. */
  readonly pair?: string | undefined
}

export interface Codec {
  /** @throws RangeError when id and label have more than 512 bytes */
  pack(record: IndexedRecord): Buffer
  /** @throws RangeError when these are not bytes of this layout */
  unpack(bytes: Buffer): IndexedRecord
}

/** Integers from 0 to 2^53 - 1; the stamp decides between equal versions (docs/adr/0011). */
export interface RecordVersion {
  readonly version: number
  readonly stamp: number
}

export interface Head extends RecordVersion {
  readonly source: number
  /** Hash of who sent it; 0 of a cancelled record. */
  readonly producer: number
  readonly isCancelled: boolean
  /** The bytes of the part in clear. */
  readonly bytes: number
}

/** @param id its hash @param tokens two words each, none of them missing @throws RangeError when there are too many */
export function packHead(
  version: RecordVersion,
  { source, producer }: Pick<Head, 'source' | 'producer'>,
  id: Buffer,
  tokens: Int32Array,
): Buffer {
  const count = tokens.length / 2
  if (count >= CANCELLED) throw new RangeError('a record has at most 254 tokens')
  const head = headOf(version, source, count, id)
  head.writeInt32LE(producer, PRODUCER_AT)
  head.set(bytesOf(tokens), HEAD_BYTES)
  return head
}

/** @param id its hash */
export function packCancelled(version: RecordVersion, id: Buffer): Buffer {
  return headOf(version, 0, CANCELLED, id)
}

function headOf({ version, stamp }: RecordVersion, source: number, last: number, id: Buffer): Buffer {
  for (const one of [version, stamp])
    if (!Number.isSafeInteger(one) || one < 0) throw new RangeError('version and stamp are integers from 0 to 2^53 - 1')
  const head = Buffer.allocUnsafe(HEAD_BYTES + (last === CANCELLED ? 0 : TOKEN_BYTES * last))
  head.writeDoubleLE(version, 0)
  head.writeDoubleLE(stamp, 8)
  head[SOURCE_AT] = source
  head[TOKENS_AT] = last
  head.writeInt32LE(0, PRODUCER_AT)
  id.copy(head, ID_AT)
  return head
}

/** @param head the part in clear of a record @returns it with other hashes of its id and producer and other tokens, as many as it has */
export function movedHead(head: Buffer, id: Buffer, producer: number, tokens: Int32Array): Buffer {
  const moved = Buffer.from(head)
  moved.writeInt32LE(producer, PRODUCER_AT)
  id.copy(moved, ID_AT)
  moved.set(bytesOf(tokens), HEAD_BYTES)
  return moved
}

/** Words are copied as they lie in memory: `codec` asks for a little-endian machine. */
const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array) => new Uint8Array(buffer, byteOffset, byteLength)

/** @param stored a record; a cancelled one has no tokens */
export function readHead(stored: Buffer): Head {
  const last = stored.readUInt8(TOKENS_AT)
  const isCancelled = last === CANCELLED
  return {
    version: stored.readDoubleLE(0),
    stamp: stored.readDoubleLE(8),
    source: stored.readUInt8(SOURCE_AT),
    producer: stored.readInt32LE(PRODUCER_AT),
    isCancelled,
    bytes: HEAD_BYTES + (isCancelled ? 0 : TOKEN_BYTES * last),
  }
}

/** @param stored a record @returns the 12 bytes of its id's hash */
export function idOf(stored: Buffer): Buffer {
  return stored.subarray(ID_AT, HEAD_BYTES)
}

/** @param stored a record @returns two words for each token */
export function tokensOf(stored: Buffer): Int32Array {
  const last = stored.readUInt8(TOKENS_AT)
  const tokens = new Int32Array(last === CANCELLED ? 0 : (TOKEN_BYTES * last) / WORD_BYTES)
  bytesOf(tokens).set(stored.subarray(HEAD_BYTES, HEAD_BYTES + tokens.byteLength))
  return tokens
}

/** @param stored a record @returns its tokens, 8 bytes each */
export function readTokens(stored: Buffer): readonly Buffer[] {
  const tokens: Buffer[] = []
  for (let at = HEAD_BYTES; at < readHead(stored).bytes; at += TOKEN_BYTES)
    tokens.push(stored.subarray(at, at + TOKEN_BYTES))
  return tokens
}

/** @throws RangeError when the layout has more than 16 fields, or the machine is big-endian */
export function codec({ fields, words }: Layout): Codec {
  if (fields.length > MOST_FIELDS) throw new RangeError('a layout has at most 16 fields')
  // Filters are copied as they lie in memory.
  if (endianness() !== 'LE') throw new RangeError('the linkage index needs a little-endian machine')

  const endOf = ({ offset, words: count }: Field) => 4 * (offset + count)
  const hasBit = (filters: Int32Array, offset: number, count: number) => {
    for (let w = offset; w < offset + count; w++) if ((filters[w] ?? 0) !== 0) return true
    return false
  }

  return {
    pack({ id, label, pair, filters, newborn }) {
      const text = id + (label === undefined ? '' : `\0${label}`) + (pair === undefined ? '' : `\0${pair}`)
      const idBytes = Buffer.byteLength(text)
      if (idBytes > MOST_ID_BYTES)
        throw new RangeError(`the id of a record has at most ${MOST_ID_BYTES} bytes, with its label`)
      let present = 0
      let kept = 0
      for (let at = 0; at < fields.length; at++) {
        const field = fields[at] as Field
        if (!hasBit(filters, field.offset, field.words)) continue
        present |= 1 << at
        kept += field.words
      }
      const bytes = Buffer.allocUnsafe(SEALED_HEAD_BYTES + idBytes + 4 * kept)
      bytes[0] = (newborn ? NEWBORN : 0) | (label === undefined ? 0 : LABELLED) | (pair === undefined ? 0 : PAIRED)
      bytes.writeUInt16LE(present, 1)
      bytes.writeUInt16LE(idBytes, 3)
      let to = SEALED_HEAD_BYTES + bytes.write(text, SEALED_HEAD_BYTES)
      const own = bytesOf(filters)
      // Fields that are there and follow each other are one piece.
      for (let at = 0; at < fields.length; at++) {
        if ((present & (1 << at)) === 0) continue
        const from = 4 * (fields[at] as Field).offset
        while ((present & (1 << (at + 1))) !== 0) at++
        const end = endOf(fields[at] as Field)
        bytes.set(own.subarray(from, end), to)
        to += end - from
      }
      return bytes
    },
    unpack(bytes) {
      const present = bytes.readUInt16LE(1)
      const idBytes = bytes.readUInt16LE(3)
      const filters = new Int32Array(words)
      const own = bytesOf(filters)
      let from = SEALED_HEAD_BYTES + idBytes
      const text = bytes.toString('utf8', SEALED_HEAD_BYTES, from)
      const flags = bytes[0] as number
      const parts = text.split('\0')
      const pair = (flags & PAIRED) === 0 ? undefined : parts.pop()
      const label = (flags & LABELLED) === 0 ? undefined : parts.pop()
      for (const [at, field] of fields.entries()) {
        if ((present & (1 << at)) === 0) continue
        const end = from + 4 * field.words
        if (end > bytes.length) throw new RangeError('a record of the index ends too early')
        own.set(bytes.subarray(from, end), 4 * field.offset)
        from = end
      }
      if (from !== bytes.length) throw new RangeError('a record of the index is longer than its fields')
      return { id: parts.join('\0'), label, pair, filters, newborn: (flags & NEWBORN) !== 0 }
    },
  }
}
