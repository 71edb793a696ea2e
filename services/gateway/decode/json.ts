/**
 * `application/json`: one object, or an array of them. The array is cut into elements by a scan over the bytes and each is
 * parsed alone, so that a body of small elements cannot become an object tree of many times its size.
 */
import { isUtf8 } from 'node:buffer'
import { firstError, placeOf } from '#core/json/first-error.ts'
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
  else {
    const elements = elementsOf(body, whole)
    let step = elements.next()
    for (; !step.done; step = elements.next()) yield element(body, step.value, maxRecordBytes)
    if (step.value !== whole.to) throw malformed(body, skipSpace(body, step.value, whole.to))
  }
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
 * Cuts an array as it is scanned, and parses nothing.
 *
 * @param of from its bracket; it may end before
 * @returns the first byte after the array
 * @throws ProblemError malformed-body when it does not end
 */
export function* elementsOf(body: Buffer, { from: open, to: end }: Span): Generator<Span, number> {
  let from = skipSpace(body, open + 1, end)
  if (body[from] === CLOSE_ARRAY && from < end) return from + 1
  for (;;) {
    const to = elementEnd(body, from, end)
    yield { from, to }
    if (to < end && body[to] === CLOSE_ARRAY) return to + 1
    if (to >= end || body[to] !== COMMA) throw malformed(body, to)
    from = to + 1
  }
}

/**
 * Walks through the members of an object; what reads the value says where it ends.
 *
 * @param of from its bracket to the byte after it
 * @param read is given the name and the place of the value's first byte
 * @throws ProblemError malformed-body
 */
export function* membersOf<Pause>(
  body: Buffer,
  { from: open, to: end }: Span,
  read: (name: string, from: number) => Generator<Pause, number>,
): Generator<Pause, void> {
  let at = skipSpace(body, open + 1, end)
  if (body[at] === CLOSE_OBJECT && at === end - 1) return
  for (;;) {
    if (body[at] !== QUOTE) throw malformed(body, Math.min(at, end))
    const nameEnd = stringEnd(body, at + 1, end) + 1
    const name = parseRecord(body, at, nameEnd)
    const colon = skipSpace(body, nameEnd, end)
    if (name.fault || typeof name.raw !== 'string') throw invalidJson(body, { from: at, to: nameEnd })
    if (body[colon] !== COLON) throw malformed(body, Math.min(colon, end))
    at = skipSpace(body, yield* read(name.raw, skipSpace(body, colon + 1, end)), end)
    if (body[at] === CLOSE_OBJECT && at === end - 1) return
    if (at >= end || body[at] !== COMMA) throw malformed(body, Math.min(at, end))
    at = skipSpace(body, at + 1, end)
  }
}

function element(body: Buffer, { from, to }: Span, maxRecordBytes: number): Decoded {
  if (to - from > maxRecordBytes) return { fault: 'record-too-large' }
  const item = parseRecord(body, from, to)
  if (item.fault) throw invalidJson(body, { from, to })
  return item
}

/** @returns where the value that begins at `from` ends: the next comma outside strings and brackets, the bracket around it, or `end` */
export function elementEnd(body: Buffer, from: number, end: number): number {
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
        if (depth === 0) return i
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
  throw invalidJson(body, { from: from - 1, to: end })
}

/** @param of a part of the body that JSON.parse refused */
export function invalidJson(body: Buffer, { from, to }: Span): ProblemError {
  return malformed(body, firstError(body, from, to) ?? to)
}

function malformed(body: Buffer, offset: number): ProblemError {
  const { line, column } = placeOf(body, offset)
  return new ProblemError('malformed-body', `The body is not valid JSON: line ${line}, column ${column}.`)
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
