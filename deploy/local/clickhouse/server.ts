import { randomUUID } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip } from 'node:zlib'
import { EngineError, frontError } from './errors.ts'
import { authenticated, type Logins } from './logins.ts'
import { header, quoted, readRequest } from './request.ts'
import type { Role } from './roles.ts'
import type { Engine } from './sessions.ts'
import type { Spool } from './spool.ts'
import { kindOf } from './statement.ts'
import { PEOPLE, type Shape, type Told } from './told.ts'

export interface FrontDependencies {
  readonly engine: Engine
  readonly spool: Spool
  readonly maxBodyBytes: number
  readonly logins: Logins
  /** A user has the role of its name. */
  readonly roles: readonly Role[]
  /** For the access journal, where there is one. */
  readonly told?: Told | undefined
}

/** The result of a statement: bytes in memory, or a file that is already unlinked. */
type Result =
  | { readonly bytes: Uint8Array; readonly file?: never }
  | { readonly file: FileHandle; readonly bytes?: never }

interface Answer {
  readonly result: Result
  readonly format: string
  readonly summary: Readonly<Record<string, string>>
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  JSON: 'application/json; charset=UTF-8',
  JSONCompact: 'application/json; charset=UTF-8',
  JSONEachRow: 'application/x-ndjson; charset=UTF-8',
  JSONCompactEachRow: 'application/x-ndjson; charset=UTF-8',
  CSV: 'text/csv; charset=UTF-8; header=absent',
  CSVWithNames: 'text/csv; charset=UTF-8; header=present',
  TabSeparated: 'text/tab-separated-values; charset=UTF-8',
  TabSeparatedWithNames: 'text/tab-separated-values; charset=UTF-8',
  Parquet: 'application/octet-stream',
  RowBinary: 'application/octet-stream',
  Native: 'application/octet-stream',
}

/** The HTTP server; it does not listen yet. */
export function createFront(dependencies: FrontDependencies): Server {
  const server = createServer({ keepAliveTimeout: 30_000, requestTimeout: 0 }, (request, response) => {
    handle(dependencies, request, response).catch((error: unknown) => answerError(dependencies, response, error))
  })
  server.maxConnections = 1024
  return server
}

async function handle(
  dependencies: FrontDependencies,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  checkSource(request)
  const url = new URL(request.url ?? '/', 'http://front')
  if (url.pathname === '/ping') {
    await dependencies.engine.ping()
    response.end('Ok.\n')
    return
  }
  if (url.pathname !== '/') {
    response.writeHead(404, { 'content-type': 'text/plain; charset=UTF-8' }).end('There is no handle for this path.\n')
    return
  }
  const role = roleOf(dependencies, request, url.searchParams)
  if (url.searchParams.size === 0 && request.method === 'GET') {
    response.end('Ok.\n')
    return
  }
  const queryId = url.searchParams.get('query_id') ?? randomUUID()
  response.setHeader('X-ClickHouse-Query-Id', /^[\x21-\x7e]{1,256}$/.test(queryId) ? queryId : randomUUID())
  response.setHeader('X-ClickHouse-Server-Display-Name', 'chainon-local')
  const disconnected = new AbortController()
  response.once('close', () => disconnected.abort())
  dependencies.engine.admit()
  const seen: Seen = { kind: 'other' }
  const tell = (error?: unknown) => dependencies.told?.ran(role.name, seen.kind, outcomeOf(error), seen.shape)
  const answer = await execute(dependencies, { request, url, role, seen }, disconnected.signal).catch(
    (error: unknown) => {
      tell(error)
      throw error
    },
  )
  tell()
  const wantsGzip =
    ['1', 'true'].includes(url.searchParams.get('enable_http_compression') ?? '') &&
    /\bgzip\b/.test(header(request, 'accept-encoding') ?? '')
  await send(response, answer, wantsGzip)
}

/** What is known of a statement for the access journal, filled in while it is read. */
interface Seen {
  kind: string
  shape?: Shape
}

interface Asked {
  readonly request: IncomingMessage
  readonly url: URL
  readonly role: Role
  readonly seen: Seen
}

/** Codes of ACCESS_DENIED and SUPPORT_IS_DISABLED. */
const outcomeOf = (error: unknown) => {
  if (error === undefined) return 'done'
  return error instanceof EngineError && (error.code === 497 || error.code === 344) ? 'refused' : 'failed'
}

