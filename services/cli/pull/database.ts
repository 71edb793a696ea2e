/** A connection to PostgreSQL that only reads. No error of this file carries a value of a row, or the password. */
import { readFileSync } from 'node:fs'
import type { Client, QueryArrayResult } from 'pg'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'

export interface Address {
  readonly url: string
  /** `host:port/database`: what reports and states name it by. */
  readonly name: string
}

/** Every value is the text that PostgreSQL writes; null is null. */
export type Cells = readonly (string | null)[]

export interface Column {
  readonly name: string
  /** Object id of its type; that of the base type for a domain. */
  readonly type: number
}

export interface Database {
  /** @throws ChainonError dependency-unavailable, ConfigurationError for a statement that PostgreSQL refuses */
  ask(statement: string, values?: readonly string[]): Promise<readonly Cells[]>
  /** @returns the columns of a statement, without a row of it */
  columnsOf(statement: string): Promise<readonly Column[]>
  close(): Promise<void>
}

/**
 * @param argument of the command line: there other users of the machine see it, so that it must have no password
 * @param file that contains the address, with or without a password
 * @throws ConfigurationError
 */
export function addressOf(argument: string | undefined, file: string | undefined): Address {
  if ((argument === undefined) === (file === undefined))
    throw wrongAddress('give the address postgres://USER@HOST/DATABASE, or --source-file with it')
  const text = argument ?? readAddress(file ?? '')
  const url = URL.parse(text.trim())
  if (!url || !/^postgres(?:ql)?:$/.test(url.protocol) || url.pathname.length < 2)
    throw wrongAddress('it must be postgres://USER@HOST[:PORT]/DATABASE')
  if (argument !== undefined && (url.password !== '' || url.searchParams.has('password')))
    throw wrongAddress(
      'the command line is seen by other users of this machine: give the password as PGPASSWORD, in ~/.pgpass, or the address in --source-file',
    )
  if (!isLocal(url) && !MODES.has(url.searchParams.get('sslmode') ?? ''))
    throw wrongAddress(
      'the database is on another machine, and identities go over the network: add ?sslmode=verify-full (and &sslrootcert=FILE for an authority of your own), or ?sslmode=disable if something else encrypts',
    )
  return { url: url.href, name: `${url.hostname}:${url.port || '5432'}${url.pathname}` }
}

/** Of the library: the first three encrypt and verify the server's certificate. */
const MODES: ReadonlySet<string> = new Set(['verify-full', 'verify-ca', 'require', 'disable'])
const LOOPBACK = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/i

/** The parameter `host` is stronger than the address; one that is a path is a socket of this machine. */
function isLocal({ hostname, searchParams }: URL): boolean {
  const host = searchParams.get('host') ?? hostname
  return host.startsWith('/') || LOOPBACK.test(host)
}

function readAddress(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw wrongAddress(`${file}: ${errorCode(error)}`)
  }
}

function wrongAddress(why: string): ConfigurationError {
  return new ConfigurationError('The address of the database is wrong', [why])
}

/** The forms in which values are read, and no statement that runs for ever. */
const SETTINGS = `SET TIME ZONE 'UTC'; SET datestyle TO ISO; SET extra_float_digits TO 1; SET default_transaction_read_only TO on;
  SET idle_in_transaction_session_timeout TO 0; SET lock_timeout TO '30s'`
const CONNECT_MS = 15_000

export async function openDatabase({ url, name }: Address): Promise<Database> {
  const { default: pg } = await import('pg')
  const client: Client = new pg.Client({
    connectionString: url,
    application_name: 'chainon pull',
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    types: { getTypeParser: () => (text: string | Buffer) => text },
  })
  // Of a connection that is lost between two statements; the next statement fails.
  client.on('error', () => undefined)
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw failureOf(error, name)
    }
  }
  const query = (text: string, values: readonly string[] = []): Promise<QueryArrayResult<(string | null)[]>> =>
    client.query<(string | null)[]>({ text, values: [...values], rowMode: 'array' })
  await run(async () => {
    await client.connect()
    await client.query(SETTINGS)
  })
  return {
    ask: (statement, values) => run(async () => (await query(statement, values)).rows),
    columnsOf: (statement) =>
      run(async () => {
        const { fields } = await query(`SELECT * FROM (${statement}) AS chainon_source LIMIT 0`)
        return fields.map(({ name: column, dataTypeID: type }) => ({ name: column, type }))
      }),
    close: () => client.end().catch(() => undefined),
  }
}

/** Classes of SQLSTATE of a wrong login, database, statement or name: their message quotes the statement, and no row. */
const OF_STATEMENT = /^(?:28|3D|3F|42)/
/** Of connections and resources, of an end by an administrator, and of conflicts: the same statement may succeed later. */
const OF_SERVER = /^(?:08|40|53|55|57|58)/

/** A message of PostgreSQL may quote the value that a statement failed on. */
function failureOf(error: unknown, name: string): Error {
  const { code, message } = error as { code?: unknown; message?: unknown }
  const state = typeof code === 'string' ? code : ''
  if (!/^[0-9A-Z]{5}$/.test(state) || OF_SERVER.test(state))
    return new ChainonError('dependency-unavailable', `The database ${name} does not answer (${state || 'network'}).`, {
      cause: error,
    })
  const why = OF_STATEMENT.test(state) ? `: ${String(message)}` : '; its message may have a value, and is not shown'
  return new ConfigurationError('The database refuses', [`${name}: SQLSTATE ${state}${why}`])
}

/** @returns a name as SQL */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
