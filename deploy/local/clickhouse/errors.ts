/**
 * Errors in the form of ClickHouse's HTTP interface, which `@clickhouse/client` parses:
 * `Code: N. DB::Exception: text. (NAME) (version V)`.
 */
export class EngineError extends Error {
  readonly code: number
  readonly type: string
  readonly status: number

  /** @param status HTTP status; derived from the code when not given. */
  constructor(code: number, type: string, message: string, status: number = statusOf(code)) {
    super(message)
    this.code = code
    this.type = type
    this.status = status
  }

  /** The body of the HTTP answer. */
  toText(version: string): string {
    return `Code: ${this.code}. DB::Exception: ${this.message.trim()} (${this.type}) (version ${version})\n`
  }
}

/** Errors that the front itself raises. */
export const frontError = {
  multiStatement: () => new EngineError(62, 'SYNTAX_ERROR', 'Syntax error (Multi-statements are not allowed).'),
  unfinished: (what: string) => new EngineError(62, 'SYNTAX_ERROR', `Syntax error: ${what} is not closed.`),
  empty: () => new EngineError(62, 'SYNTAX_ERROR', 'Syntax error: Empty query.'),
  clientFile: (clause: string) => new EngineError(344, 'SUPPORT_IS_DISABLED', `${clause} is not allowed over HTTP.`),
  closed: (what: string) =>
    new EngineError(
      497,
      'ACCESS_DENIED',
      `Not enough privileges: ${what} is not available to callers of the local front.`,
    ),
  unsupported: (what: string) => new EngineError(48, 'NOT_IMPLEMENTED', `${what} is not supported by the local front.`),
  badName: (kind: string) => new EngineError(36, 'BAD_ARGUMENTS', `The name of a ${kind} is not valid.`),
  badBody: (why: string) => new EngineError(36, 'BAD_ARGUMENTS', `The request body cannot be read: ${why}.`),
  tooLarge: (limit: number) =>
    new EngineError(
      307,
      'TOO_MANY_BYTES',
      `The request body is larger than ${limit} bytes (CHAINON_CLICKHOUSE_MAX_BODY_BYTES).`,
      413,
    ),
  statementTooLarge: (limit: number) =>
    new EngineError(
      309,
      'QUERY_IS_TOO_LARGE',
      `The statement is larger than ${limit} bytes; send an INSERT's data in the body and its statement in the parameter query.`,
      413,
    ),
  busy: (queue: number) =>
    new EngineError(
      202,
      'TOO_MANY_SIMULTANEOUS_QUERIES',
      `${queue} statements wait already; try again later (CHAINON_CLICKHOUSE_QUEUE).`,
      503,
    ),
  stopping: () => new EngineError(236, 'ABORTED', 'The server is stopping.', 503),
  disconnected: () => new EngineError(210, 'NETWORK_ERROR', 'The caller has closed the connection.', 499),
  unauthorised: () =>
    new EngineError(516, 'AUTHENTICATION_FAILED', 'Authentication failed: wrong user or password.', 401),
  otherHost: () =>
    new EngineError(497, 'ACCESS_DENIED', 'Requests for another host than this machine are rejected.', 421),
  crossSite: () =>
    new EngineError(497, 'ACCESS_DENIED', 'Requests made by a web page of another site are rejected.', 403),
  spool: (reason: string) =>
    new EngineError(75, 'CANNOT_WRITE_TO_FILE_DESCRIPTOR', `The data folder cannot be written (${reason}).`, 503),
}

const NOT_FOUND = new Set([16, 46, 47, 60, 73, 81, 115])
const BAD_REQUEST = new Set([6, 26, 27, 36, 38, 41, 43, 50, 53, 62, 69, 70, 72, 117, 130, 386, 456, 457])

/** HTTP status of a ClickHouse error code; the same as a ClickHouse server's for the usual codes. */
function statusOf(code: number): number {
  if (BAD_REQUEST.has(code)) return 400
  if (NOT_FOUND.has(code)) return 404
  switch (code) {
    case 48:
      return 501
    case 159:
      return 408
    case 164:
    case 497:
      return 403
    default:
      return 500
  }
}

/** How much of an INSERT's data an error's text could quote: callers log error texts, and the data are records. */
export type Quotes = 'nothing' | 'rows' | 'expressions'

/** Codes whose text names tables, settings or limits only. */
const NAMES_TABLES = new Set([16, 60, 73, 76, 81, 115, 159, 164, 202, 236, 241, 242, 243, 252, 344, 497])
/** Codes whose text quotes the statement; with FORMAT Values the statement contains the data. */
const QUOTES_SQL = new Set([20, 42, 44, 46, 47, 62, 456])

/** Makes an {@link EngineError} of an error that the engine threw. `names` maps codes to ClickHouse's error names. */
export function fromEngine(error: unknown, names: ReadonlyMap<number, string>, quotes: Quotes): EngineError {
  const text = error instanceof Error ? error.message : String(error)
  const code = Number(/Code:\s*(\d+)/.exec(text)?.[1] ?? 1002)
  const type = names.get(code) ?? 'UNKNOWN_EXCEPTION'
  const isSafe = NAMES_TABLES.has(code) || (quotes === 'rows' && QUOTES_SQL.has(code))
  if (quotes !== 'nothing' && !isSafe) return new EngineError(code, type, withoutValues(text))
  const message = text
    .replace(/^(?:Code:\s*\d+\.\s*DB::Exception:\s*)+/, '')
    .replace(/\(in file\/uri [^)]*\):?/g, '')
    .replace(new RegExp(`(?:\\s*\\(${type}\\))+\\s*$`), '')
  // The client reads the first `(WORD)` in capitals as the error's name: `failed at position 1 (SELEC)`.
  return new EngineError(code, type, message.replace(/\(([A-Z0-9_]{3,})\)/g, '[$1]'))
}

/** Keeps the place of a data error (row, column), and nothing that could be a value. */
function withoutValues(text: string): string {
  const places: string[] = []
  const row = /\(at row (\d+)\)/.exec(text)?.[1]
  const key = /while reading the value of key ([A-Za-z_]\w{0,63})\b/.exec(text)?.[1]
  const constraint = /Constraint `?([A-Za-z_]\w{0,63})`?/.exec(text)?.[1]
  if (row) places.push(`row ${row}`)
  if (key) places.push(`column ${key}`)
  if (constraint) places.push(`constraint ${constraint}`)
  const where = places.length > 0 ? ` (${places.join(', ')})` : ''
  return `The data of the INSERT was rejected${where}. The engine's own text is not shown, because it may quote a record.`
}
