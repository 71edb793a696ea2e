/** `chainon link external`: links a project's own cohort to the warehouse, once (services/extract/external/main.ts and the steps before it). */
import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { collectHashed, type Launch, linkDirectly, openHashed } from '../link-external.ts'
import { positiveInteger } from '../options.ts'
import { runService, startService } from '../run-service.ts'

interface Options {
  readonly project?: string
  readonly circuit: 'direct' | 'indirect' | 'hashed'
  readonly secretFile?: string
  readonly mapping?: string
  readonly feed: string
  readonly threshold?: string
  readonly expiresDays: number
  readonly dryRun?: true
  readonly json?: true
  readonly list?: true
  readonly open?: string
  readonly destroy?: string
  readonly expire?: true
  readonly collect?: string
  readonly abandon?: string
  readonly status?: true
  readonly dataDir?: string
}

const MAIN = 'external/main.ts'
const HASHED_MAIN = 'external/hashed/main.ts'
const DEFAULT_DAYS = 30
const USAGE_STATUS = 2

export function registerExternal(link: Command, env: NodeJS.ProcessEnv): void {
  link
    .command('external')
    .summary("link a project's own cohort, once, to a correspondence that expires")
    .description(
      "Links the subjects of a file to persons of the warehouse, as the project's file declares it (external_linkage). What is kept is only the correspondence of the project's subject numbers and its own pseudonyms, sealed, until it expires; and a report. Identities are read by deidentify alone, and written nowhere. The direct circuit needs the secrets of deidentify, linker, curate and extract on this machine. The hashed one stays open until a day (--status): deidentify looks the number of each record that passes up in the list, and --collect links what was found and destroys list and secret. Exits with 1 when fewer than min_cohort subjects are given or linked.",
    )
    .argument('[file]', 'the cohort: CSV, TSV or NDJSON with the column subject')
    .option('--project <file>', 'the project file (YAML)')
    .addOption(
      new Option(
        '--circuit <circuit>',
        'direct: by identities; indirect: by criteria such as dates of stays; hashed: by identifiers that a third party has hashed, of records that come from then on',
      )
        .choices(['direct', 'indirect', 'hashed'])
        .default('direct'),
    )
    .option('--mapping <file>', 'of the columns to fields, as of push; record_id is the subject (direct)')
    .option('--feed <feed>', 'the feed whose fields the columns are (direct)', 'patient')
    .option(
      '--secret-file <file>',
      'the secret that the third party shares, of 32 bytes or more, for its user alone (hashed)',
    )
    .option('--threshold <probability>', 'from which the model links (direct; default: 0.9)')
    .option(
      '--expires-days <days>',
      'days until the correspondence is destroyed, at most 366',
      positiveInteger,
      DEFAULT_DAYS,
    )
    .option('--dry-run', 'only say how many would be linked (hashed: check file and secret); nothing is kept')
    .option('--status', 'list the circuits that are open on this host')
    .option('--collect <id>', 'link what a circuit has found, and close it (with --project)')
    .option(
      '--abandon <id>',
      'close a circuit: destroy list, secret and what was found, with a proof in the access journal',
    )
    .option('--list', 'list the correspondences')
    .option('--open <id>', 'print a correspondence as CSV')
    .option('--destroy <id>', 'destroy a correspondence, with a proof in the access journal')
    .option('--expire', 'destroy those whose time has come, for a timer of the machine')
    .option('--json', 'an object with report and correspondence, or what was listed or destroyed')
    .option('--data-dir <folder>', 'data folder of the stack (default: CHAINON_DATA_DIR, else .chainon)')
    .action(async (file: string | undefined, options: Options, self: Command) => {
      const chosen = [...MANAGING, 'collect'].filter((name) => options[name as keyof Options] !== undefined)
      const isLink = file !== undefined || options.collect !== undefined
      if (chosen.length + (file === undefined ? 0 : 1) !== 1 || isLink !== (options.project !== undefined))
        return self.error(
          'error: give FILE and --project, or --collect and --project, or one of --list, --open, --destroy, --expire, --status and --abandon',
          { exitCode: USAGE_STATUS },
        )
      if (file !== undefined && (options.circuit === 'hashed') !== (options.secretFile !== undefined))
        return self.error('error: --secret-file belongs to --circuit hashed, which needs it', {
          exitCode: USAGE_STATUS,
        })
      if (options.collect !== undefined && options.dryRun)
        return self.error('error: --collect has no dry run: what a circuit has found is told once', {
          exitCode: USAGE_STATUS,
        })
      if (options.collect !== undefined) await collect(env, options.collect, options)
      else if (file === undefined) await manage(env, options)
      else if (options.circuit === 'hashed') await openCircuit(env, file, options)
      else await linkFile(env, file, options)
    })
}

