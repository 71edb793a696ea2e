/** `chainon push`: sends files to the gateway; a second run of the same command goes on where the first one stopped. */
import type { Command } from 'commander'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import { resolveEnvironment } from '../environment.ts'
import { examples, GROUPS } from '../help.ts'
import { wholeNumber } from '../options.ts'

interface Options {
  readonly fhir?: true
  readonly url?: string
  readonly key?: string
  readonly producer?: string
  readonly batchRecords: number
  readonly maxErrors: number
  readonly errors?: string
  readonly retrySeconds: number
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
      `Sends records of a feed: .ndjson, .jsonl, .json (an object or an array) or .avro, each also as .gz; - is NDJSON on standard input.
With --fhir, R4 Bundles: one a .json file, or one a line of .ndjson.
Ends with 1 when a record was rejected, 75 when the gateway stayed away. The same command then goes on where it was, and doubles nothing.`,
    )
    .argument('<words...>', 'FEED FILE..., or FILE... with --fhir')
    .option('--fhir', 'the files hold FHIR R4 Bundles')
    .option('--url <url>', 'the gateway (default: CHAINON_GATEWAY_URL, else the local stack)')
    .option('--key <key>', 'API key (default: the environment variable CHAINON_API_KEY)')
    .option('--producer <name>', 'take the key that `chainon key ensure` keeps on this machine for this producer')
    .option('--batch-records <n>', 'records in one request', wholeNumber, 5000)
    .option('--max-errors <n>', 'rejected records that are shown', wholeNumber, 20)
    .option('--errors <file>', 'write each rejected record as a line of JSON: file, line, pointer, rule')
    .option('--retry-seconds <n>', 'how long a request is tried while the gateway is away', wholeNumber, 120)
    .option('--restart', 'forget what was sent before')
    .option('--dry-run', 'check against the contract here, send nothing')
    .option('--json', 'print an array of objects with file, accepted, rejected')
    .option('--data-dir <folder>', 'data folder (default: CHAINON_DATA_DIR, else .chainon)')
    .addHelpText(
      'after',
      examples([
        ['chainon push patient patients.ndjson.gz --producer hospital-1', 'with a key of this machine'],
        ['chainon push --fhir bundles/*.json --key chn_...', 'each Bundle feeds several feeds'],
        ['chainon push observation labs.avro --dry-run', 'what would be rejected, by line and rule'],
      ]),
    )
    .action((words: string[], options: Options) => run(env, words, options))
}

async function run(env: NodeJS.ProcessEnv, words: readonly string[], options: Options): Promise<void> {
  const [feed, files] = options.fhir ? [undefined, words] : [words[0], words.slice(1)]
  if (files.length === 0)
    throw new ConfigurationError('Nothing to send', ['name a feed and at least one file, or --fhir and a file'])
  if (options.fhir && options.dryRun)
    throw new ConfigurationError('Nothing to check', ['--dry-run needs a feed: Bundles are mapped by the gateway'])
  const { createReport } = await import('../push/report.ts')
  const { openSource } = await import('../push/source.ts')
  const sources = files.map(openSource)
  const environment = resolveEnvironment(env, options.dataDir === undefined ? {} : { dataDir: options.dataDir })
  const contract = feed === undefined ? undefined : await contractOf(environment.CHAINON_FEEDS_DIR ?? '', feed)
  const send = options.dryRun ? undefined : await sender(options, environment, feed)
  const report = createReport(options.maxErrors, options.errors)
  const rows: { file: string; accepted: number; rejected: number }[] = []
  try {
    for (const source of sources) {
      const sent = send
        ? await (await import('../push/send.ts')).sendFile(source, { ...send, feed, contract, report })
        : await (await import('../push/check.ts')).checkFile(source, contract ?? missing(feed), report)
      rows.push({ file: source.path, accepted: sent.accepted, rejected: sent.rejected })
    }
  } finally {
    report.end()
    send?.client.close()
  }
  const verb = options.dryRun ? 'good' : 'accepted'
  if (options.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
  else for (const row of rows) process.stdout.write(`${row.file}: ${row.accepted} ${verb}, ${row.rejected} rejected\n`)
  if (rows.some((row) => row.rejected > 0)) process.exitCode = 1
}

async function sender(options: Options, environment: NodeJS.ProcessEnv, feed: string | undefined) {
  const { gatewayClient } = await import('#core/gateway-api/client.ts')
  const { localKey } = await import('#core/keys/admin.ts')
  const { readConfig } = await import('#core/config/read.ts')
  const config = readConfig('push', ['CHAINON_GATEWAY_URL', 'CHAINON_API_KEY'], environment)
  const dataDir = environment.CHAINON_DATA_DIR ?? ''
  const key =
    options.key ?? (options.producer ? localKey(dataDir, options.producer) : undefined) ?? config.CHAINON_API_KEY
  if (!key) {
    const why = options.producer
      ? `this machine keeps no key of ${options.producer}: run \`chainon key ensure ${options.producer}\``
      : 'give --key, --producer or CHAINON_API_KEY'
    throw new ChainonError('missing-key', `An API key is needed to send ${feed ?? 'Bundles'}: ${why}.`)
  }
  const url = (options.url ?? config.CHAINON_GATEWAY_URL).replace(/\/$/, '')
  const client = gatewayClient({ url, key, concurrency: 1, maxElapsedMs: options.retrySeconds * 1000 })
  // The key's id, not the key: a position file must not help anybody to send.
  return {
    client,
    dataDir,
    target: [url, key.split('_')[1] ?? ''],
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
