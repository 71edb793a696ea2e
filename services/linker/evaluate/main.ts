/**
 * `chainon link evaluate DIR` and `chainon link train DIR`: measures the linkage on a folder with the truth, and learns a model. Reads
 * the command line. Exits with 0 done, 2 usage, 70 a bug, 78 a data set or a model that is wrong.
 */
import { Command, CommanderError } from 'commander'
import { ChainonError, ConfigurationError, exitStatus } from '#core/faults/errors.ts'
import { DEFAULT_LIMITS } from '#core/linkage/token-index.ts'
import { startProgress } from '#core/terminal/progress.ts'
import { type DataSet, readDataSet } from './data-set.ts'
import { evaluate } from './evaluate.ts'
import { type Learnt, learn } from './learn.ts'
import { readModel, writeModel } from './model-file.ts'

const EXIT_USAGE = 2
const MOST_WORKERS = 64

interface Flags {
  readonly fields?: string
  readonly plain?: true
  readonly budget: string
  readonly hub: string
}
interface EvaluateFlags extends Flags {
  readonly workers: string
  readonly shuffle?: string
  readonly model?: string
}

const program = new Command('chainon link').exitOverride().showHelpAfterError()
const onDataSet = (command: Command) =>
  command
    .argument('<dir>', 'a.csv, and b.csv when two sources are linked; links.csv; fields.json')
    .option('--fields <file>', 'another file in place of <dir>/fields.json')
    .option('--plain', 'compare values without filters, to show what the encoding costs')
    .option('--budget <n>', 'comparisons that a record may cost', String(DEFAULT_LIMITS.budget))
    .option('--hub <n>', 'records that may share a token before it is skipped', String(DEFAULT_LIMITS.hub))
onDataSet(program.command('evaluate'))
  .description(
    'Links the records of a folder one at a time, and prints as JSON how well, compared with its true pairs.',
  )
  .option('--workers <n>', 'threads that encode; one linker takes what is ready first', '1')
  .option('--shuffle <seed>', 'another order of arrival')
  .option('--model <file>', 'use this model as it is (default: one is learnt on the records, without the truth)')
  .action(evaluateFolder)
onDataSet(program.command('train'))
  .description('Learns a model on the records of a folder, without the truth, and writes it.')
  .requiredOption('--out <file>', 'the model; mode 0600: its frequencies are those of encoded values')
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
  if (problems.length > 0) throw new ConfigurationError('The options are wrong', problems)
  const status = { text: 'reading', share: undefined as number | undefined }
  const progress = startProgress(() => status)
  try {
    const data = readDataSet(dir, flags.fields)
    const { learnt, seconds } = modelFor(data, flags, (text) => (status.text = text))
    const result = await evaluate(data, {
      plain: flags.plain === true,
      workers,
      shuffle: seed,
      model: learnt.model,
      onePerSource: learnt.onePerSource,
      limits,
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
      assumptions: assumptionsOf(data, learnt),
    }
    process.stdout.write(`${JSON.stringify({ ...head, ...result }, null, 2)}\n`)
  } finally {
    progress.stop('')
  }
}

function trainFolder(dir: string, flags: Flags & { readonly out: string }): void {
  const status = { text: 'reading' }
  const progress = startProgress(() => status)
  try {
    const { learnt, seconds } = modelFor(readDataSet(dir, flags.fields), flags, (text) => (status.text = text))
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

function modelFor(data: DataSet, flags: Flags & { readonly model?: string }, say: (what: string) => void) {
  const problems: string[] = []
  const limits = limitsOf(flags, problems)
  if (problems.length > 0) throw new ConfigurationError('The options are wrong', problems)
  const started = performance.now()
  const learnt: Learnt =
    flags.model === undefined
      ? learn(data, flags.plain === true, limits, (what) => say(`learning a model: ${what}`))
      : { model: readModel(flags.model), onePerSource: false, withinSource: undefined, trainingPairs: 0 }
  return { learnt, seconds: Math.round((performance.now() - started) / 100) / 10 }
}

function assumptionsOf({ sources }: DataSet, { onePerSource, withinSource }: Learnt): string[] {
  if (sources === 1) return []
  const expected = withinSource === undefined ? 'not estimated' : `expected ${Math.round(withinSource)} pairs`
  return onePerSource
    ? [`one person has at most one record in a source (within sources: ${expected})`]
    : [`a person may have several records in a source (within sources: ${expected})`]
}

function limitsOf(flags: Flags, problems: string[]) {
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
