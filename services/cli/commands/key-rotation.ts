/** The parts of the command for keys that move an installation to another key: of pseudonyms, of linkage tokens, of the encodings for the linker, of routing. */
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

type Kind = 'pseudonym' | 'linkage-key' | 'routing-key'
type Step = 'dryRun' | 'prepare' | 'rotate' | 'abandon' | 'retire'

/** A key that is rotated, and the program that does it. */
interface Rotation {
  readonly kind: Kind
  /** In the access journal. */
  readonly secret: string
  readonly service: string
  readonly main: string
  readonly clickhouseUser?: string
}

const PSEUDONYMS: Rotation = {
  kind: 'pseudonym',
  secret: 'curate/pseudonym-level2.key',
  service: 'curate',
  main: 'rotate/main.ts',
  clickhouseUser: 'rotate',
}
const TOKENS: Rotation = {
  kind: 'linkage-key',
  secret: 'curate/linkage-tokens.key',
  service: 'curate',
  main: 'rotate-tokens/main.ts',
}
const TRANSPORT: Rotation = {
  kind: 'linkage-key',
  secret: 'linkage/transport.key',
  service: 'deidentify',
  main: 'rotate/main.ts',
}
const FIRST_LEVEL: Rotation = {
  kind: 'pseudonym',
  secret: 'deidentify/pseudonym-level1.key',
  service: 'provision',
  main: 'rotate/main.ts',
}
const ENCODINGS: Rotation = {
  kind: 'linkage-key',
  secret: 'linker/linkage-index.key',
  service: 'linker',
  main: 'rotate/main.ts',
}
const ROUTING: Rotation = {
  kind: 'routing-key',
  secret: 'gateway/routing.key',
  service: 'gateway',
  main: 'rotate/main.ts',
}
const PREPARE = ['--prepare', 'only make the new key, so that it can be backed up before it is used'] as const
const GIVE_UP = ['--abandon', 'give up a key that is prepared, and was lost, for instance'] as const
const JSON_OPTION = ['--json', 'an object with what was done'] as const
const DATA_DIR = ['--data-dir <folder>', 'data folder of the stack (default: CHAINON_DATA_DIR, else .chainon)'] as const

export function registerRotation(keys: Command, env: NodeJS.ProcessEnv): void {
  registerRouting(keys, env)
  keys
    .command('rotate-tokens')
    .summary('seal linkage tokens for another key')
    .description(
      'From then on the linkage tokens of the kept log are sealed for a new key of curate. Run it on a host of curate: first with --prepare, then copy the new file to the other hosts, then without. Records are accepted and loaded all the time. Former keys open what is in the log: `chainon keys rotate-first-level` seals that again, and then --retire destroys them.',
    )
    .option('--dry-run', 'only say which key is in force')
    .option(...PREPARE)
    .option(...GIVE_UP)
    .option('--retire', 'destroy the former keys, when nothing of the kept log is sealed for them')
    .option(...JSON_OPTION)
    .option(...DATA_DIR)
    .action((options: Options) => run(env, options, TOKENS, stepOf(options)))
  keys
    .command('rotate-transport')
    .summary('seal encodings for the linker under another key')
    .description(
      'From then on deidentify seals what the linker compares under a new key. Run it on a host of deidentify: first with --prepare, then copy the new file to the other hosts of deidentify and of the linker, then without. Both begin again by themselves. When Kafka has deleted what was sealed before, --retire destroys the former key.',
    )
    .option('--dry-run', 'only say which key is in force, and what is sealed under which')
    .option(...PREPARE)
    .option(...GIVE_UP)
    .option('--retire', 'destroy the former keys, when nothing that was sealed under them exists')
    .option(...JSON_OPTION)
    .option(...DATA_DIR)
    .action((options: Options) => run(env, options, TRANSPORT, stepOf(options)))
  keys
    .command('rotate-encodings')
    .summary("move the linker's index and the encodings to other keys")
    .description(
      'Makes the linkage index anew under a new linkage-index.key, beside the former one, with every encoding led to a new version, so that who has the former linkage-encoding.key and a list of names finds nobody in it; records, links, persons and decisions are compared before it is used. Run it where the linker runs, with the folder of linkage secrets: first with --prepare, then copy the new file to each host of deidentify, then without. The linker waits meanwhile, and its messages in linkage.*, which must be kept for longer; records are accepted and de-identified all the time. It may be interrupted and started again; run it once at a time. When it is in force, --retire removes the former index and its snapshots, and destroys its key.',
    )
    .option('--dry-run', 'only say which version is in force, what is prepared, and how many records would be moved')
    .option(...PREPARE)
    .option('--abandon', 'give up keys that are prepared, and what a move to them has left')
    .option('--retire', 'remove the former index and its snapshots, and destroy its key')
    .option(...JSON_OPTION)
    .option(...DATA_DIR)
    .action((options: Options) => run(env, options, ENCODINGS, stepOf(options)))
  keys
    .command('rotate-pseudonyms')
    .summary('move the warehouse to another key of pseudonyms')
    .description(
      'Makes a new second-level key, and writes every stored pseudonym anew under it, from the kept log. Run it on a host of curate. Records that arrive meanwhile wait in the log. It may be interrupted and started again, and goes on where it was. The former key stays until --retire. API keys of producers: `chainon keys rotate`.',
    )
    .option('--dry-run', 'only say what would change; exits with 1 when it would be refused')
    .option(...PREPARE)
    .option('--abandon', 'give up a rotation that has not replaced any row yet')
    .option('--retire', 'destroy the former keys of this host, when no stored value is of them')
    .option(...JSON_OPTION)
    .option(...DATA_DIR)
    .action((options: Options) => run(env, options, PSEUDONYMS, stepOf(options)))
  keys
    .command('rotate-first-level')
    .summary('write the kept logs anew under another key of first-level pseudonyms')
    .description(
      'Wraps every first-level pseudonym of the kept logs under a new key, and seals their linkage tokens again under it and the key of tokens in force, so that the keys that made them find nothing there. Run it where `chainon provision` runs, with the folder of linkage secrets and, for the time of the command, the keys of curate that open tokens (CHAINON_TOKEN_SECRETS_DIR): first with --prepare, then copy the new file to each host of deidentify, of the linker and of curate, then without. deidentify and the linker wait meanwhile; records are accepted, and tables stay as they are. It may be interrupted and started again, and goes on where it was; run it once at a time. When a later key is in force, --retire destroys the former one.',
    )
    .option('--dry-run', 'only say which key is in force, how many messages are of which, and how many have tokens')
    .option(...PREPARE)
    .option(...GIVE_UP)
    .option('--retire', 'destroy the former keys, when no message is of them')
    .option(...JSON_OPTION)
    .option(...DATA_DIR)
    .action((options: Options) => run(env, options, FIRST_LEVEL, stepOf(options)))
}

