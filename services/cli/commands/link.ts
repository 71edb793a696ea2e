/**
 * `chainon link`: the state of the linkage index and its rebuild from the log (services/curate/rebuild/main.ts), decisions about pairs of records
 * (services/curate/decide/main.ts), and how well the linkage model links (services/linker/evaluate/main.ts).
 * What reads the linker's index is services/linker/inspect/main.ts; its snapshots are in link-snapshots.ts.
 */
import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { DECISIONS } from '#core/contract/link-decision.ts'
import { examples, GROUPS } from '../help.ts'
import { noteQuery } from '../journal.ts'
import { decide } from '../link-decide.ts'
import type { ReviewOptions } from '../link-review/run.ts'
import { positiveInteger } from '../options.ts'
import { runService } from '../run-service.ts'
import { registerExternal } from './link-external.ts'
import { registerSnapshots } from './link-snapshots.ts'

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
    .summary('show or rebuild the linkage index, explain and measure the linkage')
    .description(
      'The linkage index in Redis decides which patients are the same person. When it is lost or older than the links, records with patients wait until it is rebuilt.',
    )
    .addHelpText(
      'after',
      examples([
        ['chainon link status', 'ready, or stale and why; exits with 1 when stale'],
        ['chainon link rebuild --dry-run', 'how many links a rebuild would change'],
        ['chainon link explain RECORD RECORD', 'why two records are of one person, or of two'],
        ['chainon link review', 'decide about the pairs that the model leaves to people'],
        ['chainon link report', 'how good the linkage is, as a page and JSON'],
        ['chainon link snapshot', "a sealed copy of the linker's index"],
        ['chainon link external FILE --project FILE', "link a project's own cohort, for a while"],
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
  link
    .command('explain')
    .summary('why records are of one person, or of two')
    .description(
      'With two records: the agreement of each field, what it adds to the weight, and what the pair may truly be. With one: what holds its person together, and its weakest edge. A record is <feed>/<its first-level pseudonym>, as in linked.<feed>. No value of a record is shown. It runs where the linker runs, with its key and its login to Redis.',
    )
    .argument('<record>', 'a record')
    .argument('[other]', 'another record; without it, the person of the first one')
    .option('--on <day>', 'who a record (record_id of the warehouse) was of at the end of a day (UTC), and why')
    .option('--json', 'an object: prior, fields, classes, weight; or records, tree, weakest; or person, changes, later')
    .option(...DATA_DIR)
    .action(
      async (record: string, other: string | undefined, options: Options & { readonly on?: string }, self: Command) => {
        if (options.on !== undefined && other !== undefined)
          return self.error('error: --on is of one record', { exitCode: 2 })
        noteQuery(env, 'link-explain', options)
        if (options.on !== undefined) {
          const { explainOnDay } = await import('../link-on-day.ts')
          return explainOnDay(env, record, options.on, options)
        }
        const records = [record, ...(other === undefined ? [] : [other])]
        await inspect(env, ['explain', ...(options.json ? ['--json'] : []), '--', ...records], options)
      },
    )
  link
    .command('report')
    .summary('document the linkage: populations, passes, weights, missed and false links')
    .description(
      'Reads the index (through the linker, which counts) and counts of the warehouse, and writes a report as JSON and as a page to <data>/linkage-reports. With two feeds or two producers it is of these. Counts below 11 are masked. An extraction takes the latest report of the installation with it.',
    )
    .argument('[a]', 'a feed or a producer')
    .argument('[b]', 'another one, or the same feed')
    .option('--sample <records>', 'records that are compared with their candidates (default: 20,000)', positiveInteger)
    .option('--json', 'print the report, and write no file')
    .option(...DATA_DIR)
    .action(async (a: string | undefined, b: string | undefined, options: Options & { sample?: number }) => {
      noteQuery(env, 'link-report', options)
      const { report } = await import('../link-report/run.ts')
      await report(env, a, b, options, (line, onOutput) => inspect(env, line, options, onOutput))
    })
  link
    .command('decide')
    .argument('<record-a>', 'a record_id of person_link_scored, or <feed>/<first-level pseudonym>')
    .argument('<record-b>', 'another one')
    .summary('say of two records that they are one person, or never are')
    .description(
      'What is decided is above the model: an accepted pair is one person, a rejected one never is, also for records and versions that come later. It is kept for good in link.decisions, with who, when and why, and noted in the access journal. The later decision about two records counts.',
    )
    .option('--accept', 'the two are one person')
    .option('--never', 'the two are never one person')
    .option('--withdraw', 'the model decides again')
    .requiredOption('--reason <words>', 'why, words joined by hyphens, for instance seen-in-both-files; never a name')
    .option('--by <name>', 'who decides (default: the user of this process)')
    .option('--dry-run', 'say which persons would merge or split, and decide nothing')
    .option('--json', 'an object with id, decision, dry_run, persons and effect')
    .option(...DATA_DIR)
    .action(async (one: string, other: string, options: DecideFlags, self: Command) => {
      const chosen = DECISIONS.filter((name) => options[name])
      const [decision] = chosen
      if (decision === undefined || chosen.length > 1)
        return self.error('error: give one of --accept, --never and --withdraw', { exitCode: 2 })
      await decide(env, decision, [one, other], { ...options, by: options.by ?? userInfo().username })
    })
  link
    .command('review')
    .summary('decide about the pairs that the model leaves to people')
    .description(
      'Pairs with a probability of .1 to .9 about which nobody has decided, those first of which a decision is expected to change most. Each is shown by agreement levels, weights and classes; nobody has a value of it. One key each: a accept, n never, i in doubt, s skip, u undo, ? help, q quit; keys may come from a pipe. A verdict is a decision as of link decide. It runs where the linker runs.',
    )
    .option('--reviewer <name>', 'who judges (default: the user of this process)')
    .option(
      '--reviewers <number>',
      'of 2, a verdict counts only where a second reviewer agrees, who is not told of the first one (default: CHAINON_LINKAGE_REVIEWERS)',
      positiveInteger,
    )
    .option('--third', 'decide where two reviewers differ')
    .option('--list', 'only list what this reviewer would be asked; with --third: the disagreements')
    .option('--statistics', 'percent agreement and the kappa of Cohen, by reviewers and by agreement levels')
    .option('--sample <records>', 'records that are compared with their candidates (default: 20,000)', positiveInteger)
    .option('--most <pairs>', 'pairs of the queue (default: 1,000)', positiveInteger)
    .option(
      '--clerical <links>',
      'in place of the queue a random sample of so many links, by bands of probability: its verdicts are the estimate of false links in the report',
      positiveInteger,
    )
    .option('--json', 'of --list or --statistics: an object')
    .option(...DATA_DIR)
    .action(async (options: ReviewOptions) => {
      noteQuery(env, 'link-review', options)
      const { review } = await import('../link-review/run.ts')
      await review(env, options, (line, onOutput) => inspect(env, line, options, onOutput))
    })
  registerExternal(link, env)
  registerSnapshots(link, env)
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

async function inspect(
  env: NodeJS.ProcessEnv,
  line: readonly string[],
  { dataDir }: Pick<Options, 'dataDir'>,
  onOutput?: (bytes: Buffer) => void,
): Promise<number> {
  return runService(env, 'linker', line, {
    main: 'inspect/main.ts',
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(onOutput && { onOutput }),
  })
}

interface DecideFlags extends Options {
  readonly accept?: true
  readonly never?: true
  readonly withdraw?: true
  readonly reason: string
  readonly by?: string
}

async function run(env: NodeJS.ProcessEnv, command: string, options: Options): Promise<void> {
  const line = [command, ...(options.dryRun ? ['--dry-run'] : []), ...(options.json ? ['--json'] : [])]
  await runService(env, 'curate', line, {
    main: 'rebuild/main.ts',
    ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
  })
}
