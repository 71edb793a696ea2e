/** `chainon pull`: reads a relational database, and sends what is new since the last time. */
import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import { resolveEnvironment } from '../environment.ts'
import { examples, GROUPS } from '../help.ts'
import { onInterrupt } from '../interrupt.ts'
import { positiveInteger, timeZone } from '../options.ts'
import type { Address } from '../pull/database.ts'
import type { Plan, Pulled } from '../pull/run.ts'
import type { StateFile } from '../pull/state.ts'
import type { Report } from '../push/report.ts'

interface Options {
  readonly feed: string
  readonly table?: string
  readonly query?: string
  readonly cursor: readonly string[]
  readonly sourceFile?: string
  readonly mapping?: string
  readonly timeZone?: string
  /** Seconds. */
  readonly every?: number
  readonly batchRecords: number
  readonly maxErrors: number
  readonly errors?: string
  readonly retrySeconds: number
  readonly restart?: true
  readonly dryRun?: true
  readonly url?: string
  readonly key?: string
  readonly producer?: string
  readonly dataDir?: string
}

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('pull')
    .helpGroup(GROUPS.data)
    .summary('read a PostgreSQL database, and send what is new since the last time')
    .usage('[options] postgres://USER@HOST/DATABASE --feed FEED (--table NAME | --query SQL) --cursor COLUMN')
    .description(
      `Reads rows in the order of the cursor, as a stream, and sends them as records of a feed. The position is stored after each receipt of the gateway, in <data>/pull: the same
command continues there, and a command that was killed sends its last batch as the same request. Columns have the names of the fields, or a --mapping says which is which.
The cursor must grow with every change of a row (a time of change, a sequence); what is committed later with a smaller or the same value is not seen. Several columns order
rows that are the same in the first: --cursor updated_at,id. The password is PGPASSWORD, in ~/.pgpass, or in the address of --source-file.
Exits with 1 when a row was rejected, with 75 when the database or the gateway did not answer, with 130 after Ctrl-C; with --every Ctrl-C is its usual end.`,
    )
    .argument(
      '[address]',
      'postgres://USER@HOST[:PORT]/DATABASE, without a password; on another machine with ?sslmode=verify-full',
    )
    .requiredOption('--feed <feed>', 'the feed that the rows are for')
    .requiredOption('--cursor <columns>', 'one or several columns, separated by commas', columnNames)
    .option('--table <name>', 'read this table or view, also as schema.name')
    .option('--query <sql>', 'read what this statement selects')
    .option('--source-file <file>', 'a file with the address, also with a password')
    .option('--mapping <file>', 'which column becomes which field, as for `push`')
    .option('--time-zone <name>', 'of columns of the type timestamp, which have no offset', timeZone)
    .option('--every <time>', 'look again and again, for instance 30s, 5m or 1h, until it is stopped', period)
    .option('--batch-records <n>', 'rows in one request', positiveInteger, 5000)
    .option('--max-errors <n>', 'rejected rows that are shown', positiveInteger, 20)
    .option('--errors <file>', 'write each rejected row as a line of JSON: its number, pointer, rule')
    .option(
      '--retry-seconds <n>',
      'how long a request is retried while the gateway is unreachable',
      positiveInteger,
      120,
    )
    .option('--restart', 'begin with the first row')
    .option('--dry-run', 'check the rows after the position against the contract, send nothing')
    .option('--url <url>', 'the gateway (default: CHAINON_GATEWAY_URL, else the local stack)')
    .option('--key <key>', 'API key (default: the environment variable CHAINON_API_KEY)')
    .option('--producer <name>', 'use the key that `chainon keys ensure` stored on this machine for this producer')
    .option('--data-dir <folder>', 'data folder (default: CHAINON_DATA_DIR, else .chainon)')
    .addHelpText(
      'after',
      examples([
        [
          'chainon pull "postgres://reader@edw/clinic?sslmode=verify-full" --table lab.result --feed observation --cursor updated_at,id --mapping lab.yaml --producer chu',
          'once',
        ],
        ['chainon pull ... --every 30s', 'until Ctrl-C'],
      ]),
    )
    .action((address: string | undefined, options: Options) => run(env, address, options))
}