function registerRouting(keys: Command, env: NodeJS.ProcessEnv): void {
  keys
    .command('rotate-routing')
    .summary('replace the routing key of the gateways')
    .description(
      'Writes another routing.key in the place of the one on this host, and registers it: a gateway with the former one does not start any more. For a key that leaked, or that no gateway and no backup has any more. Stop all gateways first, run it on the host of one, copy the new file to the others, and start them. From then on patients may be in another partition than before, and a request that is repeated across it is not recognised; versions and stamps still decide which record is in force. Killed in between, it is run again.',
    )
    .option('--dry-run', 'only say which key is registered, and whether this host has it; exits with 1 when it has not')
    .option(...JSON_OPTION)
    .option(...DATA_DIR)
    .action((options: Options) => run(env, options, ROUTING, stepOf(options)))
}

function stepOf(options: Options): Step {
  const chosen = (['dryRun', 'prepare', 'abandon', 'retire'] as const).filter((name) => options[name])
  if (chosen.length > 1)
    throw new ConfigurationError('The options do not fit', ['give one of --dry-run, --prepare, --abandon and --retire'])
  return chosen[0] ?? 'rotate'
}

async function run(
  env: NodeJS.ProcessEnv,
  { dataDir, json }: Options,
  { kind, secret, service, main, clickhouseUser }: Rotation,
  step: Step,
): Promise<void> {
  const place = dataDir === undefined ? {} : { dataDir }
  const work = () =>
    runService(env, service, [step === 'dryRun' ? 'survey' : step, ...(json ? ['--json'] : [])], {
      main,
      ...(clickhouseUser && { clickhouseUser }),
      ...place,
    })
  if (step === 'dryRun') return void (await work())
  const event = (outcome: 'begun' | 'done' | 'failed'): JournalEvent => {
    const said = { actor: actor(), object: `secret:${secret}`, outcome, facts: {} }
    if (kind === 'routing-key') return { ...said, action: 'routing-key-rotate' }
    if (kind === 'pseudonym') return { ...said, action: `pseudonym-${step}` }
    return { ...said, action: `linkage-key-${step}` }
  }
  const journal = await openCommandJournal(resolveEnvironment(env, place))
  try {
    await journal.guard(event('begun'), work, (status) => event(status === 0 ? 'done' : 'failed'))
  } finally {
    await journal.close()
  }
}