async function execute(
  dependencies: FrontDependencies,
  { request, url, role, seen }: Asked,
  disconnected: AbortSignal,
): Promise<Answer> {
  const { engine, spool, told } = dependencies
  // The tables of `system` are checked by their full names.
  if (url.searchParams.get('database')?.toLowerCase() === 'system' && role.name !== 'admin')
    throw frontError.closed('the database system')
  const { statement, preamble, defaultFormat, head, body } = await readRequest(
    request,
    url,
    dependencies.maxBodyBytes,
    role.readonly,
  )
  seen.kind = kindOf(statement)
  const isTold = told !== undefined && PEOPLE.has(role.name)
  const shape = isTold ? (read: Shape) => void (seen.shape = read) : undefined
  const begin = process.hrtime.bigint()
  const summary = (read: number, bytes: number, written: number): Record<string, string> => ({
    read_rows: String(read),
    read_bytes: String(bytes),
    written_rows: String(written),
    written_bytes: String(written === 0 ? 0 : bytes),
    total_rows_to_read: '0',
    result_rows: String(written),
    result_bytes: '0',
    elapsed_ns: String(process.hrtime.bigint() - begin),
  })
  switch (statement.kind) {
    case 'insert': {
      const quotes = statement.format.toUpperCase() === 'VALUES' ? 'expressions' : 'rows'
      const path = await spool.fill(head, body, dependencies.maxBodyBytes)
      try {
        const sql = `${statement.before}\nFROM INFILE ${quoted(path, "'")} ${statement.after}`
        const file = { clause: 'INFILE', path } as const
        const run = { role, preamble, sql, file, shape }
        const { rowsRead, bytesRead } = await engine.run(run, defaultFormat, disconnected, quotes)
        return {
          result: { bytes: new Uint8Array() },
          format: defaultFormat,
          summary: summary(rowsRead, bytesRead, rowsRead),
        }
      } finally {
        await spool.remove(path)
      }
    }
    case 'rows': {
      const format = statement.format ?? defaultFormat
      const path = spool.path()
      try {
        const sql = `${statement.before}\nINTO OUTFILE ${quoted(path, "'")} FORMAT ${format}${statement.after}`
        const run = { role, preamble, sql, file: { clause: 'OUTFILE', path }, shape } as const
        const { rowsRead, bytesRead } = await engine.run(run, format, disconnected)
        return { result: { file: await spool.openResult(path) }, format, summary: summary(rowsRead, bytesRead, 0) }
      } catch (error) {
        await spool.remove(path)
        throw error
      }
    }
    case 'other': {
      const result = await engine.run({ role, preamble, sql: statement.sql, shape }, defaultFormat, disconnected)
      return {
        result: { bytes: result.bytes() },
        format: statement.format ?? defaultFormat,
        summary: summary(result.rowsRead, result.bytesRead, 0),
      }
    }
  }
}

async function send(response: ServerResponse, answer: Answer, gzip: boolean): Promise<void> {
  const { result, format } = answer
  try {
    response.setHeader('Content-Type', CONTENT_TYPES[format] ?? 'text/plain; charset=UTF-8')
    response.setHeader('X-ClickHouse-Format', format)
    response.setHeader('X-ClickHouse-Summary', JSON.stringify(answer.summary))
    const size = result.bytes ? result.bytes.length : (await result.file.stat()).size
    if (gzip && size > 0) response.setHeader('Content-Encoding', 'gzip')
    else response.setHeader('Content-Length', size)
    if (response.destroyed) return
    if (size === 0) response.end()
    else {
      const source = result.file ? result.file.createReadStream({ autoClose: false }) : Readable.from([result.bytes])
      const pack = gzip ? [createGzip({ level: constants.Z_BEST_SPEED })] : []
      await pipeline([source, ...pack, response])
    }
  } finally {
    await result.file?.close()
  }
}

/** Answers with an error. After the first byte of a result only the end of the connection can show one. */
function answerError(dependencies: FrontDependencies, response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const known = error instanceof EngineError ? error : new EngineError(49, 'LOGICAL_ERROR', 'The front has failed.')
  if (known !== error) process.stderr.write(`clickhouse front: ${error instanceof Error ? error.stack : 'unknown'}\n`)
  const text = known.toText(dependencies.engine.version)
  response.removeHeader('Content-Encoding')
  response.statusCode = known.status
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8')
  response.setHeader('Content-Length', Buffer.byteLength(text))
  response.setHeader('X-ClickHouse-Exception-Code', String(known.code))
  if (known.status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="ClickHouse"')
  if (known.status === 503) response.setHeader('Retry-After', '1')
  // The rest of a rejected body is not read.
  response.setHeader('Connection', 'close')
  response.end(text)
}

/** Names of this machine in a URL. The port is not compared: a proxy on this machine may listen on another. */
const THIS_MACHINE = /^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost)(?::\d{1,5})?$/i

/**
 * A page of another site in the user's browser must not reach the front: neither by a request to it, nor under a name of its own that
 * it lets point to this machine later (DNS rebinding), for which the browser sends that name as the host.
 */
function checkSource(request: IncomingMessage): void {
  if (!THIS_MACHINE.test(header(request, 'host') ?? '')) throw frontError.otherHost()
  const site = header(request, 'sec-fetch-site')
  if (site === 'cross-site' || site === 'same-site') throw frontError.crossSite()
}

function roleOf({ logins, roles, told }: FrontDependencies, request: IncomingMessage, params: URLSearchParams): Role {
  const user = authenticated(logins, request, params)
  if (typeof user !== 'string') {
    told?.loginFailed(user)
    throw frontError.unauthorised()
  }
  const role = roles.find(({ name }) => name === user)
  if (!role) throw frontError.unauthorised()
  return role
}
