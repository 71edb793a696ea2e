/** `chainon push`: sends files to the gateway; a second run of the same command continues where the first one stopped. */
import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { FeedContract } from '#core/contract/types.ts'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import type { JoinedFiles } from '../bulk/join.ts'
import { resolveEnvironment } from '../environment.ts'
import { examples, GROUPS } from '../help.ts'
import { onInterrupt } from '../interrupt.ts'
import { positiveInteger } from '../options.ts'
import type { StateCounts } from '../push/follow.ts'
import type { SentFile } from '../push/follow-files.ts'
import type { Report } from '../push/report.ts'
import type { SourceFormat } from '../push/source.ts'

interface Options {
  readonly fhir?: true
  readonly hl7?: true
  readonly dicom?: true
  readonly pixels?: true
  readonly pmsi?: true
  readonly mapping?: string
  readonly url?: string
  readonly key?: string
  readonly producer?: string
  readonly maxNames: number
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
    .usage(
      '[options] FEED FILE...   or   push --fhir [options] FILE...   or   push --hl7 [options] FILE...   or   push --dicom [options] FILE...   or   push --pmsi [options] FILE...',
    )
    .description(
      `Sends records of a feed from .ndjson, .jsonl, .json (an object or an array), .avro, .csv or .tsv files, each also as .gz or .zst, or .parquet; - is NDJSON on standard input.
With --fhir, sends FHIR R4: a Bundle or a resource per .json file, or per line of an .ndjson file, as a bulk export writes it (all lines of a file alike). The .ndjson files of a folder are
joined as \`chainon bulk\` does it: a reference such as Patient/123 gets the identifier that another file of the folder has for it. With --hl7, sends .hl7 files: messages of HL7 v2, or batches of them.
With --dicom, sends DICOM files, cut on this machine before their pixels, which are sent only with --pixels; of a folder every file that is one, whatever its name.
With --pmsi, sends files of VID-HOSP and of grouped RSS (2026), all that are named together: VID-HOSP says whose stay an RSS is.
A folder stands for its files, also in folders of it; .hl7 files beside others are sent as HL7 v2, whatever the other files are.
At the end it waits until the records are in the warehouse, and says what became of them (\`chainon receipt\` says it later, too).
Exits with 1 when a record was rejected, quarantined or lost, with 75 when the gateway, or a partition of Kafka, stayed unavailable, with 130 after Ctrl-C. The same command then continues; no record is doubled.`,
    )
    .argument('<feed-and-files...>', 'FEED FILE..., or FILE... with --fhir, --hl7, --dicom or --pmsi')
    .option('--fhir', 'the files contain FHIR R4 Bundles or resources')
    .option('--hl7', 'the files contain messages of HL7 v2')
    .option('--dicom', 'the files are DICOM files; their pixels are not sent')
    .option('--pixels', 'with --dicom: whole files, for a gateway with an object store')
    .option('--pmsi', 'the files are VID-HOSP and grouped RSS')
    .option(
      '--mapping <file>',
      'which column becomes which field, for .csv and .tsv files (`chainon map` proposes it) and files of fixed width',
    )
    .option('--url <url>', 'the gateway (default: CHAINON_GATEWAY_URL, else the local stack)')
    .option('--key <key>', 'API key (default: the environment variable CHAINON_API_KEY)')
    .option('--producer <name>', 'use the key that `chainon keys ensure` stored on this machine for this producer')
    .option(
      '--max-names <n>',
      'with --fhir and a folder: patients, stays, professionals and drugs that are kept in memory, about 200 bytes each',
      positiveInteger,
      2_000_000,
    )
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
    .option('--dry-run', 'check on this machine with the code of the gateway and the contracts, send nothing')
    .option('--json', 'print an array of objects with file, accepted, rejected, states')
    .option('--data-dir <folder>', 'data folder (default: CHAINON_DATA_DIR, else .chainon)')
    .addHelpText(
      'after',
      examples([
        ['chainon push patient patients.ndjson.gz --producer hospital-1', 'with the key stored on this machine'],
        ['chainon push --fhir bundles/*.json --key chn_...', 'a Bundle contains records of several feeds'],
        ['chainon push --fhir export/ --producer hospital-1', 'the .ndjson files of a bulk export, joined'],
        ['chainon push --hl7 spool/ --producer hospital-1', 'every .hl7 file of the folder'],
        ['chainon push --dicom studies/ --producer hospital-1', 'every DICOM file of the folder, without its pixels'],
        ['chainon push --pmsi VIDHOSP.txt RSS.txt --producer hospital-1', 'stays of the PMSI, with whose they are'],
        ['chainon push observation labs.csv --mapping labs.yaml', 'rows of a table, by the columns of a mapping'],
        ['chainon push observation labs.avro --dry-run', 'what would be rejected, by line and rule'],
      ]),
    )
    .action((operands: string[], options: Options) => run(env, operands, options))
}

