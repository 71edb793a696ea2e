/** Reads the records of a file one after the other, whatever its format; a file is read as a stream, unless it is one JSON value. */
import { createReadStream, statSync } from 'node:fs'
import { basename } from 'node:path'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { formatDate } from '#core/contract/calendar.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'

export interface SourceRecord {
  /** Line of an NDJSON file, else the number of the record, from 1. */
  readonly line: number
  /** One line of NDJSON, or one Bundle. */
  readonly bytes: Buffer
}

export type SourceFormat = 'ndjson' | 'json' | 'avro'

export interface Source {
  readonly path: string
  readonly format: SourceFormat
  /** Bytes of the file, undefined for standard input. */
  readonly size: number | undefined
  readonly modified: number | undefined
  /** Bytes read so far, before decompression. */
  read(): number
  records(contract: FeedContract | undefined): AsyncGenerator<SourceRecord>
}

const FORMATS: Readonly<Record<string, SourceFormat>> = {
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  json: 'json',
  avro: 'avro',
}
const NEWLINE = 0x0a
const AVRO_SYNC_BYTES = 16
const CUT_SHORT = 'it is damaged or cut short; the records before that place may have been sent'

/**
 * @param path a file, or `-` for NDJSON on standard input
 * @throws ConfigurationError when the file is missing or its name has no known ending
 */
export function openSource(path: string): Source {
  const gzip = path.endsWith('.gz')
  const extension = /\.([a-z]+)(\.gz)?$/.exec(basename(path).toLowerCase())?.[1] ?? ''
  const format = path === '-' ? 'ndjson' : FORMATS[extension]
  if (!format) throw unreadable(path, 'its name must end in .ndjson, .jsonl, .json or .avro, each also with .gz')
  const stat = path === '-' ? undefined : statOf(path)
  let read = 0
  const open = (): Readable => {
    const raw = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: 256 * 1024 })
    raw.on('data', (chunk: Buffer | string) => {
      read += chunk.length
    })
    if (!gzip) return raw
    // A failure of either stream ends the other, and the reader receives the error: the callback is empty.
    return pipeline(raw, createGunzip({ chunkSize: 256 * 1024 }), () => undefined)
  }
  return {
    path,
    format,
    size: stat?.size,
    modified: stat?.mtimeMs,
    read: () => read,
    async *records(contract) {
      try {
        if (format === 'ndjson') yield* lines(open())
        else if (format === 'json') yield* values(open(), path)
        else yield* avroRecords(open, contract)
      } catch (error) {
        throw error instanceof ChainonError ? error : unreadable(path, reason(error as NodeJS.ErrnoException))
      }
    },
  }
}

/** Cuts at line feeds only: a JSON string may contain other separators. */
async function* lines(stream: Readable): AsyncGenerator<SourceRecord> {
  let rest: Buffer[] = []
  let line = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
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

async function* values(stream: Readable, path: string): AsyncGenerator<SourceRecord> {
  const chunks: Buffer[] = []
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk)
  let value: unknown
  try {
    value = JSON.parse(
      Buffer.concat(chunks)
        .toString('utf8')
        .replace(/^\ufeff/, ''),
    )
  } catch {
    throw new ChainonError('malformed-body', `${path} is not valid JSON.`)
  }
  for (const [place, element] of (Array.isArray(value) ? value : [value]).entries()) {
    yield { line: place + 1, bytes: Buffer.from(JSON.stringify(element)) }
  }
}

/** Avro counts days and milliseconds; the JSON that is sent has ISO 8601 text for the contract's dates and timestamps. */
async function* avroRecords(open: () => Readable, contract: FeedContract | undefined): AsyncGenerator<SourceRecord> {
  const { default: avsc } = await import('avsc')
  const stream = open()
  const decoder = new avsc.streams.BlockDecoder({
    parseHook: (schema) => avsc.Type.forSchema(schema, { logicalTypes: {} }),
  })
  // avsc reports no error when a file is cut short; a complete one ends with the sync marker of its header.
  let marker: Buffer | undefined
  let lastBytes = Buffer.alloc(0)
  decoder.on('metadata', (_type: unknown, _codec: unknown, header: { readonly sync: Buffer }) => {
    marker = header.sync
  })
  stream.on('data', (chunk: Buffer) => {
    lastBytes = Buffer.concat([lastBytes, chunk.subarray(-AVRO_SYNC_BYTES)]).subarray(-AVRO_SYNC_BYTES)
  })
  const records = pipeline(stream, decoder, () => undefined)
  const dates = new Map(
    contract?.fields
      .filter(({ kind }) => kind === 'date' || kind === 'timestamp')
      .map(({ name, kind }) => [name, kind]),
  )
  let place = 0
  for await (const record of records as unknown as AsyncIterable<Record<string, unknown>>) {
    const plain: Record<string, unknown> = { ...record }
    for (const [name, kind] of dates) {
      const value = plain[name]
      if (typeof value === 'number') plain[name] = kind === 'date' ? formatDate(value) : new Date(value).toISOString()
    }
    yield { line: ++place, bytes: Buffer.from(JSON.stringify(plain)) }
  }
  if (!marker?.equals(lastBytes)) throw new Error(CUT_SHORT)
}

function statOf(path: string) {
  try {
    return statSync(path)
  } catch (error) {
    throw unreadable(path, reason(error as NodeJS.ErrnoException))
  }
}

function reason(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case undefined:
    case 'Z_BUF_ERROR':
    case 'Z_DATA_ERROR':
      return CUT_SHORT
    case 'ENOENT':
      return 'there is no such file'
    case 'EACCES':
      return 'this user has no permission to read it'
    case 'EISDIR':
      return 'it is a folder'
    default:
      return error.code
  }
}

function unreadable(path: string, why: string): ConfigurationError {
  return new ConfigurationError('The file cannot be read', [`${path}: ${why}`])
}
