/** `simulate` and `sample`: synthetic feeds to try all of Chainon with. Reads the environment, the clock and the command line. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, CommanderError, Option } from 'commander'
import { ChainonError, ConfigurationError, exitStatus } from '#core/faults/errors.ts'
import { findJava } from '#core/java/java.ts'
import { createLogger, safeError } from '#core/telemetry/logger.ts'
import { startProgress } from '#core/terminal/progress.ts'
import { type SyntheticConfig, syntheticConfig } from './config.ts'
import { DEFAULT_RATES } from './hospital/registration.ts'
import { identitySet } from './identities.ts'
import {
  DEFAULT_SHARED,
  DEFAULT_START,
  DEFAULT_UNTIL,
  readKeys,
  type SimulateFlags,
  type SimulateOptions,
  simulateOptions,
} from './options.ts'
import { folderSink } from './output/folder.ts'
import { gatewaySink } from './output/gateway.ts'
import { writeIdentities } from './output/identities.ts'
import { truthWriter } from './output/truth.ts'
import { FIXTURE, readSample, readSynthea, writeSample } from './sample/files.ts'
import { pushSample, waitUntilLoaded } from './sample/push.ts'
import { SAMPLE_PRODUCERS } from './sample/split.ts'
import { installSynthea, runSynthea } from './sample/synthea.ts'
import { startSimulation } from './simulate.ts'

const EXIT_FINDING = 1
const EXIT_USAGE = 2
const WAIT_MS = 60_000
const DEFAULT_IDENTITIES = 10_000
const SAME_SIGNAL_MS = 1_000
const DEFAULT_COMPONENTS_DIR = join(import.meta.dirname, '../../.chainon/components')

const program = new Command('chainon').exitOverride().showHelpAfterError()
program
  .command('simulate')
  .description('Streams the records of simulated French hospitals: to the gateway, or to files with --out.')
  .option('--hospitals <n>', 'hospitals', '3')
  .option('--patients <n>', 'true persons; each registers at one or two hospitals', '2000')
  .option('--rate <n>', 'records per second in all, 0 for as fast as possible', '50')
  .option('--seed <n>', 'the same seed and options produce the same records', '1')
  .option('--records <n>', 'records in all (default: no end)')
  .option(
    '--truth <file>',
    'write the true person of each identity here; it is never sent. Keep it out of the data folder',
  )
  .option('--out <dir>', 'write <dir>/<producer>/<feed>.ndjson instead of sending')
  .option(
    '--identities <dir>',
    'write registrations alone, --records of them, with the truth: a folder for `chainon link evaluate`',
  )
  .option('--url <url>', "the gateway (default: the local stack's)")
  .option('--keys <file>', 'JSON array of { "producer", "key" }, - for stdin (default: keys of the local stack)')
  .option('--start <date>', 'first day of the records', DEFAULT_START)
  .option('--until <date>', 'last day; no record is dated after it', DEFAULT_UNTIL)
  .option('--typo-rate <share>', `typing errors, per typed trait (default: ${DEFAULT_RATES.typo})`)
  .option('--missing-rate <share>', `traits left out, per optional trait (default: ${DEFAULT_RATES.missing})`)
  .option('--swap-rate <share>', `traits swapped, per registration (default: ${DEFAULT_RATES.swap})`)
  .option('--shared-rate <share>', 'share of persons who go to two hospitals', String(DEFAULT_SHARED))
  .addOption(new Option('--profile <name>', 'load: no errors').choices(['realistic', 'load']).default('realistic'))
  .addOption(new Option('--producers').hideHelp())
  .action(simulate)

const sample = program
  .command('sample')
  .description(
    'Without a subcommand: generates FHIR R4 Bundles of two hospitals with Synthea 3.3.0 (downloaded once, 200 MB; needs Java 17).',
  )
  .option('--patients <n>', 'patients alive at the end; patients who died are generated in addition', '30')
  .option('--seed <n>', 'seed of Synthea', '1')
  .option('--out <dir>', 'write <producer>.ndjson.gz files here (default without --push: sample-<seed>)')
  .option('--push', 'send the generated Bundles')
  .option('--url <url>', "the gateway (default: the local stack's)")
  .option('--keys <file>', 'JSON array of { "producer", "key" }, - for stdin (default: keys of the local stack)')
  .addOption(new Option('--producers').hideHelp())
  .action(makeSample)
sample
  .command('push')
  .description(
    'Sends the bundled sample. Sent again while the gateway still knows the idempotency keys, it stores nothing twice.',
  )
  .option('--wait', 'wait until all records can be queried in ClickHouse, at most a minute')
  .action(async (options: { wait?: true }, command: Command) => {
    await push(FIXTURE, { ...command.optsWithGlobals<SendFlags>(), ...options })
  })

let known: SyntheticConfig | undefined
/** Each command reads it; `--help` does not. */
const config = (): SyntheticConfig => (known ??= syntheticConfig(process.env))

