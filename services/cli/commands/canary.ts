/** `chainon canary`: for an auditor, shows on an installation that no identity passes its zone. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import type { JournalEvent } from '#core/journal/actions.ts'
import { table } from '#core/terminal/table.ts'
import type { MllpListener } from '../canary/mllp.ts'
import type { CanaryReport } from '../canary/report.ts'
import type { Prepared } from '../canary/run.ts'
import { resolveEnvironment } from '../environment.ts'
import { examples, GROUPS } from '../help.ts'
import { actor, openCommandJournal } from '../journal.ts'
import { positiveInteger } from '../options.ts'

const INTERRUPTED_STATUS = 75

interface Options {
  readonly dryRun?: true
  readonly yes?: true
  readonly json?: true
  readonly everything?: true
  readonly out?: string
  readonly seed?: string
  readonly key?: string
  readonly mllp?: MllpListener
  readonly wait: number
  readonly dataDir?: string
}

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('canary')
    .helpGroup(GROUPS.operate)
    .summary('sow invented identities, and search every place for them')
    .description(
      `Sends invented identities as a producer of its own: in every feed, field and format, in kept fields, headers, addresses, idempotency keys and names of files.
Waits until they went through, cancels them, and searches Kafka, the registry, Redis, ClickHouse, answers, pages and files for them, in every encoding.
Reads what was written since its start, with the logins of the environment; on the local stack with those of the administrators. A place that it may not read is named.
Exits with 1 when one is found, or when the search proves nothing; with 75 when a part of a place could not be read.`,
    )
    .option('--dry-run', 'show what would be sown and where it would be searched; send nothing')
    .option('--yes', 'do not ask; needed for an installation whose name says that it is a production')
    .option('--seed <text>', 'of the identities: the same seed gives the same ones (default: a random one)')
    .option('--key <key>', 'API key of a producer canary-… (default: one is made, and revoked at the end)')
    .option(
      '--mllp <listener>',
      'host:port/APPLICATION/FACILITY of an MLLP listener that has the key of --key',
      mllpListener,
    )
    .option('--everything', 'search the whole log and all tables, and not only what was written since the start')
    .option(
      '--wait <seconds>',
      'how long it is waited at most for the records, and for their cancellations',
      positiveInteger,
      120,
    )
    .option('--out <file>', 'write the report to this file too, as JSON')
    .option('--json', 'print the report as JSON')
    .option('--data-dir <folder>', 'data folder (default: CHAINON_DATA_DIR, else .chainon)')
    .addHelpText(
      'after',
      examples([
        ['chainon canary --dry-run', 'what would be sown'],
        ['chainon canary --out canary.json', 'asks, sows, searches; the file is for the auditor'],
      ]),
    )
    .action((options: Options) => run(env, options))
}

async function run(env: NodeJS.ProcessEnv, options: Options): Promise<void> {
  if (options.mllp && options.key === undefined)
    throw new ConfigurationError('The listener cannot be used', [
      '--mllp needs --key: records of another producer could not be cancelled',
    ])
  const { prepare, productionName, reportHash, runCanary } = await import('../canary/run.ts')
  const { reportText, statusOf } = await import('../canary/report.ts')
  const environment = resolveEnvironment(env, {
    user: 'admin',
    ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
  })
  const wanted = {
    seed: options.seed ?? randomBytes(8).toString('hex'),
    key: options.key,
    mllp: options.mllp,
    waitSeconds: options.wait,
    everything: options.everything === true,
  }
  const prepared = prepare(environment, wanted)
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  if (options.dryRun) {
    process.stdout.write(await planText(prepared))
    return
  }
  const production = productionName(prepared)
  if (!options.yes) {
    if (production !== undefined)
      throw new ConfigurationError('The installation seems to be a production', [
        `its name is ${production}: read what --dry-run shows, then give --yes`,
      ])
    if (!(await confirmed(prepared))) return
  }
  const interrupt = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interrupt.abort())
  const journal = await openCommandJournal(environment)
  const begun = { actor: actor(), action: 'canary', object: 'installation', outcome: 'begun' } as const
  const facts = { canaries: prepared.plan.sown.length }
  let report: CanaryReport
  let text = ''
  try {
    report = await journal.guard(
      { ...begun, facts },
      async () => {
        const made = await runCanary(prepared, wanted, say, interrupt.signal)
        text = `${JSON.stringify(made, null, 2)}\n`
        return made
      },
      (made): JournalEvent => ({
        ...begun,
        outcome: 'done',
        facts: {
          ...facts,
          producer: made.producer,
          hits: made.hits.length,
          unread: made.places.reduce((sum, { unread }) => sum + unread.length, 0),
          failures: made.failures.length,
          report_sha256: reportHash(text),
        },
      }),
    )
  } catch (error) {
    if (!interrupt.signal.aborted) throw error
    process.exitCode = INTERRUPTED_STATUS
    return say('interrupted; a key that was made for it is revoked')
  } finally {
    await journal.close()
  }
  if (options.out !== undefined) write(options.out, text)
  process.stdout.write(options.json ? text : reportText(report))
  process.exitCode = statusOf(report)
}

async function planText({ config, plan }: Prepared): Promise<string> {
  const { channelsOf } = await import('../canary/report.ts')
  const rows = channelsOf(plan.sown, plan.requests).map((one) => [
    one.channel,
    String(one.requests),
    String(one.canaries),
  ])
  const places = [
    ['gateway', config.CHAINON_GATEWAY_URL],
    ['Kafka', config.KAFKA_BROKERS.join(', ')],
    ['registry', config.SCHEMA_REGISTRY_URL],
    ['Redis', config.REDIS_URL.replace(/\/\/[^@/]*@/, '//')],
    ['ClickHouse', `${config.CLICKHOUSE_URL} (${config.CLICKHOUSE_DATABASE})`],
    ['files', config.CHAINON_DATA_DIR],
  ]
  const notSown = plan.notSown.map((line) => `not sown: ${line}\n`).join('')
  return `${table(['sown in', 'requests', 'values'], rows)}${notSown}\n${table(['place', 'address'], places)}`
}

/** @throws ConfigurationError where nobody can be asked */
async function confirmed(prepared: Prepared): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new ConfigurationError('Nobody can be asked', ['read what --dry-run shows, then give --yes'])
  process.stderr.write(await planText(prepared))
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  // With Ctrl-C the question is never answered; nothing was sent.
  const answer = await terminal.question('\nSow these into this installation? Type yes: ').catch(() => undefined)
  terminal.close()
  if (answer === undefined) process.exitCode = INTERRUPTED_STATUS
  return answer?.trim() === 'yes'
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600 })
  } catch (error) {
    throw new ConfigurationError('The report cannot be written', [`${path}: ${errorCode(error)}`])
  }
}

function mllpListener(text: string): MllpListener {
  const [, host = '', port = '', application = '', facility = ''] =
    /^([^:/]+):(\d{1,5})\/([^/]+)\/([^/]+)$/.exec(text) ?? []
  if (host === '') throw new InvalidArgumentError('It must be host:port/APPLICATION/FACILITY.')
  return { host, port: Number(port), application, facility }
}
