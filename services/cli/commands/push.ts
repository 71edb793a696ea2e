/** `chainon push`: sends files to the gateway; a second run of the same command continues where the first one stopped. */
import type { Command } from 'commander'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import { resolveEnvironment } from '../environment.ts'
import { examples, GROUPS } from '../help.ts'
import { positiveInteger } from '../options.ts'
import type { StateCounts } from '../push/follow.ts'
import type { SentFile } from '../push/follow-files.ts'

interface Options {
  readonly fhir?: true
  readonly url?: string
  readonly key?: string
  readonly producer?: string
  readonly batchRecords: number
  readonly maxErrors: number
  readonly errors?: string
  readonly retrySeconds: number
  /** Seconds; false with --no-wait. */
  readonly wait: number | false
  readonly restart?: true
  readonly dryRun?: true
  readonly json?: true
  readonly dataDir?: string
}

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('push')
    .helpGroup(GROUPS.data)
    .summary('send files of records to the gateway')
    .usage('[options] FEED FILE...   or   push --fhir [options] FILE...')
    .description(
      `Sends records of a feed from .ndjson, .jsonl, .json (an object or an array) or .avro files, each also as .gz; - is NDJSON on standard input.
With --fhir, sends FHIR R4 Bundles: one per .json file, or one per line of an .ndjson file.
At the end it waits until the records are in the warehouse, and says what became of them (\`chainon receipt\` says it later, too).
Exits with 1 when a record was rejected, quarantined or lost, with 75 when the gateway, or a partition of Kafka, stayed unavailable. The same command then continues; no record is doubled.`,
    )
    .argument('<feed-and-files...>', 'FEED FILE..., or FILE... with --fhir')
    .option('--fhir', 'the files contain FHIR R4 Bundles')
    .option('--url <url>', 'the gateway (default: CHAINON_GATEWAY_URL, else the local stack)')
    .option('--key <key>', 'API key (default: the environment variable CHAINON_API_KEY)')
    .option('--producer <name>', 'use the key that `chainon keys ensure` stored on this machine for this producer')
    .option('--batch-records <n>', 'records in one request', positiveInteger, 5000)
    .option('--max-errors <n>', 'rejected records that are shown', positiveInteger, 20)
    .option('--errors <file>', 'write each rejected record as a line of JSON: file, line, pointer, rule')
    .option(
      '--retry-seconds <n>',
      'how long a request is retried while the gateway is unreachable',
      positiveInteger,
      120,
    )
    .option('--wait <seconds>', 'how long it is waited at most for what becomes of the records', positiveInteger, 60)
    .option('--no-wait', 'end when the records are accepted')
    .option('--restart', 'send from the first record, also what was sent before')
    .option('--dry-run', 'check against the contract on this machine, send nothing')
    .option('--json', 'print an array of objects with file, accepted, rejected, states')
    .option('--data-dir <folder>', 'data folder (default: CHAINON_DATA_DIR, else .chainon)')
    .addHelpText(
      'after',
      examples([
        ['chainon push patient patients.ndjson.gz --producer hospital-1', 'with the key stored on this machine'],
        ['chainon push --fhir bundles/*.json --key chn_...', 'a Bundle contains records of several feeds'],
        ['chainon push observation labs.avro --dry-run', 'what would be rejected, by line and rule'],
      ]),
    )
    .action((operands: string[], options: Options) => run(env, operands, options))
}

async function run(env: NodeJS.ProcessEnv, operands: readonly string[], options: Options): Promise<void> {
  const [feed, files] = options.fhir ? [undefined, operands] : [operands[0], operands.slice(1)]
  if (files.length === 0)
    throw new ConfigurationError('Nothing to send', ['name a feed and at least one file, or --fhir and a file'])
  if (options.fhir && options.dryRun)
    throw new ConfigurationError('Nothing to check', [
      '--dry-run needs a feed: only the gateway maps Bundles to records',
    ])
  const { createReport } = await import('../push/report.ts')
  const { openSource } = await import('../push/source.ts')
  const sources = files.map(openSource)
  const environment = resolveEnvironment(env, options.dataDir === undefined ? {} : { dataDir: options.dataDir })
  const contract = feed === undefined ? undefined : await contractOf(environment.CHAINON_FEEDS_DIR ?? '', feed)
  const send = options.dryRun ? undefined : await sendOptions(options, environment, feed)
  const report = createReport(options.maxErrors, options.errors)
  const rows: { file: string; accepted: number; rejected: number; states?: StateCounts }[] = []
  try {
    const sentFiles: SentFile[] = []
    for (const source of sources) {
      if (!send) {
        const { checkFile } = await import('../push/check.ts')
        const checked = await checkFile(source, contract ?? missing(feed), report, options.producer)
        rows.push({ file: source.path, ...checked })
        continue
      }
      const { sendFile } = await import('../push/send.ts')
      const { receipts, ...sent } = await sendFile(source, { ...send, feed, contract, report })
      rows.push({ file: source.path, ...sent })
      sentFiles.push({ file: source.path, receipts })
    }
    if (send && options.wait !== false) {
      const { followFiles } = await import('../push/follow-files.ts')
      const followed = await followFiles(sentFiles, send.access, options.wait * 1000, report)
      for (const [i, states] of followed.entries()) if (rows[i]) rows[i] = { ...rows[i], states }
    }
  } finally {
    report.end()
    send?.client.close()
  }
  const verb = options.dryRun ? 'valid' : 'accepted'
  if (options.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
  else
    for (const { file, accepted, rejected, states } of rows)
      process.stdout.write(`${file}: ${accepted} ${verb}, ${rejected} rejected${states ? await became(states) : ''}\n`)
  if (rows.some(({ rejected, states }) => rejected > 0 || (states && failures(states) > 0))) process.exitCode = 1
}

/** @returns what is added to the line of a file; nothing when none of its records was followed */
async function became(states: StateCounts): Promise<string> {
  const { statesText } = await import('../push/follow.ts')
  const text = statesText(states)
  return text === '' ? '' : `; ${text}`
}

const failures = ({ rejected = 0, quarantined = 0, lost = 0 }: StateCounts) => rejected + quarantined + lost

async function sendOptions(options: Options, environment: NodeJS.ProcessEnv, feed: string | undefined) {
  const { gatewayClient } = await import('#core/gateway-api/client.ts')
  const { gatewayAccess } = await import('../gateway-key.ts')
  const access = gatewayAccess(options, environment, `send ${feed ?? 'Bundles'}`)
  const client = gatewayClient({ ...access, concurrency: 1, maxElapsedMs: options.retrySeconds * 1000 })
  // The key's id, not the key: a position file contains no secret.
  return {
    client,
    access,
    dataDir: environment.CHAINON_DATA_DIR ?? '',
    target: [access.url, access.key.split('_')[1] ?? ''],
    batchRecords: options.batchRecords,
    restart: options.restart === true,
  }
}

async function contractOf(dir: string, feed: string) {
  const { loadContracts } = await import('#core/contract/load.ts')
  return loadContracts(dir).find((contract) => contract.feed === feed)
}

function missing(feed: string | undefined): never {
  throw new ChainonError('unknown-feed', `There is no feed '${feed ?? ''}'; \`chainon feeds\` lists them.`)
}
