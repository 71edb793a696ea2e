/** Records of NDJSON and JSON files. */
import type { Readable } from 'node:stream'
import { ChainonError } from '#core/faults/errors.ts'
import { firstError, placeOf } from '#core/json/first-error.ts'
import type { SourceRecord } from './source-record.ts'

const NEWLINE = 0x0a

/** Cuts at line feeds only: a JSON string may contain other separators. */
export async function* ndjsonLines(stream: AsyncIterable<Buffer>): AsyncGenerator<SourceRecord> {
  let rest: Buffer[] = []
  let line = 0
  for await (const chunk of stream) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const piece = chunk.subarray(start, end)
      const bytes = rest.length > 0 ? Buffer.concat([...rest, piece]) : piece
      rest = []
      start = end + 1
      line++
      if (!isBlank(bytes)) yield { line, bytes }
    }
    if (start < chunk.length) rest.push(chunk.subarray(start))
  }
  const last = Buffer.concat(rest)
  if (!isBlank(last)) yield { line: line + 1, bytes: last }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)
}

export async function* jsonValues(stream: Readable, path: string): AsyncGenerator<SourceRecord> {
  const chunks: Buffer[] = []
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk)
  const text = Buffer.concat(chunks)
  const value = parsed(text, path)
  for (const [place, element] of (Array.isArray(value) ? value : [value]).entries()) {
    yield { line: place + 1, bytes: Buffer.from(JSON.stringify(element)) }
  }
}

function parsed(text: Buffer, path: string): unknown {
  const marked = text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf
  try {
    return JSON.parse(text.toString('utf8', marked ? 3 : 0)) as unknown
  } catch {
    const error = firstError(text, marked ? 3 : 0)
    const { line, column } = placeOf(text, error ?? text.length)
    throw new ChainonError('malformed-body', `${path} is not valid JSON: line ${line}, column ${column}.`)
  }
}
