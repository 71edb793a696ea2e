/** `chainon map`: proposes which column of a table becomes which field of a feed, and shows what would be accepted. */
import { existsSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { FeedContract } from '#core/contract/types.ts'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import type { Proposal } from '../csv/propose.ts'
import { resolveEnvironment } from '../environment.ts'
import { examples, GROUPS } from '../help.ts'
import { positiveInteger, timeZone } from '../options.ts'
import type { Source } from '../push/source.ts'

interface Options {
  readonly feed: string
  readonly save?: string
  readonly force?: true
  readonly timeZone: string
  readonly maxErrors: number
  readonly rows: number
}

/** Records that are shown as they would be sent. */
const SHOWN = 3

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('map')
    .helpGroup(GROUPS.data)
    .summary('propose a mapping from the columns of a CSV or TSV file to a feed')
    .description(
      `Reads the first rows of a file, and proposes from the names of its columns (French or English) and their values which column becomes which field:
encoding, delimiter, decimal comma, form of dates, values of lists. Then checks the rows by it, as \`push --dry-run\` does, and shows what would be refused.
The mapping is a proposal: read it, change it, then use it with \`push --mapping\`. Exits with 1 while a required field has no column, or a row would be refused.`,
    )
    .argument('<file>', 'a .csv or .tsv file, also as .gz or .zst')
    .requiredOption('--feed <feed>', 'the feed that the records are for')
    .option('--save <file>', 'write the mapping (YAML) to this file')
    .option('--force', 'replace the file of --save')
    .option('--time-zone <name>', 'of times that are written without an offset', timeZone, 'Europe/Paris')
    .option('--rows <n>', 'rows that are checked', positiveInteger, 5000)
    .option('--max-errors <n>', 'refused rows that are shown', positiveInteger, 20)
    .addHelpText(
      'after',
      examples([
        ['chainon map labs.csv --feed observation --save labs.yaml', 'proposes, checks, saves'],
        ['chainon push observation labs.csv --mapping labs.yaml --dry-run', 'checks the whole file'],
      ]),
    )
    .action((file: string, options: Options) => run(env, file, options))
}

async function run(env: NodeJS.ProcessEnv, path: string, options: Options): Promise<void> {
  const { save } = options
  if (save !== undefined && options.force !== true && existsSync(save))
    throw new ConfigurationError('The mapping cannot be saved', [`${save} is there already; --force replaces it`])
  const { loadContracts } = await import('#core/contract/load.ts')
  const contracts = loadContracts(resolveEnvironment(env).CHAINON_FEEDS_DIR ?? '')
  const contract = contracts.find(({ feed }) => feed === options.feed)
  if (!contract)
    throw new ConfigurationError('There is no such feed', [
      `the feeds are ${contracts.map(({ feed }) => feed).join(', ')}`,
    ])
  const { inputOf } = await import('../push/input.ts')
  const { readSample } = await import('../csv/read-sample.ts')
  const { proposeMapping } = await import('../csv/propose.ts')
  const { mappingText } = await import('../csv/write-mapping.ts')
  const { openSource } = await import('../push/source.ts')
  const sample = await readSample(inputOf(path).open(), path)
  const found = proposeMapping(contract, sample.columns, options.timeZone)
  const { encoding, rows } = sample.form
  const { feed, ...rest } = found.mapping
  const mapping = { feed, encoding, delimiter: rows.delimiter, quotes: rows.quotes, ...rest } as Proposal['mapping']
  if (mapping.fields.length === 0)
    throw new ConfigurationError('No mapping can be proposed', [
      `${path}: no column has a name or values that fit a field of ${feed}`,
    ])
  const text = mappingText({ ...found, mapping }, contract)
  if (save === undefined) process.stdout.write(`${text}\n`)
  else write(save, text)
  const source = firstRecords(openSource(path, { mapping }), options.rows)
  await preview(source, contract)
  const sent = await check(source, contract, options.maxErrors)
  for (const note of found.notes) process.stdout.write(`- ${note}\n`)
  if (found.unmapped.length > 0) process.stdout.write(`- columns without a field: ${found.unmapped.join(', ')}\n`)
  if (found.missing.length > 0)
    process.stdout.write(`- required fields without a column or a constant: ${found.missing.join(', ')}\n`)
  process.stdout.write(
    `${path}: of its first ${sent.accepted + sent.rejected} rows ${sent.accepted} valid, ${sent.rejected} rejected\n`,
  )
  if (save !== undefined) process.stdout.write(`${save}: the mapping, to be read before it is used\n`)
  if (sent.rejected > 0 || found.missing.length > 0) process.exitCode = 1
}

function firstRecords(source: Source, count: number): Source {
  return {
    ...source,
    async *records(contract) {
      let left = count
      for await (const record of source.records(contract)) {
        yield record
        if (--left === 0) return
      }
    },
  }
}

/** On the terminal of who has the file; nothing of it goes to a log. */
async function preview(source: Source, contract: FeedContract): Promise<void> {
  let left = SHOWN
  for await (const { line, bytes } of source.records(contract) as AsyncIterable<{ line: number; bytes?: Buffer }>) {
    if (bytes) process.stdout.write(`line ${line}: ${bytes.toString('utf8')}\n`)
    if (--left === 0) return
  }
}

async function check(source: Source, contract: FeedContract, maxErrors: number) {
  const { createReport } = await import('../push/report.ts')
  const { checkFile } = await import('../push/check.ts')
  const report = createReport(maxErrors, undefined)
  try {
    return await checkFile(source, contract, report)
  } finally {
    report.end()
  }
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text)
  } catch (error) {
    throw new ConfigurationError('The mapping cannot be saved', [`${path}: ${errorCode(error)}`])
  }
}
