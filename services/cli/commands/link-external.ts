/** `chainon link external`: links a project's own cohort to the warehouse, once (services/extract/external/main.ts and the steps before it). */
import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { linkDirectly } from '../link-external.ts'
import { positiveInteger } from '../options.ts'
import { runService, startService } from '../run-service.ts'

interface Options {
  readonly project?: string
  readonly circuit: 'direct' | 'indirect'
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
  readonly dataDir?: string
}

const MAIN = 'external/main.ts'
const DEFAULT_DAYS = 30
const USAGE_STATUS = 2

export function registerExternal(link: Command, env: NodeJS.ProcessEnv): void {
  link
    .command('external')
    .summary("link a project's own cohort, once, to a correspondence that expires")
    .description(
      "Links the subjects of a file to persons of the warehouse, as the project's file declares it (external_linkage). What is kept is only the correspondence of the project's subject numbers and its own pseudonyms, sealed, until it expires; and a report. Identities are read by deidentify alone, and written nowhere. The direct circuit needs the secrets of deidentify, linker, curate and extract on this machine. Exits with 1 when fewer than min_cohort subjects are given or linked.",
    )
    .argument('[file]', 'the cohort: CSV, TSV or NDJSON with the column subject')
    .option('--project <file>', 'the project file (YAML)')
    .addOption(
      new Option('--circuit <circuit>', 'direct: by identities; indirect: by criteria such as dates of stays')
        .choices(['direct', 'indirect'])
        .default('direct'),
    )
    .option('--mapping <file>', 'of the columns to fields, as of push; record_id is the subject (direct)')
    .option('--feed <feed>', 'the feed whose fields the columns are (direct)', 'patient')
    .option('--threshold <probability>', 'from which the model links (direct; default: 0.9)')
    .option(
      '--expires-days <days>',
      'days until the correspondence is destroyed, at most 366',
      positiveInteger,
      DEFAULT_DAYS,
    )
    .option('--dry-run', 'only say how many would be linked; nothing is kept')
    .option('--list', 'list the correspondences')
    .option('--open <id>', 'print a correspondence as CSV')
    .option('--destroy <id>', 'destroy a correspondence, with a proof in the access journal')
    .option('--expire', 'destroy those whose time has come, for a timer of the machine')
    .option('--json', 'an object with report and correspondence, or what was listed or destroyed')
    .option('--data-dir <folder>', 'data folder of the stack (default: CHAINON_DATA_DIR, else .chainon)')
    .action(async (file: string | undefined, options: Options, self: Command) => {
      const chosen = ['list', 'open', 'destroy', 'expire'].filter(
        (name) => options[name as keyof Options] !== undefined,
      )
      const links = file !== undefined && options.project !== undefined
      if (chosen.length + (links ? 1 : 0) !== 1 || (file !== undefined) !== (options.project !== undefined))
        return self.error('error: give FILE and --project, or one of --list, --open, --destroy and --expire', {
          exitCode: USAGE_STATUS,
        })
      if (file === undefined) await manage(env, options)
      else await linkFile(env, file, options)
    })
}

async function manage(env: NodeJS.ProcessEnv, { open, destroy, list, json, dataDir }: Options): Promise<void> {
  const line = open ? ['open', open] : destroy ? ['destroy', destroy] : [list ? 'list' : 'expire']
  await runService(env, 'extract', [...line, ...(json ? ['--json'] : [])], {
    main: MAIN,
    ...(dataDir === undefined ? {} : { dataDir }),
  })
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
  process.exitCode = await linkDirectly({ run, encode, keep }, (service, args, stdio) =>
    startService(env, service, args, { main: MAIN, stdio, ...place }),
  )
}