const MANAGING = ['list', 'open', 'destroy', 'expire', 'status', 'abandon'] as const

async function manage(
  env: NodeJS.ProcessEnv,
  { open, destroy, list, json, dataDir, status, abandon }: Options,
): Promise<void> {
  const place = dataDir === undefined ? {} : { dataDir }
  const hashed = (...line: readonly string[]) => runService(env, 'deidentify', line, { main: HASHED_MAIN, ...place })
  const as = json ? ['--json'] : []
  if (status) await hashed('status', ...as)
  else if (abandon !== undefined) await hashed('destroy', '--run', abandon, '--reason', 'abandoned', ...as)
  else {
    const line = open ? ['open', open] : destroy ? ['destroy', destroy] : [list ? 'list' : 'expire']
    const own = await runService(env, 'extract', [...line, ...as], { main: MAIN, ...place })
    // Circuits that nobody has collected: deidentify destroys them where it runs.
    if (line[0] === 'expire') process.exitCode = (await hashed('expire')) || own
  }
}

function launcher(env: NodeJS.ProcessEnv, dataDir: string | undefined): Launch {
  return (service, args, stdio, main = MAIN) =>
    startService(env, service, args, { main, stdio, ...(dataDir === undefined ? {} : { dataDir }) })
}

async function openCircuit(env: NodeJS.ProcessEnv, file: string, options: Options): Promise<void> {
  const { project = '', secretFile = '', dryRun, json, dataDir } = options
  const run = randomBytes(8).toString('hex')
  const keep = [
    ...['declare', '--project', resolve(project), '--run', run],
    ...(dryRun ? ['--dry-run'] : []),
    ...(json ? ['--json'] : []),
  ]
  const take = ['--secret-file', resolve(secretFile), '--', resolve(file)]
  process.exitCode = await openHashed({ run, keep, take }, launcher(env, dataDir))
}

async function collect(env: NodeJS.ProcessEnv, run: string, options: Options): Promise<void> {
  const { project = '', expiresDays, json, dataDir } = options
  const keep = [
    ...['link', 'hashed', '--project', resolve(project), '--run', run, '--days', String(expiresDays)],
    ...(json ? ['--json'] : []),
  ]
  process.exitCode = await collectHashed({ run, keep }, launcher(env, dataDir))
}

async function linkFile(env: NodeJS.ProcessEnv, file: string, options: Options): Promise<void> {
  const { circuit, project = '', mapping, feed, threshold, expiresDays, dryRun, json, dataDir } = options
  const run = randomBytes(8).toString('hex')
  const place = dataDir === undefined ? {} : { dataDir }
  const keep = [
    ...['link', circuit, '--project', resolve(project), '--run', run, '--days', String(expiresDays)],
    ...(threshold === undefined ? [] : ['--threshold', threshold]),
    ...(circuit === 'indirect' ? ['--file', resolve(file)] : []),
    ...(dryRun ? ['--dry-run'] : []),
    ...(json ? ['--json'] : []),
  ]
  if (circuit === 'indirect') {
    await runService(env, 'extract', keep, { main: MAIN, ...place })
    return
  }
  const encode = [
    '--feed',
    feed,
    ...(mapping === undefined ? [] : ['--mapping', resolve(mapping)]),
    '--',
    resolve(file),
  ]
  process.exitCode = await linkDirectly({ run, encode, keep }, launcher(env, dataDir))
}
