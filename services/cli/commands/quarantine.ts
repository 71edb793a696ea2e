/** `chainon quarantine`: the records that were put aside, and what to tell their senders. */
import type { Command } from 'commander'
import { ChainonError } from '#core/faults/errors.ts'
import type { Quarantined } from '#core/ledger/quarantined.ts'
import { table } from '#core/terminal/table.ts'
import { resolveEnvironment } from '../environment.ts'
import { examples, GROUPS } from '../help.ts'
import { noteQuery } from '../journal.ts'
import { positiveInteger } from '../options.ts'

interface Options {
  readonly feed?: string
  readonly producer?: string
  readonly rule?: string
  readonly limit: number
  readonly json?: true
  readonly dataDir?: string
}

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('quarantine')
    .helpGroup(GROUPS.operate)
    .summary('list the records that were put aside, with receipt and index')
    .description(
      `Shows the newest records that were quarantined or rejected after they were accepted: which field and rule, where they are in the log, and by which receipt and index
their sender knows them (\`chainon receipt ID --index N\`). A receipt is kept for CHAINON_RECEIPT_DAYS of the gateway. No value of a record is shown.`,
    )
    .option('--feed <feed>', 'only of this feed')
    .option('--producer <name>', 'only of this producer')
    .option('--rule <rule>', 'only by this rule or fault')
    .option('--limit <n>', 'how many', positiveInteger, 50)
    .option(
      '--json',
      'an array of objects with quarantined_at, received_at, producer, feed, service, stage, fault, rule, pointer, receipt_id, index, incarnation, partition, offset',
    )
    .option('--data-dir <folder>', 'data folder of the stack (default: CHAINON_DATA_DIR, else .chainon)')
    .addHelpText('after', examples([['chainon quarantine --producer hospital-1 --limit 10', 'the newest of a sender']]))
    .action((options: Options) => run(env, options))
}

async function run(env: NodeJS.ProcessEnv, options: Options): Promise<void> {
  const { CLICKHOUSE_KEYS, clickhouseClient, rejectedLogin } = await import('#core/clickhouse/client.ts')
  const { readConfig } = await import('#core/config/read.ts')
  const { listQuarantined } = await import('#core/ledger/quarantined.ts')
  const given = options.dataDir === undefined ? {} : { dataDir: options.dataDir }
  noteQuery(env, 'quarantine', given)
  const clickhouse = clickhouseClient(
    'quarantine',
    readConfig('quarantine', [...CLICKHOUSE_KEYS], resolveEnvironment(env, given)),
  )
  try {
    const found = await listQuarantined(clickhouse, options)
    process.stdout.write(options.json ? `${JSON.stringify(found.map(written), null, 2)}\n` : render(found))
  } catch (error) {
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

function written({ quarantinedAt, receivedAt, receiptId, index, ...rest }: Quarantined): object {
  return {
    quarantined_at: quarantinedAt,
    received_at: receivedAt,
    ...rest,
    receipt_id: receiptId ?? null,
    index: index ?? null,
  }
}

function render(found: readonly Quarantined[]): string {
  if (found.length === 0) return 'No such record was put aside.\n'
  const cells = found.map((one) => [
    one.quarantinedAt,
    one.producer,
    `${one.feed} ${one.pointer}`.trimEnd(),
    one.rule || one.fault,
    one.receiptId ?? 'not known',
    one.index === undefined ? '' : String(one.index),
    `${one.partition}:${one.offset}`,
  ])
  return table(['since', 'producer', 'feed and field', 'rule', 'receipt', 'index', 'origin'], cells)
}
