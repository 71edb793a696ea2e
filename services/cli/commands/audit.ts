/** `chainon audit`: the access journal. Who logged in, made keys, extracted and accepted, and the proof that nobody changed it since. */
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { ACTIONS } from '#core/journal/actions.ts'
import { type Entry, readEntry } from '#core/journal/entry.ts'
import { type JournalFinding, type Placed, type Verification, verifyJournal } from '#core/journal/verify.ts'
import { table } from '#core/terminal/table.ts'
import { duration } from '../duration.ts'
import { resolveEnvironment } from '../environment.ts'
import { examples, GROUPS } from '../help.ts'
import { noteQuery } from '../journal.ts'

interface Options {
  readonly dataDir?: string
  readonly json?: true
  readonly from?: string
  readonly trust: readonly string[]
  readonly heads?: string
}

interface ListOptions extends Options {
  /** Milliseconds since 1970. */
  readonly since?: number
  readonly actor?: string
  readonly action?: string
}

interface Report extends Verification {
  readonly source: string
  readonly unsent: number
}

const TABLE_ROUNDS = 4
const TABLE_PAUSE_MS = 2_500
const DATA_DIR = ['--data-dir <folder>', 'data folder (default: CHAINON_DATA_DIR, else .chainon)'] as const
const TRUST = [
  '--trust <folder>',
  'a copy of <data>/journal of another host; can be given several times',
  (folder: string, others: readonly string[]) => [...others, folder],
  [] as readonly string[],
] as const

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  const audit = program
    .command('audit')
    .helpGroup(GROUPS.operate)
    .summary('read the access journal, and prove that it is complete')
    .description(
      'The access journal has logins, keys and their use by hour, queries, extractions, accepted gaps, closed findings, shredded days, and changes of contracts and settings. Each entry is signed, and names the one before it.',
    )
    .addHelpText(
      'after',
      examples([
        ['chainon audit list --since 7d --action extraction', 'who extracted what in the last week'],
        ['chainon audit verify', 'the topic and the table: any change, deletion, reorder or forgery'],
        ['chainon audit export journal.ndjson > heads.json', 'keep the heads where nobody of this installation writes'],
        ['chainon audit verify --from journal.ndjson --heads heads.json', 'offline'],
      ]),
    )
  audit
    .command('verify')
    .summary('find the first entry that is wrong; exits with 1 when there is one')
    .option('--from <source>', 'topic, table, or a file of `chainon audit export` (default: the topic and the table)')
    .option(...TRUST)
    .option('--heads <file>', 'heads that were kept, in place of those in <data>/journal')
    .option('--json', 'an array of objects with source, entries, repeated, unsent, heads, findings')
    .option(...DATA_DIR)
    .action(async (options: Options) => {
      const reports = await verify(resolve(env, options), options)
      noteQuery(env, 'audit-verify', options)
      if (options.json) print(reports.map((one) => ({ ...one, heads: Object.fromEntries(one.heads) })))
      else process.stdout.write(reports.map(render).join(''))
      if (reports.some(({ findings }) => findings.length > 0)) process.exitCode = 1
    })
  audit
    .command('list')
    .summary('show entries, the newest last')
    .option('--since <time>', 'a date, a time (ISO 8601), or for instance 24h, 7d', since)
    .option('--actor <actor>', 'for instance os:alice, key:0123456789ab, console:operator')
    .option('--action <action>', `one of ${ACTIONS.join(', ')}`, action)
    .option('--from <source>', 'topic, table, or a file of `chainon audit export`', 'topic')
    .option('--json', 'an array of objects with offset, writer, sequence, at, actor, action, object, outcome, facts')
    .option(...DATA_DIR)
    .action(async (options: ListOptions) => {
      const { readEntries, sourceOf } = await import('../audit/source.ts')
      const entries = await readEntries(sourceOf(options.from ?? 'topic'), resolve(env, options))
      noteQuery(env, 'audit-list', options)
      const found = entries
        .map(({ offset, line }) => ({ offset, entry: readEntry(line) }))
        .filter(
          (one): one is { offset: number; entry: Entry } => one.entry !== undefined && matches(one.entry, options),
        )
      if (options.json) print(found.map(({ offset, entry }) => ({ offset, ...entry })))
      else process.stdout.write(table(['time', 'actor', 'action', 'object', 'outcome', 'facts'], found.map(row)))
    })
  audit
    .command('export')
    .argument('<file>', 'is made; it must not exist')
    .summary('write all entries to a file, and print the heads')
    .option('--from <source>', 'topic or table', 'topic')
    .option(...TRUST)
    .option(...DATA_DIR)
    .action(async (file: string, options: Options) => {
      const { exportLine, readEntries, sourceOf } = await import('../audit/source.ts')
      const { keptHeads, trusted } = await import('../audit/known.ts')
      const environment = resolve(env, options)
      const data = environment.CHAINON_DATA_DIR ?? ''
      const entries = await readEntries(sourceOf(options.from ?? 'topic'), environment)
      noteQuery(env, 'audit-export', options)
      write(file, entries.map(exportLine).join(''))
      const { heads } = verifyJournal(entries, trusted(data, options.trust, undefined).writers, [])
      print(keptHeads(data, options.trust, heads))
      process.stderr.write(`${entries.length} entries are in ${file}; keep the heads elsewhere.\n`)
    })
}

