/** The part of the command for the linkage that is about sealed snapshots of the linker's index: services/linker/snapshot/main.ts. */
import type { Command } from 'commander'
import type { JournalEvent } from '#core/journal/actions.ts'
import { resolveEnvironment } from '../environment.ts'
import { actor, noteInJournal } from '../journal.ts'
import { runService } from '../run-service.ts'

interface Options {
  readonly dataDir?: string
  readonly json?: true
}

interface KeyOptions extends Options {
  readonly shares: string
  readonly need: string
  readonly out: string
  readonly replace?: true
}

interface RestoreOptions extends Options {
  readonly share: readonly string[]
  readonly dryRun?: true
  readonly replace?: true
}

const DATA_DIR = ['--data-dir <folder>', 'data folder of the stack (default: CHAINON_DATA_DIR, else .chainon)'] as const
const KEY = 'linker/linkage-snapshot.key'

export function registerSnapshots(link: Command, env: NodeJS.ProcessEnv): void {
  link
    .command('snapshot-key')
    .summary('make the key for which snapshots of the index are sealed, in shares of custodians')
    .description(
      'Makes a pair of keys. The linker gets the public half; the other one is split into shares, one file for each custodian, and is in no other file. Give each file to another person, and remove it here. From then on the running linker takes snapshots (CHAINON_LINKAGE_SNAPSHOT_HOURS). It runs where the linker runs.',
    )
    .option('--shares <n>', 'custodians', '3')
    .option('--need <n>', 'shares that open a snapshot', '2')
    .requiredOption('--out <folder>', 'where the shares go; it should not be on a disk that is backed up')
    .option('--replace', 'seal later snapshots for a new pair; the former shares open the former snapshots')
    .option(...DATA_DIR)
    .action(async (options: KeyOptions) => {
      const { shares, need, out, replace } = options
      const line = ['key', '--shares', shares, '--need', need, '--out', out, ...(replace ? ['--replace'] : [])]
      if ((await run(env, line, options)) !== 0) return
      const facts = { shares: Number(shares), needed: Number(need) }
      note(env, options, { actor: actor(), action: 'key-backup', object: `secret:${KEY}`, outcome: 'done', facts })
    })
  link
    .command('snapshot')
    .summary('have the running linker write a sealed snapshot of its index')
    .description(
      'Asks the running linker for a snapshot, and waits until the file is there. The linker goes on linking meanwhile. Neither the linker nor who has the disk can read the file. It runs where the linker runs. Exits with 1 when none was taken.',
    )
    .option('--list', 'only list the snapshots that are there')
    .option('--json', 'an object with path, records and bytes; with --list, an array')
    .option(...DATA_DIR)
    .action(async (options: Options & { readonly list?: true }) => {
      await run(env, [options.list ? 'list' : 'take', ...json(options)], options)
    })
  link
    .command('restore')
    .argument('<snapshot>', 'the file')
    .summary("put the linker's index back from a snapshot, with the custodians' shares")
    .description(
      'Reads the whole snapshot, refuses one that was cut, changed, forged, or made with another key, model or contracts, and writes it into Redis; the persons are proved to be those of then. The linker must not run; when it is started, it reads what came after the snapshot. What Kafka no longer has of that is told by count. Not to be mistaken for `chainon link rebuild`, which makes the exact links again from the log.',
    )
    .requiredOption('--share <file...>', 'share files of the snapshot key, as many as it needs')
    .option('--dry-run', 'read and check everything, and change nothing')
    .option('--replace', 'remove an index that is there')
    .option('--json', 'an object with created_at, records, present, expired, positions and dry_run')
    .option(...DATA_DIR)
    .action(async (snapshot: string, options: RestoreOptions) => {
      const { share, dryRun, replace } = options
      const flags = [...(dryRun ? ['--dry-run'] : []), ...(replace ? ['--replace'] : []), ...json(options)]
      const entry = {
        actor: actor(),
        action: 'link-restore',
        object: 'linkage-index',
        facts: { dry_run: dryRun ?? false },
      } as const
      note(env, options, { ...entry, outcome: 'begun' })
      const status = await run(env, ['restore', ...flags, '--share', ...share, '--', snapshot], options)
      note(env, options, { ...entry, outcome: status === 0 ? 'done' : 'failed' })
    })
}

const json = ({ json: given }: Options) => (given ? ['--json'] : [])

function note(env: NodeJS.ProcessEnv, options: Options, event: JournalEvent): void {
  const { CHAINON_DATA_DIR: data = '' } = resolveEnvironment(env, options)
  noteInJournal(data, event)
}

function run(env: NodeJS.ProcessEnv, line: readonly string[], { dataDir }: Options): Promise<number> {
  return runService(env, 'linker', line, {
    main: 'snapshot/main.ts',
    ...(dataDir === undefined ? {} : { dataDir }),
  })
}