async function simulate(flags: SimulateFlags): Promise<void> {
  const { CHAINON_GATEWAY_URL } = config()
  const options = simulateOptions(flags, Date.now())
  if (flags.producers) return printProducers(options.producers)
  if (flags.identities !== undefined) return makeIdentities(flags.identities, options)
  const stop = new AbortController()
  const stopNow = new AbortController()
  let retries = 0
  const gateway =
    flags.out === undefined
      ? gatewaySink({
          url: (flags.url ?? CHAINON_GATEWAY_URL).replace(/\/$/, ''),
          keys: readKeys(flags.keys, options.producers),
          signal: stopNow.signal,
          onRetry: () => retries++,
        })
      : undefined
  const sink = gateway ?? folderSink(flags.out ?? '')
  // The first Ctrl-C finishes the current requests; a later one does not wait for them. One Ctrl-C can arrive twice, from the
  // terminal and from the command that started this process.
  let stoppedAt = Number.POSITIVE_INFINITY
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted && performance.now() - stoppedAt > SAME_SIGNAL_MS) stopNow.abort()
      if (!stop.signal.aborted) stoppedAt = performance.now()
      stop.abort()
    })
  }
  const truth = flags.truth === undefined ? undefined : truthWriter(flags.truth)
  const simulation = startSimulation({ ...options, sink, truth, stop: stop.signal })
  const line = startProgress(() => {
    const { accepted, rejected } = sink.totals()
    const rate = Math.round(simulation.sent() / Math.max(0.001, simulation.seconds()))
    const again = retries ? `, retries ${retries}` : ''
    return {
      text: `sent ${simulation.sent()}, accepted ${accepted}, rejected ${rejected}, ${rate}/s${again}`,
      share: options.records === undefined ? undefined : simulation.sent() / options.records,
    }
  })
  try {
    const summary = await simulation.done
    line.stop()
    process.stdout.write(`${JSON.stringify({ ...summary, retries }, null, 2)}\n`)
    if (summary.rejected > 0) process.exitCode = EXIT_FINDING
  } finally {
    line.stop()
    gateway?.close()
  }
}

function makeIdentities(dir: string, { world, records = DEFAULT_IDENTITIES }: SimulateOptions): void {
  const { seed, rates, startMs } = world
  const made = identitySet({ seed, records, rates, startMs })
  writeIdentities(dir, made)
  const counts = { records: made.rows.length, links: made.links.length, kin: made.kin.length }
  process.stdout.write(`${JSON.stringify({ dir, ...counts }, null, 2)}\n`)
}

interface SendFlags {
  readonly url?: string
  readonly keys?: string
  readonly wait?: true
  /** Set by `chainon`: print the producers that need a key, do nothing else. */
  readonly producers?: true
}

