/** The MSH segment, read from the bytes before their character set is known: what every message and every acknowledgement needs. */
import { CHARSET_NAMES, decoderOf } from './charset.ts'
import { Refusal } from './refusal.ts'
import { type Encoding, Segment } from './segment.ts'
import { readSeparators } from './separators.ts'

/** An MSH is a few hundred bytes; of a longer one only the beginning is read. */
const MAX_HEADER_BYTES = 4096
/** MSH-10 has at most 199 characters from 2.7 on, and fewer before. */
const MAX_CONTROL_ID = 199
const VERSION_NAMES = ['2.3', '2.4', '2.5', '2.6', '2.7', '2.8']
const VERSIONS = /^2\.[3-8](?:\.\d)?$/

export interface Header {
  /** MSH-9: `ADT`, `A01`. */
  readonly type: string
  readonly event: string
  readonly controlId: string
  /** MSH-3 and MSH-4, their first components. */
  readonly application: string
  readonly facility: string
  /** MSH-18, or the one of the settings where it is empty. */
  readonly charset: string
  /** Its values are ASCII, or the bytes of the character set as if they were ISO 8859-1. */
  readonly segment: Segment
}

/** @returns the bytes of the first segment */
function headerBytes(message: Buffer): Buffer {
  const head = message.subarray(0, MAX_HEADER_BYTES)
  const end = head.findIndex((byte) => byte === 0x0d || byte === 0x0a)
  return end === -1 ? head : head.subarray(0, end)
}

/** @returns the first segment, when it is an MSH with separators that can be used */
export function headerSegment(message: Buffer): Segment | undefined {
  const text = headerBytes(message).toString('latin1')
  const separators = text.startsWith('MSH') ? readSeparators(text) : undefined
  if (!separators) return undefined
  const encoding: Encoding = { separators, readBytes: (bytes) => bytes.toString('latin1') }
  return new Segment(text, 1, encoding)
}

/**
 * @param charset of messages whose MSH-18 is empty
 * @returns the header, or why the message cannot be accepted whatever else is in it
 */
export function readHeader(message: Buffer, charset: string): Header | Refusal {
  const segment = headerSegment(message)
  if (!segment) return new Refusal('malformed-hl7', { segment: 'MSH', occurrence: 1, field: 2 })
  const header = {
    type: segment.text(9, 1) ?? '',
    event: segment.text(9, 2) ?? '',
    controlId: segment.text(10) ?? '',
    application: segment.text(3) ?? '',
    facility: segment.text(4) ?? '',
    charset: segment.text(18) ?? charset,
    segment,
  }
  if (header.type === '') return new Refusal('required', segment.at(9))
  if (header.controlId === '') return new Refusal('required', segment.at(10))
  if (header.controlId.length > MAX_CONTROL_ID) return new Refusal('max-length', segment.at(10))
  if (segment.text(11) === undefined) return new Refusal('required', segment.at(11))
  if (segment.text(11) !== 'P') return new Refusal('not-production', segment.at(11), ['P'])
  if (!VERSIONS.test(segment.text(12) ?? '')) return new Refusal('unsupported-version', segment.at(12), VERSION_NAMES)
  if (segment.repetitions(18).length > 1 || !decoderOf(header.charset))
    return new Refusal('charset', segment.at(18), CHARSET_NAMES)
  return header
}
