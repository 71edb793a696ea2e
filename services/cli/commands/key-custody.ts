/** The part of the command for keys that is about custodians: secrets in shares, and back. */
import { type Command, InvalidArgumentError } from 'commander'
import type { BoxOf, FolderOf } from '#core/custody/backup.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { resolveEnvironment } from '../environment.ts'
import { actor, noteInJournal } from '../journal.ts'

interface Options {
  readonly dataDir?: string
}

interface BackupOptions extends Options {
  readonly shares: number
  readonly need: number
  readonly out: string
}

interface RestoreOptions extends Options {
  readonly dryRun?: true
}

const DATA_DIR = ['--data-dir <folder>', 'data folder (default: CHAINON_DATA_DIR, else .chainon)'] as const

export function registerCustody(keys: Command, env: NodeJS.ProcessEnv): void {
  keys
    .command('backup')
    .argument('<key>', 'service and file of a secret, for instance deidentify/pseudonym-level1.key')
    .summary('split a secret into shares for custodians')
    .description(
      'Writes one file for each custodian: so many of them as --need says give the secret back, fewer tell nothing. Give each file to another person, and remove it here. The secrets and who holds them are in docs/security/secrets.md. Not for the folder `sealing`, of which a copy defeats shredding.',
    )
    .option('--shares <n>', 'custodians', count, 3)
    .option('--need <n>', 'shares that give the secret back', count, 2)
    .requiredOption('--out <folder>', 'where the files go; it should not be on a disk that is backed up')
    .option(...DATA_DIR)
    .action(async (key: string, options: BackupOptions) => {
      const { shares: of, need } = options
      if (need > of)
        throw new ConfigurationError('The key is not backed up', [`--need ${need} is more than --shares ${of}`])
      const { backUp } = await import('#core/custody/backup.ts')
      const { data, folderOf, boxOf } = await places(env, options)
      const files = await backUp(key, folderOf, options.out, { of, need }, new Date().toISOString(), boxOf)
      const facts = { shares: of, needed: need }
      noteInJournal(data, { actor: actor(), action: 'key-backup', object: `secret:${key}`, outcome: 'done', facts })
      process.stdout.write(`${files.join('\n')}\n`)
      process.stderr.write(
        `Any ${need} of these ${of} files restore ${key}. Give each to another custodian, remove it here, and try \`chainon keys restore --dry-run\` with ${need} of them.\n`,
      )
    })
  keys
    .command('restore')
    .argument('<files...>', 'share files of one secret')
    .summary('put a secret back from its shares')
    .description(
      'Writes the file of the secret, unless it is there. Nothing is overwritten: where another secret is in its place, nothing happens.',
    )
    .option('--dry-run', 'check the shares and say which key they give; write nothing')
    .option(...DATA_DIR)
    .action(async (files: string[], options: RestoreOptions) => {
      const { restore } = await import('#core/custody/backup.ts')
      const { data, folderOf, boxOf } = await places(env, options)
      const { key, fingerprint, path, present } = await restore(files, folderOf, options.dryRun ?? false, boxOf)
      const what = `${key}, fingerprint ${fingerprint}`
      if (present) process.stderr.write(`${path} is already this key (${what}).\n`)
      else if (options.dryRun) process.stderr.write(`The shares fit, and give ${what}. Nothing was written.\n`)
      else {
        noteInJournal(data, {
          actor: actor(),
          action: 'key-restore',
          object: `secret:${key}`,
          outcome: 'done',
          facts: {},
        })
        process.stderr.write(
          `Restored ${what}: ${path}. Its service compares it with the registered one when it starts.\n`,
        )
      }
    })
}

function count(text: string): number {
  const n = Number(text)
  if (!Number.isInteger(n) || n < 2 || n > 255)
    throw new InvalidArgumentError('It must be a whole number from 2 to 255.')
  return n
}

async function places(
  env: NodeJS.ProcessEnv,
  { dataDir }: Options,
): Promise<{ data: string; folderOf: FolderOf; boxOf: BoxOf }> {
  const { readConfig, secretsDir } = await import('#core/config/read.ts')
  const environment = resolveEnvironment(env, dataDir === undefined ? {} : { dataDir })
  const { openSecretBox, PROVIDER_KEYS } = await import('#core/custody/key-provider.ts')
  const config = readConfig('keys', ['CHAINON_DATA_DIR', 'CHAINON_SECRETS_DIR', ...PROVIDER_KEYS], environment)
  return {
    data: config.CHAINON_DATA_DIR,
    folderOf: (service) => secretsDir(service, config),
    boxOf: (folder) => openSecretBox(config, folder),
  }
}