async function makeSample(
  flags: SendFlags & { patients: string; seed: string; out?: string; push?: true },
): Promise<void> {
  const patients = Number(flags.patients)
  const seed = Number(flags.seed)
  const problems: string[] = []
  if (!Number.isInteger(patients) || patients < 1 || patients > 10_000)
    problems.push('--patients must be an integer from 1 to 10000')
  if (!Number.isInteger(seed) || seed < 0) problems.push('--seed must be an integer, 0 or more')
  if (problems.length > 0) throw new ConfigurationError('The options are wrong', problems)
  if (flags.producers) return printProducers(flags.push ? SAMPLE_PRODUCERS : [])
  // Checked before minutes of work: without keys the push would fail at the end.
  if (flags.push) readKeysOf(flags)
  const { CHAINON_COMPONENTS_DIR, JAVA_HOME } = config()
  const { command: java } = findJava({ program: 'Synthea', home: JAVA_HOME, env: process.env })
  const folder = mkdtempSync(join(tmpdir(), 'chainon-synthea-'))
  let status = 'Synthea'
  const show = (what: string) => (status = `Synthea: ${what}`)
  const line = startProgress(() => ({ text: status }))
  try {
    const jars = await installSynthea(CHAINON_COMPONENTS_DIR || DEFAULT_COMPONENTS_DIR, process.env, show)
    const bundles = readSynthea(
      await runSynthea({ java, jars, patients, seed, folder, env: process.env, show }),
      Date.now(),
    )
    show('done')
    const out = flags.out ?? (flags.push ? join(folder, 'sample') : `sample-${seed}`)
    const bytes = writeSample(out, bundles)
    line.stop()
    if (flags.push) await push(out, flags)
    else process.stdout.write(`${JSON.stringify({ out, bundles: bundles.length, bytes }, null, 2)}\n`)
  } finally {
    line.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function printProducers(producers: readonly string[]): void {
  process.stdout.write(`${JSON.stringify(producers)}\n`)
}

/** Read once, because stdin can be read only once. */
let keysRead: ReadonlyMap<string, string> | undefined
function readKeysOf(flags: SendFlags): ReadonlyMap<string, string> {
  keysRead ??= readKeys(flags.keys, SAMPLE_PRODUCERS)
  return keysRead
}

async function push(dir: string, flags: SendFlags): Promise<void> {
  if (flags.producers) return printProducers(SAMPLE_PRODUCERS)
  const { CHAINON_GATEWAY_URL, CHAINON_CONSOLE_ADMIN_URL } = config()
  const pushing = pushSample(readSample(dir), (flags.url ?? CHAINON_GATEWAY_URL).replace(/\/$/, ''), readKeysOf(flags))
  const line = startProgress(() => ({
    text: `sample: ${pushing.sent()} of ${pushing.bundles} Bundles`,
    share: pushing.sent() / Math.max(1, pushing.bundles),
  }))
  const summary = await pushing.done.finally(() => line.stop())
  process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`)
  if (summary.rejected > 0) process.exitCode = EXIT_FINDING
  if (!flags.wait) return
  const inFlight = await waitUntilLoaded(CHAINON_CONSOLE_ADMIN_URL, WAIT_MS)
  if (inFlight === 0) {
    process.stderr.write('all records can be queried\n')
    return
  }
  const why =
    inFlight === null
      ? `the ledger at ${CHAINON_CONSOLE_ADMIN_URL} could not be read`
      : `${inFlight} records are still in flight`
  process.stderr.write(`After ${WAIT_MS / 1000} s ${why}; \`chainon ledger\` shows where.\n`)
  process.exitCode = EXIT_FINDING
}

try {
  await program.parseAsync(process.argv)
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE
  else {
    if (error instanceof ChainonError) process.stderr.write(`chainon: ${error.message}\n`)
    else createLogger('synthetic', 'info').fatal({ event: 'failed', err: safeError(error) }, 'an unexpected error')
    process.exitCode = error instanceof Error && error.name === 'AbortError' ? 130 : exitStatus(error)
  }
}
