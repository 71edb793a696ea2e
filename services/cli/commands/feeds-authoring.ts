/** `chainon feeds new|diff|export`: writes a contract to begin with, compares two versions of one, and says it in the terms of other standards. */
import { type Command, Option } from 'commander'
import { contractChanges } from '#core/contract/contract-changes.ts'
import { changeLines, isCompatible, verdict } from '../contract/diff.ts'
import { contractOf, feedOf, validContract } from '../contract/files.ts'
import type { NewOptions } from '../contract/new.ts'
import { resolveEnvironment } from '../environment.ts'

export function registerAuthoring(feeds: Command, env: NodeJS.ProcessEnv): void {
  feeds
    .command('new')
    .summary('write a contract to begin with, from scratch or from the columns of a file')
    .description(
      `Writes <feed>.avsc into CHAINON_FEEDS_DIR: the fields that every feed has and, with a sample, a field for each of its columns, with a type and what becomes of it, proposed from
names and values. A value is only kept that its name and all values show to be a measure, a yes or no, a sex or a code of a public system; everything else is dropped until a person
decides. Read each line before the contract is used. A file that is there is never replaced.`,
    )
    .argument('<feed>', 'name of the new feed: lower case letters, digits and _')
    .argument(
      '[sample]',
      'a .csv, .tsv, .ndjson, .jsonl or .json file, also as .gz or .zst; only its first rows are read',
    )
    .option('--doc <text>', 'what a record is', 'Say here what a record is')
    .option('--out <file>', 'write to this file instead')
    .option('--dry-run', 'print the contract, write nothing')
    .action(async (feed: string, sample: string | undefined, options: NewOptions) => {
      const { newContract } = await import('../contract/new.ts')
      const folder = resolveEnvironment(env).CHAINON_FEEDS_DIR ?? ''
      const { file, notes, text } = await newContract(feed, sample, folder, options)
      if (file === undefined) process.stdout.write(text)
      const next = file === undefined ? [] : [`${file}: written; read it, then \`chainon feeds check ${file}\``]
      const out = file === undefined ? process.stderr : process.stdout
      out.write([...notes.map((note) => `- ${note}`), ...next, ''].join('\n'))
    })
  feeds
    .command('diff')
    .summary('what differs between two versions of a contract, and whether the registry takes it')
    .description(
      `Lists what differs between two files, or between the running version, as the registry has it, and a file: fields that are added or removed, and whose type, default, privacy,
rules or other keys have changed. The registry has no privacy and no rules: of the running version, what is left after de-identification is compared.
A change is compatible when the new version can read what was written before (the rule of the registry, BACKWARD_TRANSITIVE).
Exits with 0 when all is compatible, also without a change; with 1 when something is not; with 78 when a contract is wrong; with 75 when the registry does not answer.`,
    )
    .argument('<file>', 'the version before; with one file, the version after')
    .argument('[after]', 'the version after')
    .option('--json', 'of two files, an array of objects with field, what, text, problem')
    .action((first: string, after: string | undefined, options: { json?: true }) => diff(env, first, after, options))
  feeds
    .command('export')
    .summary('print a contract in the terms of another standard')
    .description(
      'Prints the contract of a feed as YAML: as an Open Data Contract Standard v3.1.0 document, or as an AsyncAPI 3.0.0 document with its topics and Avro schemas.',
    )
    .argument('<feed>', 'name of a feed of CHAINON_FEEDS_DIR')
    .addOption(new Option('--format <format>', 'the standard').choices(FORMATS).makeOptionMandatory())
    .option('--json', 'print JSON')
    .action((feed: string, options: ExportOptions) => exportContract(env, feed, options))
}

const FORMATS = ['odcs', 'asyncapi'] as const

/** YAML, as people read these documents; both standards take it. */
async function exportContract(env: NodeJS.ProcessEnv, feed: string, options: ExportOptions): Promise<void> {
  const { CHAINON_FEEDS_DIR: folder = '', CHAINON_NAMESPACE: namespace = '' } = resolveEnvironment(env)
  const { loadContracts } = await import('#core/contract/load.ts')
  const contract = contractOf(loadContracts(folder), feed, folder)
  const { odcsDocument } = await import('../contract/export-odcs.ts')
  const { asyncapiDocument } = await import('../contract/export-asyncapi.ts')
  const { stringify } = await import('yaml')
  const document = (options.format === 'odcs' ? odcsDocument : asyncapiDocument)(contract, namespace)
  process.stdout.write(
    options.json ? `${JSON.stringify(document, null, 2)}\n` : stringify(document, { aliasDuplicateObjects: false }),
  )
}

interface ExportOptions {
  readonly format: (typeof FORMATS)[number]
  readonly json?: true
}

async function diff(
  env: NodeJS.ProcessEnv,
  first: string,
  after: string | undefined,
  options: { json?: true },
): Promise<void> {
  if (after === undefined) {
    const contract = validContract(first)
    const { compareWithRunning } = await import('../contract/running.ts')
    const { text, compatible } = await compareWithRunning(contract, resolveEnvironment(env))
    process.stdout.write(`${contract.feed}\n${text}`)
    if (!compatible) process.exitCode = 1
    return
  }
  const feed = feedOf([after, first])
  const changes = contractChanges(validContract(first, feed), validContract(after, feed))
  const lines = [`${feed}: ${verdict(changes)}`, ...changeLines(changes)]
  process.stdout.write(options.json ? `${JSON.stringify(changes, null, 2)}\n` : `${lines.join('\n')}\n`)
  if (!isCompatible(changes)) process.exitCode = 1
}
