/** `chainon ledger`: every accepted record accounted for, or exit 1. */
import type { Command } from 'commander'
import { isBalanced, isRowBalanced, type LedgerRow, sumCounts } from '#core/ledger/row.ts'
import { table } from '#core/terminal/table.ts'
import { resolveEnvironment } from '../environment.ts'
import { examples, GROUPS } from '../help.ts'
import { noteQuery } from '../journal.ts'
import { positiveInteger } from '../options.ts'

interface Options {
  readonly json?: true
  readonly wait?: number
  readonly dataDir?: string
}

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('ledger')
    .helpGroup(GROUPS.operate)
    .summary('prove that no accepted record is lost or doubled')
    .description(
      'Shows, for each feed and partition: accepted = loaded + quarantined + rejected by a rule + lost + in flight, from the offsets of Kafka and the batches in ClickHouse. Exits with 1 on any gap or overlap, and while a finding is open (chainon finding list).',
    )
    .option(
      '--json',
      'an array of objects with feed, partition, accepted, loaded, quarantined, rejected, lost, in_flight, gaps, overlaps',
    )
    .option(
      '--wait <seconds>',
      'wait until nothing is in flight, at most this long; exits with 1 when records are still in flight',
      positiveInteger,
    )
    .option('--data-dir <folder>', 'data folder of the stack (default: CHAINON_DATA_DIR, else .chainon)')
    .addHelpText(
      'after',
      examples([
        ['chainon ledger', 'the current ledger as a table'],
        ['chainon ledger --wait 60 && echo balanced', 'after a push, in a script'],
      ]),
    )
    .action(async (options: Options) => {
      noteQuery(env, 'ledger', options)
      const { openLedger } = await import('../ledger-source.ts')
      const source = await openLedger(
        resolveEnvironment(env, options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
      )
      try {
        const { rows, complete } = await source.read(options.wait ?? 0)
        const findings = await source.examine()
        process.stdout.write(options.json ? `${JSON.stringify(rows, null, 2)}\n` : render(rows))
        for (const row of rows.filter((candidate) => !isRowBalanced(candidate))) {
          process.stderr.write(
            `chainon: ${row.feed}, partition ${row.partition}: ${row.gaps} records in gaps, ${row.overlaps} in overlaps\n`,
          )
        }
        for (const { feed, partition, message, id, openedAt } of findings) {
          process.stderr.write(
            `chainon: ${feed}, partition ${partition}: ${message} (open since ${openedAt}: chainon finding close '${id}' --reason ...)\n`,
          )
        }
        if (options.wait !== undefined && !complete) process.stderr.write('chainon: records are still in flight\n')
        if (!isBalanced(rows) || findings.length > 0 || (options.wait !== undefined && !complete)) process.exitCode = 1
      } finally {
        await source.close()
      }
    })
}

function render(rows: readonly LedgerRow[]): string {
  const numbers = ['accepted', 'loaded', 'quarantined', 'rejected', 'lost', 'in_flight', 'gaps', 'overlaps'] as const
  const total = sumCounts(rows)
  const cells = [
    ...rows.map((row) => [row.feed, String(row.partition), ...numbers.map((key) => row[key].toLocaleString('en'))]),
    ['total', '', ...numbers.map((key) => total[key].toLocaleString('en'))],
  ]
  const verdict = isBalanced(rows)
    ? 'Balanced: every accepted record is accounted for.'
    : `NOT balanced: ${total.gaps} records in gaps, ${total.overlaps} in overlaps.`
  const lost = total.lost > 0 ? ` ${total.lost} records are lost; \`chainon finding list --all\` says why.` : ''
  return `${table(['feed', 'partition', ...numbers.map((key) => key.replace('_', ' '))], cells)}${verdict}${lost}\n`
}
