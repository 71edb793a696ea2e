/** `chainon project`: builds, checks and lists the extractions of research projects (services/extract). */
import type { Command } from 'commander'
import { examples, GROUPS } from '../help.ts'
import { noteQuery } from '../journal.ts'
import { runService } from '../run-service.ts'

interface Options {
  readonly json?: true
  readonly dataDir?: string
}

interface ExtractOptions extends Options {
  readonly dryRun?: true
  readonly allowSmall?: true
}

const DATA_DIR = ['--data-dir <folder>', 'data folder (default: CHAINON_DATA_DIR, else .chainon)'] as const

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  const project = program
    .command('project')
    .helpGroup(GROUPS.projects)
    .summary("build, check and list projects' extractions")
    .description(
      'A project is a reviewed file: which persons, columns, period and potential identifiers a study receives.',
    )
    .addHelpText(
      'after',
      examples([
        ['chainon project extract deploy/projects/example.yaml --dry-run', 'what it would contain'],
        ['chainon project extract deploy/projects/example.yaml', 'database project_<id>, Parquet and manifest'],
        ['chainon project list', 'projects and their last run'],
      ]),
    )
  project
    .command('extract')
    .summary("build a project's database and files")
    .description(
      'Builds the ClickHouse database project_<id> and writes Parquet files with a manifest to <data>/projects/<id>/<run>. ' +
        'The database is replaced in one step, when the new one is complete. Exits with 1 when the cohort is too small.',
    )
    .argument('<file>', 'the project file (YAML)')
    .option('--dry-run', 'only report what would be built, with rounded counts')
    .option('--allow-small', 'build although the cohort has fewer persons than min_cohort')
    .option('--json', 'an object with project, run, database, directory, persons and tables')
    .option(...DATA_DIR)
    .action(async (file: string, options: ExtractOptions) => {
      const flags = [...(options.dryRun ? ['--dry-run'] : []), ...(options.allowSmall ? ['--allow-small'] : [])]
      await run(env, 'extract', [file], options, flags)
    })
  project
    .command('verify')
    .summary("check a run's files against its manifest, offline")
    .description('Checks sha256, sizes, row counts and columns. Exits with 1 when anything differs.')
    .argument('<dir>', 'folder of a run, <data>/projects/<id>/<run>')
    .option('--json', 'an array of objects with file, ok, rows and problems')
    .action(async (dir: string, options: Options) => {
      await run(env, 'verify', [dir], options)
    })
  project
    .command('list')
    .summary('list the projects of the data folder')
    .option('--json', 'an array of objects with id, run, database, persons, tables, rows, retention_until and more')
    .option(...DATA_DIR)
    .action(async (options: Options) => {
      noteQuery(env, 'project-list', options)
      await run(env, 'list', [], options)
    })
}

async function run(
  env: NodeJS.ProcessEnv,
  command: string,
  paths: readonly string[],
  options: Options,
  flags: readonly string[] = [],
): Promise<void> {
  // After `--`, a path that begins with a dash is a path.
  const line = [...flags, ...(options.json ? ['--json'] : []), '--', command, ...paths]
  await runService(env, 'extract', line, options.dataDir === undefined ? {} : { dataDir: options.dataDir })
}
