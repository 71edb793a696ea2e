/** `chainon receipt`: what became of the records of a request, asked of the gateway with the key of their producer. */
import type { Command } from 'commander'
import { ChainonError } from '#core/faults/errors.ts'
import type { ReceiptClient } from '#core/gateway-api/receipt-client.ts'
import type { RecordState } from '#core/gateway-api/receipt-states.ts'
import { table } from '#core/terminal/table.ts'
import { resolveEnvironment } from '../environment.ts'
import { examples, GROUPS } from '../help.ts'
import { index, positiveInteger } from '../options.ts'

interface Options {
  readonly index?: number
  readonly recordId?: string
  readonly wait?: number
  readonly follow?: true
  readonly url?: string
  readonly key?: string
  readonly producer?: string
  readonly json?: true
  readonly dataDir?: string
}

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('receipt')
    .helpGroup(GROUPS.data)
    .summary('what became of the records of a request')
    .description(
      `Shows each record of a receipt with its state: accepted, loaded, replaced, cancelled, refused, rejected, quarantined, lost or unknown. A receipt is kept for
CHAINON_RECEIPT_DAYS of the gateway. Exits with 1 when a record was refused, rejected, quarantined or lost, with 75 while the gateway cannot tell,
and when --wait has ended --follow before all was said.`,
    )
    .argument('<id>', 'the receipt_id of an answer')
    .option('--index <n>', 'only the record of this index in the request', index)
    .option('--record-id <id>', 'only the accepted record with this record_id')
    .option('--wait <seconds>', 'ask until no record is on its way, at most this long', positiveInteger)
    .option('--follow', 'ask until every record has its final state, and show how many have; --wait bounds it')
    .option('--url <url>', 'the gateway (default: CHAINON_GATEWAY_URL, else the local stack)')
    .option('--key <key>', 'API key (default: the environment variable CHAINON_API_KEY)')
    .option('--producer <name>', 'use the key that `chainon keys ensure` stored on this machine for this producer')
    .option('--json', 'print an array of objects with index, feed, state, rule, pointer, detail')
    .option('--data-dir <folder>', 'data folder (default: CHAINON_DATA_DIR, else .chainon)')
    .addHelpText(
      'after',
      examples([
        ['chainon receipt rcp_... --producer hospital-1', 'every record of the request'],
        ['chainon receipt rcp_... --follow --producer hospital-1', 'the same, when nothing is on its way any more'],
        ['chainon receipt rcp_... --record-id obs-17 --key chn_...', 'one record, by the name that the sender gave it'],
      ]),
    )
    .action((id: string, options: Options) => run(env, id, options))
}

async function run(env: NodeJS.ProcessEnv, id: string, options: Options): Promise<void> {
  const { gatewayAccess } = await import('../gateway-key.ts')
  const { receiptClient } = await import('#core/gateway-api/receipt-client.ts')
  const { follow, followOptions } = await import('../push/follow.ts')
  const environment = resolveEnvironment(env, options.dataDir === undefined ? {} : { dataDir: options.dataDir })
  const client = receiptClient(gatewayAccess(options, environment, 'ask for a receipt'))
  try {
    if (options.follow) await followShown(id, client, options.wait)
    else if (options.wait !== undefined) await follow(id, followOptions(client, options.wait * 1000))
    const records: RecordState[] = []
    for (let from: number | undefined = 0; from !== undefined; ) {
      const answer = await client.receipt(id, {
        from,
        ...(options.index === undefined ? {} : { index: options.index }),
        ...(options.recordId === undefined ? {} : { recordId: options.recordId }),
      })
      if (answer.kind === 'untold') throw untold(answer)
      records.push(...answer.receipt.records)
      from = answer.receipt.next
    }
    process.stdout.write(options.json ? `${JSON.stringify(records, null, 2)}\n` : render(records))
    if (records.length === 0) process.stderr.write('chainon: the receipt has no such record\n')
    if (records.length === 0 || records.some(({ state }) => !GOOD.has(state))) process.exitCode = 1
    else if (options.follow && records.some(({ state }) => state === 'accepted')) process.exitCode = 75
  } finally {
    client.close()
  }
}

/** @param wait seconds at most; without it until all is said */
async function followShown(id: string, client: ReceiptClient, wait = Number.POSITIVE_INFINITY): Promise<void> {
  const { follow, followOptions, followView } = await import('../push/follow.ts')
  const { startProgress } = await import('#core/terminal/progress.ts')
  let shown = followView(undefined)
  const progress = startProgress(() => shown)
  try {
    await follow(id, {
      ...followOptions(client, wait * 1000),
      seen: (followed) => {
        shown = followView(followed)
      },
    })
  } finally {
    progress.stop('')
  }
}

const GOOD: ReadonlySet<string> = new Set(['accepted', 'loaded', 'replaced', 'cancelled'])

function untold({ code, why }: { readonly code: string; readonly why: string }): ChainonError {
  const known = (['no-receipt', 'receipt-expired', 'wrong-key', 'key-scope'] as const).find((one) => one === code)
  return new ChainonError(known ?? 'dependency-unavailable', `${code}: ${why}`)
}

function render(records: readonly RecordState[]): string {
  const rows = records.map(({ index: at, feed, state, pointer, rule, detail }) => [
    String(at),
    feed,
    state,
    pointer ?? '',
    rule ?? '',
    detail ?? '',
  ])
  return table(['index', 'feed', 'state', 'field', 'rule', 'meaning'], rows)
}
