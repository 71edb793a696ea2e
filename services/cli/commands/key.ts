/** `chainon key`: API keys of producers. Only hashes are stored; a key is shown when it is created. */
import type { Command } from 'commander'
import { ChainonError } from '#core/faults/errors.ts'
import { table } from '#core/terminal/table.ts'
import { dataFolder } from '../../../deploy/local/paths.ts'
import { examples, GROUPS } from '../help.ts'
import { registerSealing } from './sealing-keys.ts'

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
    .summary('create, list and revoke API keys')
    .description('API keys of producers, in <data>/keys.json. The gateway reads a change within a second.')
    .addHelpText(
      'after',
      examples([
        ['chainon key create chu-nord --name "interface engine"', 'shows the key once'],
        ['chainon key list', 'the keys and their producers'],
        ['chainon key revoke 0123456789ab', 'the gateway rejects it within a second'],
      ]),
    )
  key
    .command('create')
    .argument('<producer>', 'lower case letters, digits, dots, dashes and underscores')
    .summary('create a key and show it once')
    .option('--name <name>', 'what the key is for', '')
    .option('--json', 'an object with producer, id, key')
    .option('--data-dir <folder>', 'data folder (default: CHAINON_DATA_DIR, else .chainon)')
    .action(async (producer: string, options: Options & { name: string }) => {
      const { createKey } = await import('#core/keys/admin.ts')
      const issued = createKey(dataFolder(env, options.dataDir), producer, options.name)
      if (options.json) return print(issued)
      process.stderr.write(`Key ${issued.id} of ${producer}. It is shown only now; store it like a password.\n`)
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
      process.stdout.write(table(['key', 'producer', 'name', 'created', 'revoked'], rows))
    })
  key
    .command('revoke')
    .argument('<keyid>', 'as `chainon key list` shows it')
    .summary('revoke a key')
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
    .summary('create the missing keys for use on this machine')
    .description(
      'Creates a key for each producer that has none on this machine, and stores it in <data>/secrets/cli/keys (mode 0600), for `sample`, `simulate` and `push --producer`.',
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
  registerSealing(key, env)
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}
