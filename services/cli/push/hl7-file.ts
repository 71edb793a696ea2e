/**
 * Messages of a file of HL7 v2 (ER7): one after the other, or in the envelopes FHS, BHS, BTS, FTS (HL7 2.5, 2.10.3). Segments end with CR, LF or both, and
 * the frames of MLLP are left out. The messages are sent without their envelopes: a file may be larger than a request, so that counts are checked here.
 */
import { FAULTS, type RecordFault } from '#core/faults/codes.ts'
import type { SourceRecord } from './source-record.ts'

/** What the gateway takes as one message by default, four times. */
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024
const CR = 0x0d
const LF = 0x0a
const START_OF_BLOCK = 0x0b
const END_OF_BLOCK = 0x1c
const ENVELOPES = new Set(['FHS', 'BHS', 'BTS', 'FTS'])

/** @returns each message, by its number in the file; what is no message, and an envelope with a wrong count, is refused at its place among them */
export async function* hl7Messages(chunks: AsyncIterable<Buffer>): AsyncGenerator<SourceRecord> {
  const cutter = new MessageCutter()
  for await (const segment of segmentsOf(chunks)) yield* cutter.take(segment)
  yield* cutter.end()
}

class MessageCutter {
  /** Messages since the BHS and batches since the FHS. */
  readonly #counts = { BTS: 0, FTS: 0 }
  #place = 0
  #segments: Buffer[] = []
  #bytes = 0
  #inMessage = false
  #separator = '|'
  #stray = false

  #refused(rule: RecordFault, path: string): SourceRecord {
    return {
      line: ++this.#place,
      refused: [{ pointer: '', ...(path === '' ? {} : { path }), rule, detail: FAULTS[rule].text }],
    }
  }

  *take(segment: Buffer | undefined): Generator<SourceRecord> {
    const name = segment?.toString('latin1', 0, 3) ?? ''
    if (name === 'MSH' || ENVELOPES.has(name)) {
      yield* this.end()
      this.#stray = false
      if (name === 'MSH') this.#counts.BTS++
      else yield* this.#envelope(name, segment?.toString('latin1', 0, 200) ?? '')
    }
    if (name === 'MSH' || this.#inMessage) {
      this.#inMessage = true
      this.#bytes += segment === undefined ? MAX_MESSAGE_BYTES : segment.length + 1
      if (this.#bytes > MAX_MESSAGE_BYTES) this.#segments = []
      else if (segment) this.#segments.push(segment, SEGMENT_END)
    } else if (!ENVELOPES.has(name) && !this.#stray) {
      // The start of a message was lost.
      this.#stray = true
      yield this.#refused('malformed-hl7', '')
    }
  }

  /** The message ends, if there is one. */
  *end(): Generator<SourceRecord> {
    if (!this.#inMessage) return
    const tooLarge = this.#bytes > MAX_MESSAGE_BYTES
    yield tooLarge
      ? this.#refused('record-too-large', 'MSH[1]')
      : { line: ++this.#place, bytes: Buffer.concat(this.#segments) }
    this.#segments = []
    this.#bytes = 0
    this.#inMessage = false
  }

  *#envelope(name: string, text: string): Generator<SourceRecord> {
    const counts = this.#counts
    if (name === 'FHS' || name === 'BHS') {
      this.#separator = text[3] ?? '|'
      counts[name === 'BHS' ? 'BTS' : 'FTS'] = 0
    } else if (name === 'BTS' || name === 'FTS') {
      const said = text.split(this.#separator)[1]?.trim() ?? ''
      if (said !== '' && said !== String(counts[name])) yield this.#refused('batch-count', `${name}-1`)
      if (name === 'BTS') counts.FTS++
    }
  }
}

const SEGMENT_END = Buffer.from('\r')

/** @returns each segment without its end; undefined for one that is too large */
async function* segmentsOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer | undefined> {
  let rest: Buffer[] = []
  let bytes = 0
  let first = true
  const cut = (piece: Buffer): Buffer | undefined => {
    const whole = rest.length > 0 ? Buffer.concat([...rest, piece]) : piece
    const tooLarge = bytes + piece.length > MAX_MESSAGE_BYTES
    rest = []
    bytes = 0
    const marked = first && whole[0] === 0xef && whole[1] === 0xbb && whole[2] === 0xbf
    first = false
    return tooLarge ? undefined : unframed(marked ? whole.subarray(3) : whole)
  }
  for await (const chunk of chunks) {
    let start = 0
    for (let at = 0; at < chunk.length; at++) {
      if (chunk[at] !== CR && chunk[at] !== LF) continue
      const segment = cut(chunk.subarray(start, at))
      start = at + 1
      if (segment === undefined || segment.length > 0) yield segment
    }
    const piece = chunk.subarray(start)
    if (piece.length === 0) continue
    bytes += piece.length
    if (bytes <= MAX_MESSAGE_BYTES) rest.push(piece)
    else rest = []
  }
  const last = cut(Buffer.alloc(0))
  if (last === undefined || last.length > 0) yield last
}

/** @returns the segment without the bytes that MLLP puts around a message */
function unframed(segment: Buffer): Buffer {
  let from = 0
  let to = segment.length
  while (from < to && (segment[from] === START_OF_BLOCK || segment[from] === END_OF_BLOCK)) from++
  while (to > from && (segment[to - 1] === END_OF_BLOCK || segment[to - 1] === START_OF_BLOCK)) to--
  return segment.subarray(from, to)
}
