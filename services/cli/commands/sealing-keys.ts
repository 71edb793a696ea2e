/** The part of the command for keys that is about sealing: the days that can be read, and how to make one unreadable. */
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { ChainonError } from '#core/faults/errors.ts'
import type { JournalEvent } from '#core/journal/actions.ts'
import { table } from '#core/terminal/table.ts'
import { resolveEnvironment } from '../environment.ts'
import { actor, noteInJournal } from '../journal.ts'

interface Options {
  readonly dataDir?: string
  readonly json?: true
}

interface ShredOptions extends Options {
  readonly reason: string
  readonly by?: string
  readonly dryRun?: true
  readonly loseUnread?: true
}

const DATA_DIR = ['--data-dir <folder>', 'data folder (default: CHAINON_DATA_DIR, else .chainon)'] as const

export function registerSealing(keys: Command, env: NodeJS.ProcessEnv): void {
  keys
    .command('days')
    .summary('list the days whose records can be read, and those that were shredded')
    .option('--json', 'an object with live and shredded days')
    .option(...DATA_DIR)
    .action(async (options: Options) => {
      const { dayKeys, authority, textOfDay } = await open(env, options)
      const live = (await dayKeys.live()).map(({ day, id }) => ({ day: textOfDay(day), id }))
      const shredded = dayKeys.shredded()
      if (options.json) {
        process.stdout.write(`${JSON.stringify({ authority, live, shredded }, null, 2)}\n`)
        return
      }
      const rows = [
        ...shredded.map(({ day, id, at, who, why }) => [day, id, `shredded ${at} by ${who}: ${why}`]),
        ...live.map(({ day, id }) => [day, id, 'can be read']),
      ]
      process.stdout.write(table(['day', 'key', 'state'], rows))
    })
  keys
    .command('shred')
    .argument('<day>', 'YYYY-MM-DD, a day of UTC that is over')
    .summary('make what was sealed on a day unreadable, for ever')
    .description(
      'Overwrites and removes the private key of a day on this host (each host of deidentify has a copy). What the identified topics still have of that day, and every copy of them, cannot be read any more. The pseudonymised log and the tables stay. Keys whose retention has ended are shredded by deidentify itself.',
    )
    .requiredOption('--reason <text>', 'why')
    .option('--by <name>', 'who decides it (default: the user of this process)')
    .option('--dry-run', 'show what would be lost, change nothing')
    .option(
      '--lose-unread',
      'also when deidentify has not read all records of the day: they are quarantined as key-shredded',
    )
    .option(...DATA_DIR)
    .action(async (text: string, options: ShredOptions) => {
      const opened = await open(env, options)
      const { dayKeys, parseDay, today } = opened
      const day = parseDay(text)
      if (day === undefined) throw new ChainonError('date', `${text} is not a day (YYYY-MM-DD).`)
      if (day >= today)
        throw new ChainonError('date', `${text} is not over: records of this day are still sealed with its key.`)
      const key = (await dayKeys.live()).find((one) => one.day === day)
      if (!key) throw new ChainonError('not-found', `There is no key of ${text}; \`chainon keys days\` shows them.`)
      const left = await opened.unread(day)
      process.stderr.write(`Key ${key.id} of ${text}. Records up to this day that deidentify has not read: ${left}.\n`)
      if (options.dryRun) return
      if (left > 0n && !options.loseUnread) {
        process.stderr.write(
          'chainon: nothing was shredded: wait until deidentify has read them, or give --lose-unread.\n',
        )
        process.exitCode = 1
        return
      }
      const at = new Date().toISOString()
      noteInJournal(opened.data, shredding(text, key.id, 'begun'))
      const entry = await dayKeys.shred(day, { who: options.by ?? userInfo().username, why: options.reason, at })
      noteInJournal(opened.data, shredding(text, key.id, 'done'))
      process.stdout.write(`${JSON.stringify(entry, null, 2)}\n`)
    })
}

function shredding(day: string, key: string, outcome: 'begun' | 'done'): JournalEvent {
  return { actor: actor(), action: 'day-shred', object: `day:${day}`, outcome, facts: { key } }
}

async function open(env: NodeJS.ProcessEnv, { dataDir }: Options) {
  const { readConfig, secretsDir } = await import('#core/config/read.ts')
  const { loadContracts } = await import('#core/contract/load.ts')
  const { openSecretBox, PROVIDER_KEYS } = await import('#core/custody/key-provider.ts')
  const { KAFKA_KEYS, kafkaClient } = await import('#core/kafka/client.ts')
  const { withAdmin } = await import('#core/kafka/offsets.ts')
  const { authorityOf } = await import('#core/sealing/announcements.ts')
  const { dayOf, parseDay, textOfDay } = await import('#core/sealing/day.ts')
  const { openDayKeys } = await import('#core/sealing/day-keys.ts')
  const { unreadOfDay } = await import('#core/sealing/unread.ts')
  const { createLogger } = await import('#core/telemetry/logger.ts')
  const environment = resolveEnvironment(env, dataDir === undefined ? {} : { dataDir })
  const config = readConfig(
    'keys',
    [...KAFKA_KEYS, 'CHAINON_FEEDS_DIR', 'CHAINON_DATA_DIR', 'CHAINON_SECRETS_DIR', ...PROVIDER_KEYS],
    environment,
  )
  const today = dayOf(Date.now())
  const secrets = secretsDir('deidentify', config)
  const dayKeys = openDayKeys(join(secrets, 'sealing'), today, false, await openSecretBox(config, secrets))
  return {
    data: config.CHAINON_DATA_DIR,
    dayKeys,
    today,
    parseDay,
    textOfDay,
    authority: authorityOf(dayKeys.authority),
    async unread(day: number): Promise<bigint> {
      const feeds = loadContracts(config.CHAINON_FEEDS_DIR).map(({ feed }) => feed)
      const kafka = kafkaClient('keys', config, createLogger('keys', 'fatal'))
      try {
        return await withAdmin(kafka, (admin) => unreadOfDay(admin, config.CHAINON_NAMESPACE, feeds, day))
      } catch (cause) {
        throw new ChainonError('dependency-unavailable', 'Kafka is unreachable (KAFKA_BROKERS)', { cause })
      }
    },
  }
}
