/** `chainon events`: what fails of a producer's records, as it becomes known. */
import type { Command } from 'commander'
import type { ToldFailure } from '#core/gateway-api/event-client.ts'
import { resolveEnvironment } from '../environment.ts'
import { examples, GROUPS } from '../help.ts'

interface Options {
  readonly after?: string
  readonly url?: string
  readonly key?: string
  readonly producer?: string
  readonly json?: true
  readonly dataDir?: string
}

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('events')
    .helpGroup(GROUPS.data)
    .summary('print what fails of your records, as it becomes known')
    .description(
      `Prints records that were refused, rejected by a rule, or quarantined: receipt and index, feed, field and rule, until it is stopped. It connects again by itself.
With --after it begins after an event of the last 7 days, whose id --json prints.`,
    )
    .option('--after <id>', 'begin after this event; without it with what fails from now on')
    .option('--url <url>', 'the gateway (default: CHAINON_GATEWAY_URL, else the local stack)')
    .option('--key <key>', 'API key (default: the environment variable CHAINON_API_KEY)')
    .option('--producer <name>', 'use the key that `chainon keys ensure` stored on this machine for this producer')
    .option(
      '--json',
      'print each event as a line of JSON: id, known_at, state, feed, receipt_id, indexes, rule, pointer',
    )
    .option('--data-dir <folder>', 'data folder (default: CHAINON_DATA_DIR, else .chainon)')
    .addHelpText('after', examples([['chainon events --producer hospital-1', 'until Ctrl-C']]))
    .action((options: Options) => run(env, options))
}

async function run(env: NodeJS.ProcessEnv, options: Options): Promise<void> {
  const { gatewayAccess } = await import('../gateway-key.ts')
  const { failureEvents } = await import('#core/gateway-api/event-client.ts')
  const environment = resolveEnvironment(env, options.dataDir === undefined ? {} : { dataDir: options.dataDir })
  const access = gatewayAccess(options, environment, 'follow what fails')
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  // The reader of a pipe has gone.
  process.stdout.once('error', stop)
  const told = failureEvents({
    ...access,
    ...(options.after === undefined ? {} : { after: options.after }),
    signal: stopping.signal,
    onRetry: (reason) => process.stderr.write(`chainon: connects again (${reason})\n`),
  })
  for await (const one of told)
    process.stdout.write(options.json ? `${JSON.stringify({ id: one.id, ...one.event })}\n` : `${lineOf(one)}\n`)
}

/** Records of an event that are named in its line. */
const SHOWN = 5

function lineOf({ event }: ToldFailure): string {
  const { detail, feed, indexes, known_at: at, pointer, receipt_id: receipt, rule, state } = event
  const more = indexes.length > SHOWN ? `, and ${indexes.length - SHOWN} more` : ''
  const records = indexes.length === 0 ? '' : ` index ${indexes.slice(0, SHOWN).join(', ')}${more}`
  return `${at}  ${state}  ${receipt ?? '(no receipt)'}${records}  ${feed} ${pointer ?? '(record)'}  ${rule}${detail ? `: ${detail}` : ''}`
}
