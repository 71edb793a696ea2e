/** `chainon finding`: what was found wrong, until an operator closes it. */
import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { ChainonError } from '#core/faults/errors.ts'
import type { KeptFinding } from '#core/ledger/findings.ts'
import { table } from '#core/terminal/table.ts'
import { resolveEnvironment } from '../environment.ts'
import { examples, GROUPS } from '../help.ts'
import { actor, noteInJournal, noteQuery } from '../journal.ts'

interface Options {
  readonly dataDir?: string
  readonly json?: true
}

const DATA_DIR = ['--data-dir <folder>', 'data folder of the stack (default: CHAINON_DATA_DIR, else .chainon)'] as const

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  const finding = program
    .command('finding')
    .helpGroup(GROUPS.operate)
    .summary('list and close what was found wrong')
    .description(
      'Findings of the ledger and of the workers: records that are missing or doubled, topics that were created again. A finding stays open, and `chainon ledger` exits with 1, until an operator closes it.',
    )
    .addHelpText(
      'after',
      examples([
        ['chainon finding list', 'what is open'],
        ['chainon finding close "missing-rows:death:…" --reason "restored from backup"', 'kept with who and when'],
      ]),
    )
  finding
    .command('list')
    .summary('show the open findings; exits with 1 when there is one')
    .option('--all', 'closed findings, too')
    .option(
      '--json',
      'an array of objects with id, code, feed, incarnation, partition, from, to, message, opened_at, closed_at, closed_by, reason',
    )
    .option(...DATA_DIR)
    .action((options: Options & { all?: true }) =>
      withWarehouse(env, options, async ({ clickhouse, listFindings }) => {
        noteQuery(env, 'finding', options)
        const found = await listFindings(clickhouse, options.all ? 'all' : 'open')
        process.stdout.write(options.json ? `${JSON.stringify(found.map(written), null, 2)}\n` : render(found))
        if (found.some(({ closedAt }) => closedAt === null)) process.exitCode = 1
      }),
    )
  finding
    .command('close')
    .argument('<id>', 'as `chainon finding list` shows it')
    .summary('close a finding, with the reason')
    .requiredOption('--reason <text>', 'what was done about it')
    .option('--by <name>', 'who closes it (default: the user of this process)')
    .option(...DATA_DIR)
    .action((id: string, options: Options & { reason: string; by?: string }) =>
      withWarehouse(env, options, async ({ clickhouse, closeFinding, data }) => {
        const closing = { by: options.by ?? userInfo().username, reason: options.reason }
        if (!(await closeFinding(clickhouse, id, closing, Date.now()))) {
          throw new ChainonError(
            'not-found',
            `No finding with the id ${id} is open; \`chainon finding list\` shows them.`,
          )
        }
        noteInJournal(data, {
          actor: actor(),
          action: 'finding-close',
          object: `finding:${id}`,
          outcome: 'done',
          facts: {},
        })
        process.stderr.write(`Closed by ${closing.by}: ${id}\n`)
      }),
    )
}

type Warehouse = Pick<typeof import('#core/ledger/findings.ts'), 'listFindings' | 'closeFinding'> & {
  readonly clickhouse: import('#core/clickhouse/client.ts').ClickHouseClient
  /** Folder of the stack. */
  readonly data: string
}

async function withWarehouse(
  env: NodeJS.ProcessEnv,
  { dataDir }: Options,
  work: (warehouse: Warehouse) => Promise<void>,
): Promise<void> {
  const { CLICKHOUSE_KEYS, clickhouseClient, rejectedLogin } = await import('#core/clickhouse/client.ts')
  const { readConfig } = await import('#core/config/read.ts')
  const findings = await import('#core/ledger/findings.ts')
  const config = readConfig(
    'finding',
    [...CLICKHOUSE_KEYS, 'CHAINON_DATA_DIR'],
    resolveEnvironment(env, dataDir === undefined ? {} : { dataDir }),
  )
  const clickhouse = clickhouseClient('finding', config)
  try {
    await work({ ...findings, clickhouse, data: config.CHAINON_DATA_DIR })
  } catch (error) {
    if (error instanceof ChainonError) throw error
    throw (
      rejectedLogin(error) ??
      new ChainonError('dependency-unavailable', 'ClickHouse is unreachable, or `chainon up` has not run yet', {
        cause: error,
      })
    )
  } finally {
    await clickhouse.close()
  }
}

/** The names of the JSON output, as in the other commands. */
function written({ from, to, openedAt, closedAt, closedBy, ...rest }: KeptFinding): object {
  return {
    ...rest,
    from: from.toString(),
    to: to.toString(),
    opened_at: openedAt,
    closed_at: closedAt,
    closed_by: closedBy,
  }
}

function render(findings: readonly KeptFinding[]): string {
  if (findings.length === 0) return 'No finding is open.\n'
  const cells = findings.map((one) => [
    one.openedAt,
    one.closedAt === null ? 'open' : `closed ${one.closedAt} by ${one.closedBy}: ${one.reason}`,
    one.id,
    one.message,
  ])
  return table(['since', 'state', 'finding', 'what'], cells)
}