async function run(env: NodeJS.ProcessEnv, argument: string | undefined, options: Options): Promise<void> {
  if ((options.table === undefined) === (options.query === undefined))
    throw new ConfigurationError('Nothing to read', ['choose one of --table and --query'])
  const { addressOf } = await import('../pull/database.ts')
  const { tableStatement } = await import('../pull/run.ts')
  const { stateFile } = await import('../pull/state.ts')
  const { createReport } = await import('../push/report.ts')
  const environment = resolveEnvironment(env, options.dataDir === undefined ? {} : { dataDir: options.dataDir })
  const address = addressOf(argument, options.sourceFile)
  const contract = await contractOf(environment.CHAINON_FEEDS_DIR ?? '', options.feed)
  const mapping = options.mapping === undefined ? undefined : await mappingOf(options.mapping, contract)
  const statement = options.query?.replace(/[\s;]+$/, '') ?? tableStatement(options.table ?? '')
  const plan: Plan = {
    statement,
    cursor: options.cursor,
    contract,
    mapping: mapping?.read,
    timeZone: options.timeZone,
    batchRecords: options.batchRecords,
  }
  const { gatewayAccess } = await import('../gateway-key.ts')
  // A dry run needs no key, and then has the position of nobody.
  const access = options.dryRun ? undefined : gatewayAccess(options, environment, `send ${options.feed}`)
  const keyId = access?.key.split('_')[1] ?? ''
  const identity = [
    statement,
    options.cursor.join('\u0001'),
    options.feed,
    access?.url ?? '',
    keyId,
    mapping?.hash ?? '',
  ]
  const state = stateFile(environment.CHAINON_DATA_DIR ?? '', address.name, identity, options.restart === true)
  const report = createReport(options.maxErrors, options.errors)
  const goOn = access ? GO_ON : 'Nothing was sent.'
  const interrupted = () => {
    report.end()
    return goOn
  }
  const release = access && options.every !== undefined ? () => undefined : onInterrupt(interrupted)
  try {
    if (access) await pull({ address, plan, state, report, access }, options)
    else await dryRun({ address, plan, state, report }, options)
  } finally {
    release()
    report.end()
  }
}

const GO_ON = 'The same command continues after the last rows that were stored, and doubles none.'

interface Work {
  readonly address: Address
  readonly plan: Plan
  readonly state: StateFile
  readonly report: Report
}

async function pull(
  { access, address, plan, report, state }: Work & { access: { readonly url: string; readonly key: string } },
  options: Options,
): Promise<void> {
  const { openDatabase } = await import('../pull/database.ts')
  const { preparePull, pullOnce } = await import('../pull/run.ts')
  const { gatewayClient } = await import('#core/gateway-api/client.ts')
  const client = gatewayClient({ ...access, concurrency: 1, maxElapsedMs: options.retrySeconds * 1000 })
  const stopping = new AbortController()
  // With --every a signal is its usual end: after the batch that is under way.
  if (options.every !== undefined)
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
  const { name } = address
  const once = async (): Promise<Pulled> => {
    const database = await openDatabase(address)
    try {
      const read = await preparePull(database, plan, report, name)
      return await pullOnce(
        { database, client, state, report, name, stopping: () => stopping.signal.aborted },
        read,
        plan,
      )
    } finally {
      await database.close()
    }
  }
  try {
    for (;;) {
      try {
        const { accepted, rejected, rows } = await once()
        if (rejected > 0) process.exitCode = 1
        if (rows > 0 || options.every === undefined)
          process.stdout.write(`${name}: ${rows} rows, ${accepted} accepted, ${rejected} rejected\n`)
      } catch (error) {
        const later = error instanceof ChainonError && WAITS.has(error.code) && options.every !== undefined
        if (!later) throw error
        report.say(`${name}: ${error.message} It is tried again.`)
      }
      if (options.every === undefined || stopping.signal.aborted) return
      await sleep(options.every * 1000, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (stopping.signal.aborted) return
    }
  } finally {
    client.close()
  }
}

/** What ends by itself. */
const WAITS: ReadonlySet<string> = new Set(['dependency-unavailable', 'partition-unavailable'])

async function dryRun({ address, plan, report, state }: Work, options: Options): Promise<void> {
  const { openDatabase } = await import('../pull/database.ts')
  const { preparePull, pullSource } = await import('../pull/run.ts')
  const { checkFile } = await import('../push/check.ts')
  const { name } = address
  const database = await openDatabase(address)
  try {
    const read = await preparePull(database, plan, report, name)
    const source = pullSource({ database, name, state }, read, plan)
    const { accepted, rejected } = await checkFile(source, plan.contract, report, options.producer)
    process.stdout.write(`${name}: ${accepted} valid, ${rejected} rejected\n`)
    if (rejected > 0) process.exitCode = 1
  } finally {
    await database.close()
  }
}

async function contractOf(dir: string, feed: string) {
  const { loadContracts } = await import('#core/contract/load.ts')
  const contract = loadContracts(dir).find((one) => one.feed === feed)
  if (!contract) throw new ChainonError('unknown-feed', `There is no feed '${feed}'; \`chainon feeds\` lists them.`)
  return contract
}

async function mappingOf(path: string, contract: Plan['contract']) {
  const { parseMapping } = await import('#core/csv/mapping.ts')
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ConfigurationError('The mapping cannot be read', [`${path}: ${errorCode(error)}`])
  })
  return { read: parseMapping(text, contract), hash: hash('sha256', text, 'hex') }
}

function columnNames(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.some((name) => name === '')) throw new InvalidArgumentError('It must be names of columns.')
  return names
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

function period(text: string): number {
  const [, number = '', unit = 's'] = /^(\d{1,5})([smh])?$/.exec(text) ?? []
  const seconds = Number(number) * (UNITS[unit] ?? 1)
  if (seconds < 1) throw new InvalidArgumentError('It must be a time, for instance 30s, 5m or 1h.')
  return seconds
}
