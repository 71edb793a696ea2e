/**
 * `chainon link explain RECORD [RECORD]`: reads the running index and says why records are linked. It writes nothing to the index, and reads
 * neither identities nor care. Exits with 0 done, 1 a record that is not there, 2 usage, 70 a bug, 75 Redis failed, 78 configuration.
 */
import { Command, CommanderError } from 'commander'
import { logLevel, readConfig } from '#core/config/read.ts'
import { ChainonError, describeUnreachable, exitStatus } from '#core/faults/errors.ts'
import { redisClient } from '#core/redis/client.ts'
import { createLogger, safeError } from '#core/telemetry/logger.ts'
import { explainPair } from './explain-pair.ts'
import { explainPerson } from './explain-person.ts'
import { pairText, personText } from './explain-text.ts'
import { INSPECT_KEYS, type OpenIndex, openForReading } from './open-index.ts'

const EXIT_USAGE = 2

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

try {
  await program.parseAsync(process.argv)
} catch (error) {
  process.exitCode = report(error)
}

async function withIndex(work: (index: OpenIndex) => Promise<void>): Promise<void> {
  const config = readConfig('linker', INSPECT_KEYS, process.env)
  const redis = redisClient(config, createLogger('linker', logLevel(process.env)), { giveUpAfterMs: 10_000 })
  try {
    await work(await openForReading(redis, config))
  } finally {
    redis.disconnect()
  }
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
