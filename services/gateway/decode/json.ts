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
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/**
 * @param maxRecordBytes longest element; a longer one is rejected without being parsed
 * @throws ProblemError malformed-body: unlike a line of NDJSON, no element of a malformed document is certain
 */
export function* jsonRecords(body: Buffer, maxRecordBytes: number): Generator<Decoded> {
  if (!isUtf8(body)) throw new ProblemError('malformed-body', 'The body is not UTF-8.')
  const end = skipSpaceBack(body)
  const start = skipSpace(body, bomLength(body), end)
  if (start >= end) return
  if (body[start] !== OPEN_ARRAY) {
    yield element(body, start, end, maxRecordBytes)
    return
  }
  if (body[end - 1] !== CLOSE_ARRAY || end - start < 2) throw malformed()
  const inner = skipSpace(body, start + 1, end)
  if (inner === end - 1) return
  let from = inner
  while (from <= end - 1) {
    const to = elementEnd(body, from, end - 1)
    yield element(body, from, to, maxRecordBytes)
    from = to + 1
  }
}

function element(body: Buffer, from: number, to: number, maxRecordBytes: number): Decoded {
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

function skipSpaceBack(body: Buffer): number {
  let end = body.length
  while (end > 0 && isSpace(body[end - 1])) end--
  return end
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
}
