/**
 * A body as messages: one, several, or a batch in the envelopes FHS, BHS, BTS, FTS (HL7 2.5, 2.10.3). It is cut by its lines, as bytes: each
 * message has a character set of its own.
 */
import type { RecordFault } from '#core/faults/codes.ts'
import type { Location } from './location.ts'
import { Segment } from './segment.ts'
import { readSeparators } from './separators.ts'

export interface Part {
  /** One message, from its MSH on; empty where a count of the envelope is wrong. */
  readonly bytes: Buffer
  /** Of the envelope. */
  readonly fault?: { readonly fault: RecordFault; readonly location: Location }
}

const CR = 0x0d
const LF = 0x0a
const ENVELOPES = new Set(['FHS', 'BHS', 'BTS', 'FTS'])

/**
 * Messages come in their order; an envelope whose count differs from what it holds is a part of its own, after the messages: a batch that was
 * cut short is not accepted in silence.
 *
 * @returns no part for a body without a message
 */
export function* splitMessages(body: Buffer): Generator<Part> {
  let start = -1
  let messages = 0
  let batches = 0
  const counts = new Map<string, number>()
  let separator = '|'
  let envelope = 'BHS'
  let stray = false
  for (let from = 0; from < body.length; ) {
    const end = lineEnd(body, from)
    const name = body.toString('latin1', from, Math.min(from + 3, end))
    if (name === 'MSH' || ENVELOPES.has(name)) {
      if (start !== -1) yield { bytes: body.subarray(start, from) }
      start = name === 'MSH' ? from : -1
      stray = false
      if (name !== 'MSH') envelope = name
      if (name === 'MSH') messages++
      else {
        if (name === 'BHS' || name === 'FHS') separator = separatorOf(body, from)
        if (name === 'BHS') messages = 0
        if (name === 'FHS') batches = 0
        const line = () => body.toString('latin1', from, Math.min(end, from + 200))
        if (name === 'BTS' || name === 'FTS') {
          const occurrence = (counts.get(name) ?? 0) + 1
          counts.set(name, occurrence)
          const said = line().split(separator)[1] ?? ''
          if (said !== '' && said !== String(name === 'BTS' ? messages : batches)) yield wrongCount(name, occurrence)
          if (name === 'BTS') batches++
        }
      }
    }
    // A line that belongs to no message: the start of one was lost.
    else if (start === -1 && end > from && !stray) {
      stray = true
      const location = { segment: envelope, occurrence: 1, field: 0 }
      yield { bytes: Buffer.alloc(0), fault: { fault: 'malformed-hl7', location } }
    }
    from = end + 1
  }
  if (start !== -1) yield { bytes: body.subarray(start) }
}

/**
 * @returns the name by which the sender knows a batch: the FHS or BHS segment at the start of the body, when it has a control id
 */
export function batchHeader(body: Buffer): Segment | undefined {
  const line = body.toString('latin1', 0, Math.min(lineEnd(body, 0), 4096))
  const separators = /^[FB]HS/.test(line) ? readSeparators(line) : undefined
  if (!separators) return undefined
  const segment = new Segment(line, 1, { separators, readBytes: (bytes) => bytes.toString('latin1') })
  return segment.text(11) === undefined ? undefined : segment
}

function wrongCount(segment: string, occurrence: number): Part {
  return { bytes: Buffer.alloc(0), fault: { fault: 'batch-count', location: { segment, occurrence, field: 1 } } }
}

function separatorOf(body: Buffer, from: number): string {
  return body.toString('latin1', from + 3, from + 4)
}

function lineEnd(body: Buffer, from: number): number {
  let end = from
  while (end < body.length && body[end] !== CR && body[end] !== LF) end++
  return end
}
