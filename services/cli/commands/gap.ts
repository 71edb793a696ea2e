/** `chainon gap`: records that no tile of the ledger accounts for, and the way out when they are lost. */
import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { ChainonError } from '#core/faults/errors.ts'
import type { CommandJournal } from '#core/journal/command-journal.ts'
import type { Gap } from '#core/ledger/gaps.ts'
import { table } from '#core/terminal/table.ts'
import { resolveEnvironment } from '../environment.ts'
import { examples, GROUPS } from '../help.ts'
import { actor, noteQuery, openCommandJournal } from '../journal.ts'

interface Options {
  readonly dataDir?: string
  readonly json?: true
}

interface AcceptOptions extends Options {
  readonly reason: string
  readonly by?: string
  readonly dryRun?: true
}

const DATA_DIR = ['--data-dir <folder>', 'data folder of the stack (default: CHAINON_DATA_DIR, else .chainon)'] as const

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  const gap = program
    .command('gap')
    .helpGroup(GROUPS.operate)
    .summary('list records that have no outcome, and accept those that are lost')
    .description(
      'A gap is a range of accepted records that no tile of the ledger accounts for. curate stops the partition at it. When the records are in no log and in no table any more, they can be accepted as lost: the ledger then shows them as lost for ever, and curate goes on by itself.',
    )
    .addHelpText(
      'after',
      examples([
        ['chainon gap list', 'the gaps, and where their records can still be read'],
        [
          'chainon gap accept "death:…:0:10-20" --reason "deidentify was off for a week" --dry-run',
          'what would be written',
        ],
      ]),
    )
  gap
    .command('list')
    .summary('show the gaps; exits with 1 when there is one')
    .option('--json', 'an array of objects with id, feed, incarnation, partition, from, to, records, why, since')
    .option(...DATA_DIR)
    .action((options: Options) =>
      withGaps(env, options, async ({ find }) => {
        noteQuery(env, 'gap', options)
        const found = await find()
        process.stdout.write(options.json ? `${JSON.stringify(found.map(written), null, 2)}\n` : render(found))
        if (found.length > 0) process.exitCode = 1
      }),
    )
  gap
    .command('accept')
    .argument('<gap>', 'as `chainon gap list` shows it')
    .summary('accept the records of a gap as lost, when they really are')
    .requiredOption('--reason <text>', 'why they are lost')
    .option('--by <name>', 'who decides it (default: the user of this process)')
    .option('--dry-run', 'show what would be written, write nothing')
    .option(...DATA_DIR)
    .action((id: string, options: AcceptOptions) =>
      withGaps(env, options, async ({ find, clickhouse, acceptGap, refusal, lostTile, openJournal }) => {
        const found = (await find()).find((one) => one.id === id)
        if (!found) throw new ChainonError('not-found', `There is no gap ${id}; \`chainon gap list\` shows them.`)
        const acceptance = { by: options.by ?? userInfo().username, reason: options.reason, at: Date.now() }
        const refused = refusal(found)
        if (refused !== undefined) {
          process.stderr.write(`chainon: ${refused}\n`)
          process.exitCode = 1
          return
        }
        process.stdout.write(`${JSON.stringify({ ...lostTile(found, acceptance), ...namesOf(acceptance) }, null, 2)}\n`)
        if (options.dryRun) return
        const journal = await openJournal()
        try {
          await journal.guard(
            {
              actor: actor(),
              action: 'gap-accept',
              object: `gap:${id}`,
              outcome: 'begun',
              facts: { records: Number(found.to - found.from) },
            },
            () => acceptGap(clickhouse, found, acceptance),
          )
        } finally {
          await journal.close()
        }
        process.stderr.write(`${recordsOf(found)} accepted as lost by ${acceptance.by}: ${id}\n`)
      }),
    )
}

function namesOf({ by, reason }: { readonly by: string; readonly reason: string }): object {
  return { closed_by: by, reason }
}

type Tools = Pick<typeof import('#core/ledger/accept-gap.ts'), 'acceptGap' | 'refusal' | 'lostTile'> & {
  readonly clickhouse: import('#core/clickhouse/client.ts').ClickHouseClient
  readonly find: () => Promise<readonly Gap[]>
  readonly openJournal: () => Promise<CommandJournal>
}

async function withGaps(
  env: NodeJS.ProcessEnv,
  { dataDir }: Options,
  work: (tools: Tools) => Promise<void>,
): Promise<void> {
  const { CLICKHOUSE_KEYS, clickhouseClient, rejectedLogin } = await import('#core/clickhouse/client.ts')
  const { readConfig } = await import('#core/config/read.ts')
  const { loadContracts } = await import('#core/contract/load.ts')
  const { KAFKA_KEYS, kafkaClient } = await import('#core/kafka/client.ts')
  const { createLogger } = await import('#core/telemetry/logger.ts')
  const { findGaps } = await import('#core/ledger/gaps.ts')
  const accepting = await import('#core/ledger/accept-gap.ts')
  const environment = resolveEnvironment(env, dataDir === undefined ? {} : { dataDir })
  const config = readConfig('gap', [...KAFKA_KEYS, ...CLICKHOUSE_KEYS, 'CHAINON_FEEDS_DIR'], environment)
  const feeds = loadContracts(config.CHAINON_FEEDS_DIR).map(({ feed }) => feed)
  const kafka = kafkaClient('gap', config, createLogger('gap', 'fatal'))
  const clickhouse = clickhouseClient('gap', config)
  const find = () => findGaps({ kafka, clickhouse, namespace: config.CHAINON_NAMESPACE, feeds })
  try {
    await work({ ...accepting, clickhouse, find, openJournal: () => openCommandJournal(environment) })
  } catch (error) {
    if (error instanceof ChainonError) throw error
    throw (
      rejectedLogin(error) ??
      new ChainonError(
        'dependency-unavailable',
        'Kafka or ClickHouse is unreachable, or `chainon up` has not run yet',
        {
          cause: error,
        },
      )
    )
  } finally {
    await clickhouse.close()
  }
}

function written({ from, to, tiledTo: _tiledTo, ...rest }: Gap): object {
  return { ...rest, from: from.toString(), to: to.toString(), records: (to - from).toString() }
}

function recordsOf({ from, to }: Gap): string {
  return to - from === 1n ? '1 record' : `${to - from} records`
}

const CAUSES: Readonly<Record<Gap['why'], string>> = {
  expired: 'expired: Kafka deleted them before deidentify read them; they can be accepted as lost',
  deleted: 'deleted: their topic was deleted or truncated; they can be accepted as lost',
  'not-in-log': 'not in the log: identified.<feed> still has them; set the offset of the group of deidentify back',
  'not-in-ledger': 'not in the ledger: the log or ClickHouse has them, only their tile is missing',
}

function render(gaps: readonly Gap[]): string {
  if (gaps.length === 0) return 'No gap: every record that was passed has an outcome or is in flight.\n'
  const cells = gaps.map((one) => [one.id, recordsOf(one), one.since ?? 'the beginning', CAUSES[one.why]])
  return table(['gap', 'what', 'loaded until', 'why'], cells)
}
