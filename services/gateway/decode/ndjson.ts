/** Newline-delimited JSON: a bad line is that record's fault, and the other lines are accepted. */
import { isUtf8 } from 'node:buffer'
import { firstError, placeOf } from '#core/json/first-error.ts'
import type { Decoded } from './item.ts'

const NEWLINE = 0x0a
const SPACE = 0x20
const TAB = 0x09
const RETURN = 0x0d

/**
 * Blank lines do not count; CRLF and a byte order mark at the start are accepted. Of a repeated member the last one counts.
 * A line that is not UTF-8 is malformed: decoding it would replace what was sent.
 *
 * @param maxRecordBytes longest line; a longer one is rejected without being parsed
 */
export function* ndjsonRecords(body: Buffer, maxRecordBytes: number): Generator<Decoded> {
  const allUtf8 = isUtf8(body)
  let start = bomLength(body)
  while (start < body.length) {
    const newline = body.indexOf(NEWLINE, start)
    const end = newline === -1 ? body.length : newline
    const from = start
    start = end + 1
    if (isBlank(body, from, end)) continue
    if (end - from > maxRecordBytes) yield { fault: 'record-too-large' }
    else if (!allUtf8 && !isUtf8(body.subarray(from, end))) yield { fault: 'malformed-json' }
    else yield parseRecord(body, from, end)
  }
}

/** @returns 3 when the body begins with the byte order mark of UTF-8, else 0 */
export function bomLength(body: Buffer): number {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0
}

export function parseRecord(body: Buffer, from: number, end: number): Decoded {
  try {
    return { raw: JSON.parse(body.toString('utf8', from, end)) as unknown }
  } catch {
    const line = body.subarray(from, end)
    const error = firstError(line)
    return {
      fault: 'malformed-json',
      ...(error === undefined ? {} : { path: `column ${placeOf(line, error).column}` }),
    }
  }
}

function isBlank(body: Buffer, from: number, end: number): boolean {
  for (let i = from; i < end; i++) {
    const byte = body[i]
    if (byte !== SPACE && byte !== TAB && byte !== RETURN) return false
  }
  return true
}