async function run(env: NodeJS.ProcessEnv, operands: readonly string[], options: Options): Promise<void> {
  const chosen = [options.fhir, options.hl7, options.dicom, options.pmsi].filter((one) => one).length
  if (chosen > 1) throw new ConfigurationError('Nothing to send', ['choose one of --fhir, --hl7, --dicom and --pmsi'])
  if (options.pixels && !options.dicom) throw new ConfigurationError('Nothing to send', ['--pixels needs --dicom'])
  const [feed, paths] = chosen === 1 ? [undefined, operands] : [operands[0], operands.slice(1)]
  if (paths.length === 0)
    throw new ConfigurationError('Nothing to send', [
      'name a feed and at least one file, or --fhir, --hl7, --dicom or --pmsi and a file',
    ])
  const { createReport } = await import('../push/report.ts')
  const { openSource } = await import('../push/source.ts')
  const { filesOf } = await import('../push/files.ts')
  const environment = resolveEnvironment(env, options.dataDir === undefined ? {} : { dataDir: options.dataDir })
  const contract = feed === undefined ? undefined : await contractOf(environment.CHAINON_FEEDS_DIR ?? '', feed)
  const mapping =
    options.mapping === undefined ? undefined : await mappingOf(options.mapping, contract ?? missing(feed))
  const notes: string[] = []
  const say = (text: string) => report.say(text)
  const formats = formatsOf(options, mapping !== undefined)
  const { dicomSource } = await import('../push/dicom-files.ts')
  const { pmsiSource } = await import('../push/pmsi-files.ts')
  const note = (text: string) => void notes.push(text)
  const found = options.dicom || options.pmsi ? [] : paths.map((path) => filesOf(path, formats, note))
  // The files of a folder may be of one export; a file that is named itself is not of a folder.
  const exports = options.fhir ? found.map((files, at) => files.filter((file) => isOfExport(file, paths[at]))) : []
  const inExports = new Set(exports.flat())
  const sources = options.dicom
    ? paths.map((path) => dicomSource(path, note, options.pixels))
    : options.pmsi
      ? [await pmsiSource(paths, note)]
      : found
          .flat()
          .filter((path) => !inExports.has(path))
          .map((path) =>
            openSource(path, {
              say,
              ...(mapping ? { mapping: mapping.read } : {}),
              ...(options.hl7 ? { format: 'hl7' } : {}),
            }),
          )
  const send = options.dryRun ? undefined : await sendOptions(options, environment, feed)
  const report = createReport(options.maxErrors, options.errors)
  let goOn = 'Nothing was sent.'
  const release = onInterrupt(() => {
    report.end()
    return goOn
  })
  const rows: { file: string; accepted: number; rejected: number; states?: StateCounts }[] = []
  try {
    for (const text of notes) report.say(text)
    const joined = await joinAll(exports, options.maxNames, report)
    const sentFiles: SentFile[] = []
    for (const source of [...joined.flatMap((one) => one.sources), ...sources]) {
      if (!send) {
        const { checkFile } = await import('../push/check.ts')
        const { checkMapped } = await import('../push/check-mapped.ts')
        const mapped = feed === undefined || source.format === 'hl7'
        const { accepted, rejected } = mapped
          ? await checkMapped(source, report, environment, options.producer ?? '')
          : await checkFile(source, contract ?? missing(feed), report, options.producer)
        rows.push({ file: source.path, accepted, rejected })
        continue
      }
      const { sendFile } = await import('../push/send.ts')
      const { receipts, accepted, rejected } = await sendFile(source, {
        ...send,
        // Records of another mapping, and files with their pixels, are others.
        target: [
          ...send.target,
          ...(mapping && source.format === 'table' ? [mapping.hash] : []),
          ...(options.pixels ? ['pixels'] : []),
        ],
        feed,
        contract,
        report,
        reached: (line) => {
          goOn = goOnText(source.path, line)
        },
      })
      rows.push({ file: source.path, accepted, rejected })
      sentFiles.push({ source, receipts })
    }
    for (const one of joined) one.tellUnresolved()
    if (send && options.wait !== false) {
      const { followFiles } = await import('../push/follow-files.ts')
      const [first] = sentFiles.flatMap(({ receipts }) => receipts)
      if (first) goOn = `All was sent; what became of it: chainon receipt ${first.id}`
      const followed = await followFiles(sentFiles, send.access, options.wait * 1000, report)
      for (const [i, states] of followed.entries()) if (rows[i]) rows[i] = { ...rows[i], states }
    }
  } finally {
    release()
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

/** @param path the operand that names the file */
function isOfExport(file: string, path: string | undefined): boolean {
  return file !== path && /\.(?:ndjson|jsonl)(?:\.gz|\.zst)?$/i.test(file)
}

/** As `chainon bulk` does; a file whose name says no type is sent, whatever it has. */
async function joinAll(
  exports: readonly (readonly string[])[],
  maxNames: number,
  report: Report,
): Promise<readonly JoinedFiles[]> {
  const { isTypeOfExport, joinFiles } = await import('../bulk/join.ts')
  const { localFile } = await import('../bulk/files.ts')
  const joined: JoinedFiles[] = []
  for (const paths of exports) {
    const files = paths.map(localFile).map((file) => (isTypeOfExport(file.type) ? file : { ...file, type: '' }))
    joined.push(await joinFiles(files, { maxNames, report }))
  }
  return joined
}

/** @returns how to go on after what was sent up to this line */
function goOnText(path: string, line: number): string {
  return path === '-'
    ? 'The same input, sent again from its start, doubles no record.'
    : `${path} was sent up to line ${line}; the same command continues from there, and doubles no record.`
}

/** @returns what is added to the line of a file; nothing when none of its records was followed */
async function became(states: StateCounts): Promise<string> {
  const { statesText } = await import('../push/follow.ts')
  const text = statesText(states)
  return text === '' ? '' : `; ${text}`
}

const failures = ({ rejected = 0, quarantined = 0, lost = 0 }: StateCounts) => rejected + quarantined + lost

/** @returns the formats that are sent from a folder */
function formatsOf(options: Options, mapped: boolean): readonly SourceFormat[] {
  if (options.hl7) return ['hl7']
  if (options.fhir) return ['ndjson', 'json', 'hl7']
  return ['ndjson', 'json', 'avro', 'parquet', ...(mapped ? (['table'] as const) : []), 'hl7']
}

async function sendOptions(options: Options, environment: NodeJS.ProcessEnv, feed: string | undefined) {
  const { gatewayClient } = await import('#core/gateway-api/client.ts')
  const { gatewayAccess } = await import('../gateway-key.ts')
  const access = gatewayAccess(options, environment, `send ${feed ?? 'FHIR'}`)
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

async function mappingOf(path: string, contract: FeedContract) {
  const { parseMapping } = await import('#core/csv/mapping.ts')
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ConfigurationError('The mapping cannot be read', [`${path}: ${errorCode(error)}`])
  })
  return { read: parseMapping(text, contract), hash: hash('sha256', text, 'hex') }
}

async function contractOf(dir: string, feed: string) {
  const { loadContracts } = await import('#core/contract/load.ts')
  return loadContracts(dir).find((contract) => contract.feed === feed)
}

function missing(feed: string | undefined): never {
  throw new ChainonError('unknown-feed', `There is no feed '${feed ?? ''}'; \`chainon feeds\` lists them.`)
}
