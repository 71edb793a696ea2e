/**
 * `chainon link evaluate DIR`, `chainon link train DIR` and `chainon link pace DIR`: measures the linkage on a folder with the truth, learns a model, and
 * measures how fast the linker is on a large index. Reads the command line. Exits with 0 done, 2 usage, 70 a bug, 78 a data set or a model that is wrong.
 */
import { writeFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { readConfig } from '#core/config/read.ts'
import { PROVIDER_KEYS } from '#core/custody/key-provider.ts'
import { ChainonError, ConfigurationError, exitStatus } from '#core/faults/errors.ts'
import { NO_FREQUENCIES } from '#core/linkage/frequencies.ts'
import { DEFAULT_LIMITS, type Limits } from '#core/linkage/token-index.ts'
import { REDIS_KEYS, redisClient } from '#core/redis/client.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { startProgress } from '#core/terminal/progress.ts'
import { heldIndexSecret, heldIndexVersions } from '../index/index-secret.ts'
import { readModel, writeModel } from '../link/model-file.ts'
import type { DataSet } from './data-set.ts'
import { dataSetFor } from './data-set-for.ts'
import { evaluate } from './evaluate.ts'
import { frequenciesOf, type Learnt, learn } from './learn.ts'
import { pace } from './pace.ts'
import type { RedisStore } from './run.ts'

const EXIT_USAGE = 2
const MOST_WORKERS = 64
const DEFAULT_BATCH = 32
const MOST_BATCH = 1000
const MOST_PRODUCERS = 1000
const MOST_SECONDS = 600
/** A hub is a list in Redis until there are so many. */
const MOST_HUB_IN_REDIS = 10_000

interface Flags {
  readonly fields?: string
  readonly plain?: true
  readonly budget: string
  readonly hub: string
  readonly passes?: string
}
interface PaceFlags extends Flags {
  readonly model: string
  readonly index?: string
  readonly producers: string
  readonly seconds: string
}
interface EvaluateFlags extends Flags {
  readonly workers: string
  readonly shuffle?: string
  readonly model?: string
  readonly frequencies: boolean
  readonly store: string
  readonly index?: string
  readonly batch: string
  readonly persons?: string
}

const program = new Command('chainon link').exitOverride().showHelpAfterError()
const onDataSet = (command: Command) =>
  command
    .argument('<dir>', 'a.csv, and b.csv when two sources are linked; links.csv; fields.json')
    .option('--fields <file>', 'another file in place of <dir>/fields.json')
    .option('--plain', 'compare values without filters, to show what the encoding costs')
    .option('--budget <n>', 'comparisons that a record may cost', String(DEFAULT_LIMITS.budget))
    .option('--hub <n>', 'records that may share a token before it is skipped', String(DEFAULT_LIMITS.hub))
    .option(
      '--passes <names>',
      'kinds of tokens that find candidates, with commas, to show what the others find (default: all)',
    )
onDataSet(program.command('evaluate'))
  .description(
    'Links the records of a folder one at a time, and prints as JSON how well, compared with its true pairs.',
  )
  .option('--workers <n>', 'threads that encode; one linker takes what is ready first', '1')
  .option('--shuffle <seed>', 'another order of arrival')
  .option('--model <file>', 'use this model as it is (default: one is learnt on the records, without the truth)')
  .option(
    '--no-frequencies',
    'weigh all equal values of a trait alike (default: by how frequent they are among the records)',
  )
  .option('--store <memory|redis>', 'where the index is: redis is that of REDIS_URL, as in production', 'memory')
  .option(
    '--index <name>',
    'with redis: keep the index under this name, and go on with it (default: removed at the end)',
  )
  .option('--persons <file>', 'write as CSV which person each record is of: by the first record of it')
  .option('--batch <n>', 'with redis: records that are linked together', String(DEFAULT_BATCH))
  .action(evaluateFolder)
onDataSet(program.command('pace'))
  .description(
    'Fills an index in Redis with the records of a folder, links the last of them in batches and at rates of arrival, and prints as JSON how fast, and how long each took until its person was in Redis.',
  )
  .requiredOption('--model <file>', 'that of the index')
  .option(
    '--index <name>',
    'keep the index under this name; one that is there is not filled, and then of no other use (default: removed at the end)',
  )
  .option('--producers <n>', 'who send the records, in turn', '10')
  .option('--seconds <n>', 'of each rate', '5')
  .action(paceFolder)
onDataSet(program.command('train'))
  .description('Learns a model on the records of a folder, without the truth, and writes it.')
  .requiredOption('--out <file>', 'the model')
  .action(trainFolder)

try {
  await program.parseAsync(process.argv)
} catch (error) {
  process.exitCode = report(error)
}

async function evaluateFolder(dir: string, flags: EvaluateFlags): Promise<void> {
  const problems: string[] = []
  const limits = limitsOf(flags, problems)
  const workers = integer('workers', flags.workers, 1, MOST_WORKERS, problems)
  const seed = flags.shuffle === undefined ? undefined : integer('shuffle', flags.shuffle, 0, 2 ** 31 - 1, problems)
  if (flags.plain && workers > 1) problems.push('--plain has no encoding that --workers could share: leave one out')
  const redis = await redisFor(flags, limits, problems)
  if (problems.length > 0) throw new ConfigurationError('The options are wrong', problems)
  const status = { text: 'reading', share: undefined as number | undefined }
  const progress = startProgress(() => status)
  try {
    const data = dataSetFor(dir, flags)
    const { learnt, seconds } = modelFor(data, flags, (text) => (status.text = text))
    const result = await evaluate(data, {
      plain: flags.plain === true,
      workers,
      shuffle: seed,
      model: learnt.model,
      frequencies: learnt.frequencies,
      onePerSource: learnt.onePerSource,
      limits,
      ...(redis && { redis }),
      ...(flags.persons !== undefined && {
        onPersons: (persons) => writePersons(flags.persons as string, data, persons),
      }),
      onProgress: (done) => {
        status.text = `linked ${done} of ${data.ids.length} records`
        status.share = done / data.ids.length
      },
    })
    progress.stop('')
    const head = {
      records: data.ids.length,
      sources: data.sources,
      traits: [...data.traits],
      completeness: data.completeness,
      notes: data.notes,
      encoding: flags.plain ? 'plain' : 'filters',
      order: seed === undefined ? 'as in the files' : `shuffled ${seed}`,
      workers,
      limits_set: limits,
      model: {
        version: learnt.model.version,
        training_pairs: learnt.trainingPairs,
        training_seconds: seconds,
        truth_used: false,
      },
      assumptions: assumptionsOf(data, learnt, flags.frequencies),
    }
    process.stdout.write(`${JSON.stringify({ ...head, ...result }, null, 2)}\n`)
  } finally {
    progress.stop('')
    redis?.redis.disconnect()
  }
}

/** The index of production, with the secret of this service; only a main.ts reads the environment. */
async function redisFor(
  flags: Pick<EvaluateFlags, 'store' | 'batch' | 'plain' | 'index'>,
  limits: Limits,
  problems: string[],
): Promise<RedisStore | undefined> {
  if (flags.store === 'memory') return undefined
  const batch = integer('batch', flags.batch, 1, MOST_BATCH, problems)
  const { REDIS_URL: url, CHAINON_SECRETS_DIR: secrets } = process.env
  if (flags.store !== 'redis') problems.push("--store must be 'memory' or 'redis'")
  if (flags.plain) problems.push('--plain has no encoding that an index could hold: leave it or --store redis out')
  if (limits.hub > MOST_HUB_IN_REDIS) problems.push(`--hub is at most ${MOST_HUB_IN_REDIS} with --store redis`)
  if (flags.index !== undefined && !/^[a-z0-9-]{1,40}$/.test(flags.index))
    problems.push('--index must be 1 to 40 of a-z, 0-9 and -')
  if (!url) problems.push('REDIS_URL is missing: --store redis needs it')
  if (!secrets) problems.push('CHAINON_SECRETS_DIR is missing: --store redis needs it for the key of the index')
  if (problems.length > 0 || !url || !secrets) return undefined
  const config = readConfig('linker', [...REDIS_KEYS, ...PROVIDER_KEYS] as const, process.env)
  const secret = await heldIndexSecret(secrets, config, heldIndexVersions(secrets)[0] ?? 1)
  return { redis: redisClient(config, createLogger('linker', 'warn')), secret, name: flags.index, batch }
}

async function paceFolder(dir: string, flags: PaceFlags): Promise<void> {
  const problems: string[] = []
  const limits = limitsOf(flags, problems)
  const producers = integer('producers', flags.producers, 1, MOST_PRODUCERS, problems)
  const seconds = integer('seconds', flags.seconds, 1, MOST_SECONDS, problems)
  const store = await redisFor({ ...flags, store: 'redis', batch: String(DEFAULT_BATCH) }, limits, problems)
  if (!store || problems.length > 0) throw new ConfigurationError('The options are wrong', problems)
  const status = { text: 'reading' }
  const progress = startProgress(() => status)
  try {
    const model = readModel(flags.model)
    const onProgress = (text: string) => void (status.text = text)
    const result = await pace({ dir, flags, store, model, limits, producers, seconds, onProgress })
    progress.stop('')
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  } finally {
    progress.stop('')
    store.redis.disconnect()
  }
}

function trainFolder(dir: string, flags: Flags & { readonly out: string }): void {
  const status = { text: 'reading' }
  const progress = startProgress(() => status)
  try {
    const { learnt, seconds } = modelFor(dataSetFor(dir, flags), flags, (text) => (status.text = text))
    writeModel(flags.out, learnt.model)
    progress.stop('')
    const { version } = learnt.model
    process.stdout.write(
      `${JSON.stringify({ out: flags.out, version, training_pairs: learnt.trainingPairs, seconds }, null, 2)}\n`,
    )
  } finally {
    progress.stop('')
  }
}

function writePersons(file: string, { ids }: DataSet, persons: Int32Array): void {
  const lines = ids.map((id, record) => `${cell(id)},${cell(ids[persons[record] as number] as string)}`)
  writeFileSync(file, `${['record,person', ...lines].join('\n')}\n`, { mode: 0o600 })
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function modelFor(
  data: DataSet,
  flags: Flags & Partial<Pick<EvaluateFlags, 'model' | 'frequencies'>>,
  say: (what: string) => void,
) {
  const problems: string[] = []
  const limits = limitsOf(flags, problems)
  if (problems.length > 0) throw new ConfigurationError('The options are wrong', problems)
  const started = performance.now()
  const plain = flags.plain === true
  const counted = flags.frequencies !== false
  const given = flags.model === undefined ? undefined : readModel(flags.model)
  const found: Learnt = given
    ? {
        ...{ model: given, onePerSource: false, withinSource: undefined, trainingPairs: 0 },
        frequencies: counted ? frequenciesOf(data, given, plain, limits, say) : NO_FREQUENCIES,
      }
    : learn(data, plain, limits, (what) => say(`learning a model: ${what}`))
  const learnt = counted ? found : { ...found, frequencies: NO_FREQUENCIES }
  return { learnt, seconds: Math.round((performance.now() - started) / 100) / 10 }
}

function assumptionsOf({ sources }: DataSet, { onePerSource, withinSource }: Learnt, frequencies: boolean): string[] {
  const weighed = frequencies
    ? 'equal values weigh by how frequent they are among these records'
    : 'equal values of a trait weigh alike'
  if (sources === 1) return [weighed]
  const expected = withinSource === undefined ? 'not estimated' : `expected ${Math.round(withinSource)} pairs`
  return onePerSource
    ? [weighed, `one person has at most one record in a source (within sources: ${expected})`]
    : [weighed, `a person may have several records in a source (within sources: ${expected})`]
}

function limitsOf(flags: Flags, problems: string[]): Limits {
  return {
    budget: integer('budget', flags.budget, 1, 10_000, problems),
    hub: integer('hub', flags.hub, 2, 100_000, problems),
  }
}

function integer(name: string, text: string, min: number, max: number, problems: string[]): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < min || value > max)
    problems.push(`--${name} must be an integer from ${min} to ${max}`)
  return value
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE
  const isKnown = error instanceof ChainonError
  process.stderr.write(
    `chainon: ${isKnown ? error.message : `an error of Chainon itself\n${(error as Error).stack}`}\n`,
  )
  return exitStatus(error)
}