async function verify(env: NodeJS.ProcessEnv, options: Options): Promise<readonly Report[]> {
  const { readEntries, sourceOf } = await import('../audit/source.ts')
  const { trusted } = await import('../audit/known.ts')
  const known = trusted(env.CHAINON_DATA_DIR ?? '', options.trust, options.heads)
  const check = (source: string, entries: readonly Placed[], heads = known.heads): Report => ({
    source,
    unsent: known.unsent,
    ...verifyJournal(entries, known.writers, heads),
  })
  /** The console copies an entry into the table some seconds after it is in the topic: only what is still missing then is missing. */
  const checkTable = async (): Promise<Report> => {
    for (let round = 1; ; round++) {
      const report = check('table', await readEntries('table', env))
      const late = report.findings.length > 0 && report.findings.every(({ kind }) => kind === 'truncated')
      if (!late || round === TABLE_ROUNDS) return report
      await sleep(TABLE_PAUSE_MS)
    }
  }
  if (options.from === 'table') return [await checkTable()]
  if (options.from !== undefined) return [check(options.from, await readEntries(sourceOf(options.from), env))]
  // The table first: what it has must also be in the topic, which is read later.
  const inTable = await checkTable()
  const entries = await readEntries('topic', env)
  const inTopic = check('topic', entries)
  const ofTable = verifyJournal(entries, known.writers, inTable.heads)
  const lacking = ofTable.findings.filter(({ offset }) => offset === null)
  return [{ ...inTopic, findings: [...inTopic.findings, ...lacking] }, inTable]
}

function resolve(env: NodeJS.ProcessEnv, { dataDir }: Options): NodeJS.ProcessEnv {
  return resolveEnvironment(env, { user: 'auditor', ...(dataDir === undefined ? {} : { dataDir }) })
}

function matches({ at, actor, action: name }: Entry, options: ListOptions): boolean {
  return (
    !(options.since !== undefined && Date.parse(at) < options.since) &&
    (options.actor === undefined || options.actor === actor) &&
    (options.action === undefined || options.action === name)
  )
}

function since(text: string): number {
  if (/^\d+[mhd]$/.test(text)) return Date.now() - duration(text)
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time)) throw new InvalidArgumentError('It must be a date, a time (ISO 8601), or for instance 24h.')
  return time
}

function action(text: string): string {
  if (ACTIONS.some((one) => one === text)) return text
  throw new InvalidArgumentError(`It must be one of ${ACTIONS.join(', ')}.`)
}

function row({ entry }: { readonly entry: Entry }): string[] {
  const facts = Object.entries(entry.facts).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return [entry.at, entry.actor, entry.action, entry.object, entry.outcome, facts.join(' ')]
}

function render({ source, entries, repeated, unsent, heads, findings }: Report): string {
  const sent = `${entries} entries of ${heads.size} writers${repeated > 0 ? `, ${repeated} of them sent twice` : ''}`
  const waiting = unsent > 0 ? ` ${unsent} more wait in <data>/journal.` : ''
  const [first, ...others] = findings
  if (!first) return `${source}: ${sent}. Nothing is missing, changed or moved.${waiting}\n`
  const more = others.length > 0 ? `\n  and ${others.length} more (--json)` : ''
  return `${source}: ${sent}. NOT as it was written. The first wrong entry: ${describe(first)}${more}\n`
}

function describe({ kind, offset, writer, sequence, message }: JournalFinding): string {
  const place = offset === null ? 'at the end' : `at offset ${offset}`
  const who = writer === '' ? '' : `, ${writer}${sequence === null ? '' : ` entry ${sequence}`}`
  return `${place}${who}: ${message} (${kind})`
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    throw new ConfigurationError('The journal is not exported', [`${file}: ${errorCode(error)}`])
  }
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}
