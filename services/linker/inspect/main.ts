/**
 * `chainon link explain RECORD [RECORD]`, the figures of `chainon link report` and the pairs of `chainon link review`: reads the running index. It writes nothing to it, and reads
 * neither identities nor care. Exits with 0 done, 1 a record that is not there, 2 usage, 70 a bug, 75 Redis failed, 78 configuration.
 */
import { Command, CommanderError } from 'commander'
import { logLevel, readConfig } from '#core/config/read.ts'
import { ChainonError, ConfigurationError, describeUnreachable, exitStatus } from '#core/faults/errors.ts'
import { pairText } from '#core/linkage/pair-text.ts'
import { redisClient } from '#core/redis/client.ts'
import { createLogger, safeError } from '#core/telemetry/logger.ts'
import { clericalSample } from './clerical-sample.ts'
import { explainPair } from './explain-pair.ts'
import { explainPerson } from './explain-person.ts'
import { personText } from './explain-text.ts'
import { INSPECT_KEYS, type OpenIndex, openForReading } from './open-index.ts'
import { reviewQueue } from './review-queue.ts'
import { surveyIndex } from './survey.ts'

const EXIT_USAGE = 2
const DEFAULT_SAMPLE = 20_000
const MOST_SAMPLE = 1_000_000
const DEFAULT_PAIRS = 1000
const MOST_PAIRS = 100_000
const MOST_LINKS = 15_000

const program = new Command('chainon link').exitOverride().showHelpAfterError()
program
  .command('explain')
  .description(
    'Says why two records are of one person or of two: the agreement of each field, its weight, and what the pair may be. With one record: what holds its person together, and its weakest edge. A record is <feed>/<first-level pseudonym>, as in linked.<feed>.',
  )
  .argument('<record>', 'a record')
  .argument('[other]', 'another record; without it, the person of the first one')
  .option('--json', 'an object: prior, fields, classes, weight; or records, tree, weakest')
  .action((record: string, other: string | undefined, options: { readonly json?: true }) =>
    withIndex(async (index) => {
      if (other === undefined) {
        const person = await explainPerson(index, record)
        print(options.json ? person : personText(person))
      } else {
        const pair = await explainPair(index, record, other)
        print(options.json ? pair : pairText(pair))
      }
    }),
  )

program
  .command('survey')
  .description(
    'Counts the records, persons and pairs of the index, for `chainon link report`. Small counts are not masked.',
  )
  .argument('[feed]', 'with another feed: only their records, and pairs of a record of each')
  .argument('[other]', 'may be the same feed')
  .option('--sample <records>', 'records that are compared with their candidates', String(DEFAULT_SAMPLE))
  .action((feed: string | undefined, other: string | undefined, { sample }: { readonly sample: string }) => {
    const most = count('--sample', sample, MOST_SAMPLE)
    return withIndex(async (index, name) => {
      const feeds = feed === undefined ? undefined : ([feed, other ?? feed] as const)
      print(await surveyIndex(index, { name, feeds, sample: most }))
    })
  })

program
  .command('review')
  .description('Lists the pairs that the model leaves to people, by gain, for `chainon link review`.')
  .option('--sample <records>', 'records that are compared with their candidates', String(DEFAULT_SAMPLE))
  .option('--most <pairs>', 'pairs that are listed', String(DEFAULT_PAIRS))
  .option(
    '--clerical <links>',
    'in place of the queue a random sample of so many links; 0: only their numbers and order',
  )
  .action((options: { readonly sample: string; readonly most: string; readonly clerical?: string }) => {
    const sample = count('--sample', options.sample, MOST_SAMPLE)
    const most = count('--most', options.most, MOST_PAIRS)
    const links = options.clerical === undefined ? undefined : count('--clerical', options.clerical, MOST_LINKS, 0)
    return withIndex(async (index) =>
      print(
        await (links === undefined ? reviewQueue(index, { sample, most }) : clericalSample(index, { sample, links })),
      ),
    )
  })

try {
  await program.parseAsync(process.argv)
} catch (error) {
  process.exitCode = report(error)
}

async function withIndex(work: (index: OpenIndex, name: string) => Promise<void>): Promise<void> {
  const config = readConfig('linker', INSPECT_KEYS, process.env)
  const redis = redisClient(config, createLogger('linker', logLevel(process.env)), { giveUpAfterMs: 10_000 })
  try {
    await work(await openForReading(redis, config), config.CHAINON_LINKAGE_INDEX)
  } finally {
    redis.disconnect()
  }
}

function count(option: string, given: string, most: number, least = 1): number {
  const value = Number(given)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new ConfigurationError('The options are wrong', [`${option} must be an integer from ${least} to ${most}`])
}

function print(result: string | object): void {
  process.stdout.write(typeof result === 'string' ? result : `${JSON.stringify(result, null, 2)}\n`)
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE
  const text =
    error instanceof ChainonError
      ? error.message
      : (describeUnreachable(error) ?? `an error of Chainon itself ${JSON.stringify(safeError(error))}`)
  process.stderr.write(`chainon: ${text}\n`)
  return exitStatus(error)
}
