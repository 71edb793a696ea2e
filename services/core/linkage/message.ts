/**
 * What `deidentify` tells the linker of a record: a message of `linkage.<feed>` before it is sealed.
 *
 *   form u8 (1) | flags u8 (1 cancelled, 2 newborn, 4 of a pair) | form of the encoding, 8 bytes | record version f64 LE | time of receipt f64 LE
 *   version of the encoding u16 LE, where it is not the first: then form is 2
 *   producer, patient, record, of a pair its name: length u8, UTF-8 | filters, then tokens: 32-bit words LE; none of a cancelled record
 */
import { endianness } from 'node:os'
import type { EncodedRecord } from './encode.ts'

export interface LinkageMessage {
  readonly producer: string
  /** First-level pseudonym of the patient at the producer. */
  readonly patient: string
  /** First-level pseudonym of the record. */
  readonly record: string
  readonly version: number
  /** When the gateway received the record, microseconds since 1970. */
  readonly receivedAt: number
  /** Undefined for a cancelled record. */
  readonly encoded: EncodedRecord | undefined
  /** Version of the key under which it is encoded (encoding-wrap.ts); undefined: the first. */
  readonly encoding?: number | undefined
  /** Names the patient and another one of the same producer, who are said to be one person; undefined of a record that says no such thing, or is cancelled. */
  readonly pair?: string | undefined
}

export interface MessageForm {
  /** The form of the encoding (feed-traits.ts), 8 bytes. */
  readonly form: Buffer
  /** 32-bit words of the filters, and of the tokens. */
  readonly filterWords: number
  readonly tokenWords: number
}

export type Unpacked =
  | { readonly ok: true; readonly message: LinkageMessage }
  /** `other-form`: it was encoded for other traits than the linker compares. */
  | { readonly ok: false; readonly why: 'damaged' | 'other-form' }

const FIRST_FORM = 1
const LATER_FORM = 2
const ENCODING_BYTES = 2
const CANCELLED = 1
const NEWBORN = 2
const PAIRED = 4
const FORM_BYTES = 8
const HEAD_BYTES = 2 + FORM_BYTES + 16

/** @throws RangeError when a name has more than 255 bytes, or the machine is big-endian: words are copied as they lie in memory */
export function packMessage(message: LinkageMessage, { form }: Pick<MessageForm, 'form'>): Buffer {
  if (endianness() !== 'LE') throw new RangeError('encodings need a little-endian machine')
  const { encoded, pair, encoding = 1 } = message
  const later = encoding === 1 ? undefined : Buffer.alloc(ENCODING_BYTES)
  later?.writeUInt16LE(encoding)
  const head = Buffer.alloc(HEAD_BYTES)
  head[0] = later === undefined ? FIRST_FORM : LATER_FORM
  head[1] = encoded === undefined ? CANCELLED : (encoded.newborn ? NEWBORN : 0) | (pair === undefined ? 0 : PAIRED)
  form.copy(head, 2)
  head.writeDoubleLE(message.version, 2 + FORM_BYTES)
  head.writeDoubleLE(message.receivedAt, 10 + FORM_BYTES)
  const named = [message.producer, message.patient, message.record]
  if (encoded !== undefined && pair !== undefined) named.push(pair)
  const names = named.flatMap((name) => {
    const bytes = Buffer.from(name)
    if (bytes.length > 255) throw new RangeError('a name in a message of the linkage has at most 255 bytes')
    return [Buffer.of(bytes.length), bytes]
  })
  const words = encoded ? [encoded.filters, encoded.tokens].map(bytesOf) : []
  return Buffer.concat([head, ...(later ? [later] : []), ...names, ...words])
}

/** @param bytes of any origin */
export function unpackMessage(bytes: Buffer, { form, filterWords, tokenWords }: MessageForm): Unpacked {
  const damaged = { ok: false, why: 'damaged' } as const
  const isLater = bytes[0] === LATER_FORM
  const headBytes = HEAD_BYTES + (isLater ? ENCODING_BYTES : 0)
  if (bytes.length < headBytes || (bytes[0] !== FIRST_FORM && !isLater)) return damaged
  if (!bytes.subarray(2, 2 + FORM_BYTES).equals(form)) return { ok: false, why: 'other-form' }
  const flags = bytes[1] as number
  const cancelled = flags === CANCELLED
  const paired = !cancelled && (flags & PAIRED) !== 0
  const names: string[] = []
  let at = headBytes
  for (let i = 0; i < (paired ? 4 : 3); i++) {
    const end = at + 1 + (bytes[at] ?? 0)
    if (end > bytes.length) return damaged
    names.push(bytes.toString('utf8', at + 1, end))
    at = end
  }
  const [producer = '', patient = '', record = '', pair] = names
  const encoding = isLater ? bytes.readUInt16LE(HEAD_BYTES) : undefined
  const version = bytes.readDoubleLE(2 + FORM_BYTES)
  const receivedAt = bytes.readDoubleLE(10 + FORM_BYTES)
  if (bytes.length !== at + (cancelled ? 0 : 4 * (filterWords + tokenWords))) return damaged
  const encoded = cancelled
    ? undefined
    : {
        filters: wordsOf(bytes, at, filterWords),
        tokens: wordsOf(bytes, at + 4 * filterWords, tokenWords),
        newborn: (flags & NEWBORN) !== 0,
      }
  return { ok: true, message: { producer, patient, record, version, receivedAt, encoded, encoding, pair } }
}

function bytesOf(words: Int32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
}

/** Copied: words of a buffer may not be aligned. */
function wordsOf(bytes: Buffer, from: number, count: number): Int32Array {
  const words = new Int32Array(count)
  bytesOf(words).set(bytes.subarray(from, from + 4 * count))
  return words
}
