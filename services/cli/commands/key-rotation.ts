/** The part of the command for keys that moves the warehouse to another key of pseudonyms (services/curate/rotate/main.ts). */
import type { Command } from 'commander'
import { ConfigurationError } from '#core/faults/errors.ts'
import type { JournalEvent } from '#core/journal/actions.ts'
import { resolveEnvironment } from '../environment.ts'
import { actor, openCommandJournal } from '../journal.ts'
import { runService } from '../run-service.ts'

interface Options {
  readonly dryRun?: true
  readonly prepare?: true
  readonly abandon?: true
  readonly retire?: true
  readonly json?: true
  readonly dataDir?: string
}

type Journalled = 'pseudonym-prepare' | 'pseudonym-rotate' | 'pseudonym-abandon' | 'pseudonym-retire'

/** What the service does, and what the access journal says of it. */
const WORK = {
  dryRun: { command: 'survey', action: undefined },
  prepare: { command: 'prepare', action: 'pseudonym-prepare' },
  abandon: { command: 'abandon', action: 'pseudonym-abandon' },
  retire: { command: 'retire', action: 'pseudonym-retire' },
} as const
const ROTATE = { command: 'rotate', action: 'pseudonym-rotate' } as const

export function registerRotation(keys: Command, env: NodeJS.ProcessEnv): void {
  keys
    .command('rotate-pseudonyms')
    .summary('move the warehouse to another key of pseudonyms')
    .description(
      'Makes a new second-level key, and writes every stored pseudonym anew under it, from the kept log. Run it on a host of curate. Records that arrive meanwhile wait in the log. It may be interrupted and started again, and goes on where it was. The former key stays until --retire. API keys of producers: `chainon keys rotate`.',
    )
    .option('--dry-run', 'only say what would change; exits with 1 when it would be refused')
    .option('--prepare', 'only make the new key, so that it can be backed up before it is used')
    .option('--abandon', 'give up a rotation that has not replaced any row yet')
    .option('--retire', 'destroy the former keys of this host, when no stored value is of them')
    .option('--json', 'an object with what was done')
    .option('--data-dir <folder>', 'data folder of the stack (default: CHAINON_DATA_DIR, else .chainon)')
    .action(async (options: Options) => {
      const chosen = (['dryRun', 'prepare', 'abandon', 'retire'] as const).filter((name) => options[name])
      if (chosen.length > 1)
        throw new ConfigurationError('The options do not fit', [
          'give one of --dry-run, --prepare, --abandon and --retire',
        ])
      const [first] = chosen
      await run(env, options, first === undefined ? ROTATE : WORK[first])
    })
}

async function run(
  env: NodeJS.ProcessEnv,
  { dataDir, json }: Options,
  { command, action }: { readonly command: string; readonly action: Journalled | undefined },
): Promise<void> {
  const place = dataDir === undefined ? {} : { dataDir }
  const work = () =>
    runService(env, 'curate', [command, ...(json ? ['--json'] : [])], {
      main: 'rotate/main.ts',
      clickhouseUser: 'rotate',
      ...place,
    })
  if (action === undefined) return void (await work())
  const event = (outcome: 'begun' | 'done' | 'failed'): JournalEvent => {
    return { actor: actor(), action, object: 'secret:curate/pseudonym-level2.key', outcome, facts: {} }
  }
  const journal = await openCommandJournal(resolveEnvironment(env, place))
  try {
    await journal.guard(event('begun'), work, (status) => event(status === 0 ? 'done' : 'failed'))
  } finally {
    await journal.close()
  }
}
