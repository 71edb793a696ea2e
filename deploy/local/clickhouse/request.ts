import type { IncomingMessage } from 'node:http'
import type { Readable, Transform } from 'node:stream'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { frontError } from './errors.ts'
import { asBodyError, atMost } from './spool.ts'
import { readStatement, type Statement } from './statement.ts'

/** A parsed request. */
export interface FrontRequest {
  readonly statement: Statement
  /** USE and SET statements that run before the statement itself. */
  readonly preamble: string
  readonly defaultFormat: string
  /** An INSERT's first bytes, which follow the statement. */
  readonly head: Buffer
  /** The body when it is an INSERT's data and not read yet. */
  readonly body: readonly [Readable, ...Transform[]] | undefined
}

/** Longest statement in bytes, without an INSERT's streamed data. */
const STATEMENT_LIMIT = 32 * 1024 ** 2

/** Parameters of the HTTP interface itself, as opposed to settings. Sessions and roles are accepted and ignored. */
const NOT_SETTINGS = new Set(
  'query database default_format query_id session_id session_timeout session_check role quota_key user password stacktrace buffer_size wait_end_of_query enable_http_compression http_zlib_compression_level send_progress_in_http_headers http_headers_progress_interval_ms'.split(
    ' ',
  ),
)

/**
 * One block per INSERT: a deduplication token names blocks, so a retry is dropped only if it is split as the first attempt was
 * (by default a body of 1,500,000 rows makes two blocks). Settings in the request override these.
 */
const INSERT_DEFAULTS: ReadonlyMap<string, string> = new Map([
  ['async_insert', '0'],
  ['input_format_parallel_parsing', '0'],
  ['max_insert_threads', '1'],
  ['max_insert_block_size', '1000000000'],
  ['min_insert_block_size_rows', '1000000000'],
  ['min_insert_block_size_bytes', '0'],
])

/**
 * Reads a request; not the data of an INSERT whose statement is in the parameter `query`.
 * @param onlyReads whatever the request says, its statement may not write
 * @throws EngineError
 */
export async function readRequest(
  request: IncomingMessage,
  url: URL,
  maxBodyBytes: number,
  onlyReads: boolean,
): Promise<FrontRequest> {
  const params = url.searchParams
  for (const name of ['compress', 'decompress']) {
    if (params.get(name) === '1') throw frontError.unsupported(`The parameter ${name}=1`)
  }
  const type = request.headers['content-type'] ?? ''
  if (type.startsWith('multipart/form-data')) await readForm(request, type, params)
  const given = params.get('query') ?? ''
  const isForm = type.startsWith('multipart/form-data')
  let bytes: Buffer = Buffer.from(given)
  let statement = given.trim() === '' ? undefined : readStatement(bytes)
  let body: FrontRequest['body']
  if (statement?.kind === 'insert') {
    body = request.method === 'GET' || isForm ? undefined : decoded(request)
  } else if (!isForm) {
    const rest = await collect(request, Math.min(STATEMENT_LIMIT, maxBodyBytes))
    if (rest.length > 0 || !statement) {
      bytes = given === '' ? rest : Buffer.concat([bytes, Buffer.from('\n'), rest])
      statement = readStatement(bytes)
    }
  }
  statement ??= readStatement(bytes)
  const head = statement.kind === 'insert' ? bytes.subarray(statement.data) : Buffer.alloc(0)
  return {
    statement,
    preamble: preambleOf(params, { get: request.method !== 'POST', onlyReads }, statement.kind === 'insert'),
    defaultFormat: formatName(params.get('default_format') ?? header(request, 'x-clickhouse-format') ?? 'TabSeparated'),
    head,
    body,
  }
}

/** A header's single value. */
export function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function formatName(name: string): string {
  if (!/^\w{1,64}$/.test(name)) throw frontError.badName('format')
  return name
}

/** USE and SET statements for a request. Names are checked, values quoted; only POST may write. */
function preambleOf(
  params: URLSearchParams,
  { get, onlyReads }: { readonly get: boolean; readonly onlyReads: boolean },
  insert: boolean,
): string {
  const settings = new Map(insert ? INSERT_DEFAULTS : [])
  for (const [name, value] of params) {
    if (NOT_SETTINGS.has(name) || name === 'compress' || name === 'decompress') continue
    if (!/^[A-Za-z_]\w{0,127}$/.test(name))
      throw frontError.badName(name.startsWith('param_') ? 'parameter' : 'setting')
    settings.set(name, value)
  }
  if (onlyReads || (get && !settings.has('readonly'))) settings.set('readonly', '2')
  const database = params.get('database')
  const use = database ? `USE ${quoted(database, '`')};\n` : ''
  const set = [...settings].map(([name, value]) => `${name} = ${quoted(value, "'")}`).join(', ')
  return set === '' ? use : `${use}SET ${set};\n`
}

/** A ClickHouse literal or identifier. */
export function quoted(text: string, quote: "'" | '`'): string {
  return quote + text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`).replaceAll('\0', '\\0') + quote
}

/** The body's bytes, decompressed. */
function decoded(request: IncomingMessage): readonly [Readable, ...Transform[]] {
  const encoding = (header(request, 'content-encoding') ?? '').trim().toLowerCase()
  switch (encoding) {
    case '':
    case 'identity':
      return [request]
    case 'gzip':
    case 'x-gzip':
      return [request, createGunzip()]
    case 'deflate':
      return [request, createInflate()]
    case 'br':
      return [request, createBrotliDecompress()]
    case 'zstd':
      return [request, createZstdDecompress()]
    default:
      throw frontError.unsupported('This Content-Encoding')
  }
}

async function collect(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      done()
    },
  })
  try {
    await pipeline([...decoded(request), atMost(limit, limit), sink])
  } catch (error) {
    const known = asBodyError(error)
    throw known.status === 413 ? frontError.statementTooLarge(limit) : known
  }
  return Buffer.concat(chunks)
}

/** `@clickhouse/client` sends long query parameters as a form. */
async function readForm(request: IncomingMessage, type: string, params: URLSearchParams): Promise<void> {
  const bytes = await collect(request, STATEMENT_LIMIT)
  let fields: FormData
  try {
    fields = await new Response(new Uint8Array(bytes), { headers: { 'content-type': type } }).formData()
  } catch {
    throw frontError.badBody('it is not a form')
  }
  for (const [name, value] of fields) {
    if (typeof value !== 'string' || (name !== 'query' && !name.startsWith('param_'))) {
      throw frontError.unsupported('A form with external tables')
    }
    params.set(name, value)
  }
}
