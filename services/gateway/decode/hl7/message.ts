/** A message of HL7 v2 in ER7 (the form with separators), cut into segments. */
import { decoderOf } from './charset.ts'
import type { Header } from './header.ts'
import { Refusal } from './refusal.ts'
import { type Encoding, Segment } from './segment.ts'

/** Far more than a message has; beyond it, one message would take the time of thousands. */
export const MAX_SEGMENTS = 20_000
export const MAX_FIELDS = 500
export const MAX_REPETITIONS = 10_000
const NAME = /^[A-Z][A-Z0-9]{2}$/

export interface Message {
  readonly header: Header
  /** In their order, the MSH first. */
  readonly segments: readonly Segment[]
  /** @returns the first segment of the name */
  first(name: string): Segment | undefined
  all(name: string): readonly Segment[]
}

/** @param bytes of one message; its segments end with CR, LF or both */
export function parseMessage(bytes: Buffer, header: Header): Message | Refusal {
  const decode = decoderOf(header.charset)
  const separators = header.segment.separators
  const text = decode?.(bytes)
  if (decode === undefined || text === undefined) return new Refusal('charset', header.segment.at(18))
  const encoding: Encoding = { separators, readBytes: decode }
  const byName = new Map<string, Segment[]>()
  const segments: Segment[] = []
  for (const line of linesOf(text)) {
    const name = line.slice(0, 3)
    // The name of what is no segment is a part of a value, and is not repeated.
    if (!NAME.test(name) || (line.length > 3 && line[3] !== separators.field))
      return new Refusal('malformed-hl7', (segments.at(-1) ?? header.segment).at(0))
    if (segments.length >= MAX_SEGMENTS) return beyond(header.segment, `${MAX_SEGMENTS} segments in a message`)
    const named = byName.get(name) ?? []
    if (named.length === 0) byName.set(name, named)
    const segment = new Segment(line, named.length + 1, encoding)
    if (hasMore(line, separators.field, MAX_FIELDS)) return beyond(segment, `${MAX_FIELDS} fields in a segment`)
    if (hasMore(line, separators.repetition, MAX_REPETITIONS))
      return beyond(segment, `${MAX_REPETITIONS} repetitions in a segment`)
    named.push(segment)
    segments.push(segment)
  }
  return {
    header,
    segments,
    first: (name) => byName.get(name)?.[0],
    all: (name) => byName.get(name) ?? [],
  }
}

function beyond(segment: Segment, bound: string): Refusal {
  return new Refusal('record-too-large', segment.at(0), [`at most ${bound}`])
}

/** Segments end with CR, LF or both; empty lines do not count. */
function* linesOf(text: string): Generator<string> {
  const line = /[^\r\n]+/g
  for (let found = line.exec(text); found; found = line.exec(text)) yield found[0]
}

function hasMore(line: string, separator: string, limit: number): boolean {
  let count = 0
  for (let at = line.indexOf(separator); at !== -1 && count <= limit; at = line.indexOf(separator, at + 1)) count++
  return count > limit
}
