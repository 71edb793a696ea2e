/** `chainon key`: API keys of producers. Only hashes are stored; a key is shown when it is made. */
import type { Command } from 'commander'
import { ChainonError } from '#core/faults/errors.ts'
import { table } from '#core/terminal/table.ts'
import { dataFolder } from '../../../deploy/local/paths.ts'
import { examples, GROUPS } from '../help.ts'

/** The hospitals of the sample feed. */
const LOCAL_PRODUCERS = ['hospital-1', 'hospital-2']

interface Options {
  readonly dataDir?: string
  readonly json?: true
}

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  const key = program
    .command('key')
    .helpGroup(GROUPS.data)
    .summary('make, list and revoke API keys')
    .description('API keys of producers, in <data>/keys.json. The gateway takes a change within a second.')
    .addHelpText(
      'after',
      examples([
        ['chainon key create chu-nord --name "interface engine"', 'shows the key once'],
        ['chainon key list', 'who has one'],
        ['chainon key revoke 0123456789ab', 'from the next request on'],
      ]),
    )
  key
    .command('create')
    .argument('<producer>', 'lower case letters, digits, dots, dashes and underscores')
    .summary('make a key and show it once')
    .option('--name <name>', 'what the key is for', '')
    .option('--json', 'an object with producer, id, key')
    .option('--data-dir <folder>', 'data folder (default: CHAINON_DATA_DIR, else .chainon)')
    .action(async (producer: string, options: Options & { name: string }) => {
      const { createKey } = await import('#core/keys/admin.ts')
      const issued = createKey(dataFolder(env, options.dataDir), producer, options.name)
      if (options.json) return print(issued)
      process.stderr.write(`Key ${issued.id} of ${producer}. It is shown once; keep it like a password.\n`)
      process.stdout.write(`${issued.key}\n`)
    })
  key
    .command('list')
    .summary('list the keys, without their secrets')
    .option('--json', 'an array of objects with id, producer, name, created_at, revoked_at')
    .option('--data-dir <folder>', 'data folder (default: CHAINON_DATA_DIR, else .chainon)')
    .action(async (options: Options) => {
      const { listKeys } = await import('#core/keys/admin.ts')
      const keys = listKeys(dataFolder(env, options.dataDir))
      if (options.json) return print(keys)
      const rows = keys.map((one) => [one.id, one.producer, one.name, one.created_at, one.revoked_at ?? 'in force'])
      process.stdout.write(table(['key', 'producer', 'name', 'made', 'revoked'], rows))
    })
  key
    .command('revoke')
    .argument('<keyid>', 'as `chainon key list` shows it')
    .summary('end a key')
    .option('--data-dir <folder>', 'data folder (default: CHAINON_DATA_DIR, else .chainon)')
    .action(async (id: string, options: Options) => {
      const { revokeKey } = await import('#core/keys/admin.ts')
      if (!revokeKey(dataFolder(env, options.dataDir), id)) {
        throw new ChainonError('wrong-key', `No key with the id ${id} is in force; \`chainon key list\` shows them.`)
      }
      process.stderr.write(`Key ${id} is revoked.\n`)
    })
  key
    .command('ensure')
    .argument('[producers...]', `default: ${LOCAL_PRODUCERS.join(' ')}`)
    .summary('make keys for use on this machine, where they are missing')
    .description(
      'Gives each producer a key that this machine keeps in <data>/secrets/cli/keys (mode 0600), for `sample`, `simulate` and `push --producer`.',
    )
    .option('--json', 'an array of objects with producer and key')
    .option('--data-dir <folder>', 'data folder (default: CHAINON_DATA_DIR, else .chainon)')
    .action(async (producers: string[], options: Options) => {
      const { ensureKey } = await import('#core/keys/admin.ts')
      const data = dataFolder(env, options.dataDir)
      const names = producers.length > 0 ? producers : LOCAL_PRODUCERS
      const keys = names
        .map((producer) => ensureKey(data, producer))
        .map(({ producer, key: secret }) => ({ producer, key: secret }))
      if (options.json) return print(keys)
      process.stdout.write(
        table(
          ['producer', 'key'],
          keys.map((one) => [one.producer, one.key]),
        ),
      )
    })
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}
