/**
 * `application/json`: one object, or an array of them. The array is cut into elements by a scan over the bytes and each is
 * parsed alone, so that a body of small elements cannot become an object tree of many times its size.
 */
import { isUtf8 } from 'node:buffer'
import { ProblemError } from '../problem.ts'
import type { Decoded } from './item.ts'
import { bomLength, parseRecord } from './ndjson.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/**
 * @param maxRecordBytes longest element; a longer one is rejected without being parsed
 * @throws ProblemError malformed-body: unlike a line of NDJSON, no element of a malformed document is certain
 */
export function* jsonRecords(body: Buffer, maxRecordBytes: number): Generator<Decoded> {
  const whole = jsonSpan(body)
  if (whole === undefined) return
  if (body[whole.from] !== OPEN_ARRAY) yield element(body, whole, maxRecordBytes)
  else for (const span of elementsOf(body, whole)) yield element(body, span, maxRecordBytes)
}

/** A part of a body. */
export interface Span {
  readonly from: number
  /** The first byte after it. */
  readonly to: number
}

/** @returns the body without the space around it, or undefined when there is nothing else @throws ProblemError malformed-body when it is not UTF-8 */
export function jsonSpan(body: Buffer): Span | undefined {
  if (!isUtf8(body)) throw new ProblemError('malformed-body', 'The body is not UTF-8.')
  const to = skipSpaceBack(body, body.length)
  const from = skipSpace(body, bomLength(body), to)
  return from < to ? { from, to } : undefined
}

/**
 * Cuts an array or an object, and parses nothing: what is between its commas is yet to be parsed.
 *
 * @throws ProblemError malformed-body when it does not end with its bracket
 */
export function* elementsOf(body: Buffer, { from: open, to: close }: Span): Generator<Span> {
  const last = close - 1
  if (body[last] !== (body[open] === OPEN_ARRAY ? CLOSE_ARRAY : CLOSE_OBJECT) || last === open) throw malformed()
  let from = skipSpace(body, open + 1, last)
  if (from === last) return
  while (from <= last) {
    const to = elementEnd(body, from, last)
    yield { from, to }
    from = to + 1
  }
}

/** @param of a member of an object @returns its name, and where its value is without the space around it @throws ProblemError malformed-body */
export function memberOf(body: Buffer, { from, to }: Span): { readonly name: string; readonly value: Span } {
  const quote = skipSpace(body, from, to)
  if (body[quote] !== QUOTE) throw malformed()
  const nameEnd = stringEnd(body, quote + 1, to) + 1
  const name = parseRecord(body, quote, nameEnd)
  const colon = skipSpace(body, nameEnd, to)
  if (name.fault || typeof name.raw !== 'string' || body[colon] !== COLON) throw malformed()
  return { name: name.raw, value: { from: skipSpace(body, colon + 1, to), to: skipSpaceBack(body, to) } }
}

function element(body: Buffer, { from, to }: Span, maxRecordBytes: number): Decoded {
  if (to - from > maxRecordBytes) return { fault: 'record-too-large' }
  const item = parseRecord(body, from, to)
  if (item.fault) throw malformed()
  return item
}

/** @returns where the element that begins at `from` ends: the next comma outside strings and brackets, or `end` */
function elementEnd(body: Buffer, from: number, end: number): number {
  let depth = 0
  for (let i = from; i < end; i++) {
    switch (body[i]) {
      case QUOTE:
        i = stringEnd(body, i + 1, end)
        break
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        depth++
        break
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        depth--
        break
      case COMMA:
        if (depth === 0) return i
        break
      default:
    }
  }
  return end
}

/** @returns the position of the quote that closes the string */
function stringEnd(body: Buffer, from: number, end: number): number {
  let close = body.indexOf(QUOTE, from)
  while (close !== -1 && close < end) {
    let backslashes = 0
    while (body[close - 1 - backslashes] === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return close
    close = body.indexOf(QUOTE, close + 1)
  }
  throw malformed()
}

function malformed(): ProblemError {
  return new ProblemError('malformed-body', 'The body is not valid JSON.')
}

function skipSpace(body: Buffer, from: number, end: number): number {
  let i = from
  while (i < end && isSpace(body[i])) i++
  return i
}

function skipSpaceBack(body: Buffer, from: number): number {
  let end = from
  while (end > 0 && isSpace(body[end - 1])) end--
  return end
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
}
