/**
 * `chainon link`: the state of the linkage index and its rebuild from the log (services/curate/rebuild/main.ts), and how well the linkage
 * model links (services/linker/evaluate/main.ts).
 */
import type { Command } from 'commander'
import { examples, GROUPS } from '../help.ts'
import { runService } from '../run-service.ts'

interface Options {
  readonly json?: true
  readonly dryRun?: true
  readonly dataDir?: string
}

const DATA_DIR = ['--data-dir <folder>', 'data folder of the stack (default: CHAINON_DATA_DIR, else .chainon)'] as const

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  const link = program
    .command('link')
    .helpGroup(GROUPS.operate)
    .summary('show or rebuild the linkage index, measure the linkage')
    .description(
      'The linkage index in Redis decides which patients are the same person. When it is lost or older than the links, records with patients wait until it is rebuilt.',
    )
    .addHelpText(
      'after',
      examples([
        ['chainon link status', 'ready, or stale and why; exits with 1 when stale'],
        ['chainon link rebuild --dry-run', 'how many links a rebuild would change'],
        ['chainon link evaluate DIR', 'how well the linkage model links a folder whose truth is known'],
      ]),
    )
  link
    .command('status')
    .summary('whether the index has everything that is loaded')
    .description('Compares the index with ClickHouse, by partition. Exits with 1 when it is stale.')
    .option('--json', 'an object with state, reason, incarnation, generation and rebuild')
    .option(...DATA_DIR)
    .action((options: Options) => run(env, 'status', options))
  link
    .command('rebuild')
    .summary('make the index again from the pseudonymised log')
    .description(
      'Reads every record with a patient from the log, links them in a new index, writes the links to ClickHouse, and switches to it. Records with patients wait meanwhile, and go on by themselves. It may be interrupted and started again.',
    )
    .option('--dry-run', 'only count the links that would change; nothing waits')
    .option('--json', 'an object with incarnation, generation, patients, changed and added')
    .option(...DATA_DIR)
    .action((options: Options) => run(env, 'rebuild', options))
  for (const [name, summary] of [
    ['evaluate', 'how well the records of a folder with the truth are linked'],
    ['train', 'learn a linkage model on the records of a folder'],
    ['pace', 'how fast records are linked on a large index'],
  ] as const)
    link
      .command(name)
      .summary(summary)
      .description(`Options: \`chainon link ${name} --help\`.`)
      .allowUnknownOption()
      .allowExcessArguments()
      // The service defines its options; a second list here could differ from it.
      .helpOption(false)
      .action(async (_options: unknown, self: Command) => {
        await runService(env, 'linker', [name, ...self.args], { main: 'evaluate/main.ts' })
      })
}

async function run(env: NodeJS.ProcessEnv, command: string, options: Options): Promise<void> {
  const line = [command, ...(options.dryRun ? ['--dry-run'] : []), ...(options.json ? ['--json'] : [])]
  await runService(env, 'curate', line, {
    main: 'rebuild/main.ts',
    ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
  })
}
