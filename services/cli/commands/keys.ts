/** `chainon keys`: API keys and client certificates of producers. Only hashes are stored; a key is shown when it is created. */
import { readFileSync } from 'node:fs'
import { type Command, InvalidArgumentError } from 'commander'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import type { JournalEvent } from '#core/journal/actions.ts'
import type { IssuedKey, ListedKey } from '#core/keys/admin.ts'
import { didYouMean } from '#core/schema/nearest.ts'
import { table } from '#core/terminal/table.ts'
import { dataFolder } from '../../../deploy/local/paths.ts'
import { duration } from '../duration.ts'
import { resolveEnvironment } from '../environment.ts'
import { examples, GROUPS } from '../help.ts'
import { actor, noteInJournal } from '../journal.ts'
import { registerCustody } from './key-custody.ts'
import { registerRotation } from './key-rotation.ts'
import { registerSealing } from './sealing-keys.ts'

/** The hospitals of the sample feed. */
const LOCAL_PRODUCERS = ['hospital-1', 'hospital-2']
const DATA_DIR = ['--data-dir <folder>', 'data folder (default: CHAINON_DATA_DIR, else .chainon)'] as const

interface Options {
  readonly dataDir?: string
  readonly json?: true
}

interface CreateOptions extends Options {
  readonly name: string
  readonly feeds: string
  readonly read: boolean
  /** File of a certificate; without it a key is made. */
  readonly certificate?: string
  /** Milliseconds; null for a key without an end. */
  readonly expires: number | null
}

interface RevokeOptions extends Options {
  readonly subject: readonly string[]
  readonly jti: readonly string[]
}

interface RotateOptions extends Options {
  /** Milliseconds. */
  readonly overlap: number
  readonly key?: string
}

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  const keys = program
    .command('keys')
    // The name of version 0.1.
    .alias('key')
    .helpGroup(GROUPS.data)
    .summary('create, list, rotate and revoke API keys')
    .description(
      'API keys of producers. <data>/keys.json has their hashes, <data>/keys-revoked.log what was revoked; both are needed in a backup. A running gateway follows at its next request.',
    )
    .addHelpText(
      'after',
      examples([
        ['chainon keys create chu-nord --name "interface engine"', 'shows the key once'],
        ['chainon keys create lab --feeds observation --expires 90d', 'for one feed, for 90 days'],
        ['chainon keys create chu-sud --certificate chu-sud.pem', 'who has this certificate logs in without a key'],
        ['chainon keys list', 'the keys: what they may do, until when, when they were last used'],
        ['chainon keys rotate chu-nord --overlap 24h', 'a new key; the former one works for another 24 hours'],
        ['chainon keys revoke 0123456789ab', 'the gateway rejects it from its next request on'],
        ['chainon keys revoke --subject chu-nord', 'so with every token that is issued to that subject, for good'],
      ]),
    )
  const load = () => import('#core/keys/admin.ts')
  keys
    .command('create')
    .argument('<producer>', 'lower case letters, digits, dots, dashes and underscores')
    .summary('create a key and show it once')
    .option('--name <name>', 'what the key is for', '')
    .option('--feeds <names>', 'feeds that it may write, comma-separated; `*` for all', '*')
    .option('--certificate <file>', 'make no key: register this client certificate (PEM) as one of the producer')
    .option('--no-read', 'it may not read what the gateway knows of it (GET /v1/key)')
    .option(
      '--expires <duration>',
      'from now on, for instance 90d, 12h; `never` for no end',
      lifetime,
      lifetime('365d'),
    )
    .option('--json', 'an object with producer, id, key; with --certificate sha256 in place of key')
    .option(...DATA_DIR)
    .action(async (producer: string, options: CreateOptions) => {
      const { addCertificate, createKey } = await load()
      const terms = {
        scopes: await scopes(env, options),
        ...(options.expires === null ? {} : { expiresAt: new Date(Date.now() + options.expires).toISOString() }),
      }
      const data = dataFolder(env, options.dataDir)
      if (options.certificate !== undefined) {
        const { readCertificate } = await import('#core/keys/certificate.ts')
        const certificate = readCertificate(readOr(options.certificate))
        const id = addCertificate(data, producer, options.name, certificate, terms)
        noteInJournal(data, created({ id, producer }, terms.scopes))
        if (options.json) return print({ producer, id, sha256: certificate.sha256 })
        process.stderr.write(`The certificate ${certificate.sha256} of ${producer} is in force.\n`)
        process.stdout.write(`${id}\n`)
        return
      }
      const issued = createKey(data, producer, options.name, terms)
      noteInJournal(data, created(issued, terms.scopes))
      show(issued, options)
    })
  keys
    .command('list')
    .summary('list the keys, without their secrets')
    .option(
      '--json',
      'an array of objects with id, kind, sha256, producer, name, scopes, state, created_at, expires_at, replaced_by, revoked_at, last_used',
    )
    .option(...DATA_DIR)
    .action(async (options: Options) => {
      const listed = (await load()).listKeys(dataFolder(env, options.dataDir))
      if (options.json) return print(listed)
      process.stdout.write(
        table(['key', 'producer', 'name', 'scopes', 'created', 'last used', 'state'], listed.map(row)),
      )
    })
  keys
    .command('rotate')
    .argument('<producer>', 'as `chainon keys list` shows it')
    .summary('create a key in place of one, which stays in force for a while')
    .option(
      '--overlap <duration>',
      'how long both are in force, for instance 24h; 0m ends the former one now',
      duration,
      duration('24h'),
    )
    .option('--key <keyid>', 'the key to replace; needed when the producer has several in force')
    .option('--json', 'an object with producer, id, key, and replaced: an object with id, expires_at')
    .option(...DATA_DIR)
    .action(async (producer: string, options: RotateOptions) => {
      const { rotateKey } = await load()
      const data = dataFolder(env, options.dataDir)
      const { issued, replaced } = rotateKey(data, producer, options.overlap, options.key)
      const facts = { producer, replaced_by: issued.id }
      noteInJournal(data, { ...ofKey(replaced.id), action: 'key-rotate', facts })
      if (options.json) return print({ ...issued, replaced })
      process.stderr.write(`Key ${replaced.id} is in force until ${replaced.expires_at}.\n`)
      show(issued, options)
    })
  keys
    .command('revoke')
    .argument('[keyids...]', 'as `chainon keys list`, or the access journal, shows them')
    .summary('revoke keys, certificates and tokens')
    .description('Also while keys.json is damaged or missing: what was revoked has a file of its own.')
    .option('--subject <sub...>', 'every token of this subject, also those that are issued later', [])
    .option('--jti <jti...>', 'the token with this id (jti)', [])
    .option('--json', 'an array of the ids that were revoked')
    .option(...DATA_DIR)
    .action(async (keyIds: string[], options: RevokeOptions) => {
      const { revokeKey } = await load()
      const { subjectId, tokenId } = await import('#core/keys/token-id.ts')
      const ids = [...keyIds, ...options.subject.map(subjectId), ...options.jti.map(tokenId)]
      if (ids.length === 0) throw new ChainonError('wrong-key', 'Name what is to be revoked.')
      const data = dataFolder(env, options.dataDir)
      const revoked = ids.filter((id) => revokeKey(data, id))
      noteInJournal(data, ...revoked.map((id) => ({ ...ofKey(id), action: 'key-revoke', facts: {} }) as const))
      if (options.json) print(revoked)
      for (const id of revoked) process.stderr.write(`Key ${id} is revoked.\n`)
      const missed = ids.filter((id) => !revoked.includes(id))
      if (missed.length > 0) {
        throw new ChainonError(
          'wrong-key',
          `No key with the id ${missed.join(', ')} is in force; \`chainon keys list\` shows them.`,
        )
      }
    })
  keys
    .command('ensure')
    .argument('[producers...]', `default: ${LOCAL_PRODUCERS.join(' ')}`)
    .summary('create the missing keys for use on this machine')
    .description(
      'Creates a key for each producer that has none on this machine, and stores it in <data>/secrets/cli/keys (mode 0600), for `sample`, `simulate` and `push --producer`.',
    )
    .option('--json', 'an array of objects with producer and key')
    .option(...DATA_DIR)
    .action(async (producers: string[], options: Options) => {
      const { ensureKey, localKey } = await load()
      const data = dataFolder(env, options.dataDir)
      const names = producers.length > 0 ? producers : LOCAL_PRODUCERS
      const made = names.map((producer) => {
        const former = localKey(data, producer)
        return { ...ensureKey(data, producer), former }
      })
      const { ALL_SCOPES } = await import('#core/keys/scopes.ts')
      const events = made.filter((one) => one.key !== one.former).map((one) => created(one, ALL_SCOPES))
      noteInJournal(data, ...events)
      const ensured = made.map(({ producer, key: secret }) => ({ producer, key: secret }))
      if (options.json) return print(ensured)
      const rows = ensured.map((one) => [one.producer, one.key])
      process.stdout.write(table(['producer', 'key'], rows))
    })
  registerSealing(keys, env)
  registerCustody(keys, env)
  registerRotation(keys, env)
}

function ofKey(id: string) {
  return { actor: actor(), object: `key:${id}`, outcome: 'done' } as const
}

/** @throws ConfigurationError when the file cannot be read */
function readOr(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new ConfigurationError('The certificate cannot be read', [`${file}: ${errorCode(error)}`])
  }
}

function created({ id, producer }: Pick<IssuedKey, 'id' | 'producer'>, allowed: readonly string[]): JournalEvent {
  return { ...ofKey(id), action: 'key-create', facts: { producer, scopes: allowed } }
}

function lifetime(text: string): number | null {
  if (text === 'never') return null
  const ms = duration(text)
  if (ms === 0) throw new InvalidArgumentError('It must be longer than 0.')
  return ms
}

/** @throws ConfigurationError for a feed that does not exist: a misspelt name would make a key that stores nothing */
async function scopes(env: NodeJS.ProcessEnv, { feeds, read, dataDir }: CreateOptions): Promise<readonly string[]> {
  const { READ_OWN, writeScope } = await import('#core/keys/scopes.ts')
  const { loadContracts } = await import('#core/contract/load.ts')
  const names = feeds.split(',').map((name) => name.trim())
  const { CHAINON_FEEDS_DIR: folder = '' } = resolveEnvironment(env, dataDir === undefined ? {} : { dataDir })
  const known = names.includes('*') ? [] : loadContracts(folder).map(({ feed }) => feed)
  const problems = names
    .filter((name) => name !== '*' && !known.includes(name))
    .map((name) => `there is no feed '${name}'${didYouMean(name, known)}; \`chainon feeds\` lists them`)
  if (problems.length > 0 && !names.includes('*')) throw new ConfigurationError('The key is not created', problems)
  const written = names.includes('*') ? ['*'] : names
  return [...written.map(writeScope), ...(read ? [READ_OWN] : [])]
}

function row(key: ListedKey): string[] {
  const { id, producer, name, scopes: allowed, state, created_at: created, expires_at: expires, revoked_at: at } = key
  const shownName = key.kind === 'certificate' ? `${name} (certificate)`.trim() : name
  const until = expires === undefined ? 'in force' : `in force until ${minute(expires)}`
  const shown =
    state === 'revoked'
      ? `revoked ${minute(at ?? '')}`
      : state === 'expired'
        ? `expired ${minute(expires ?? '')}`
        : until
  return [id, producer, shownName, allowed.join(' '), minute(created), key.last_used ?? '-', shown.trim()]
}

/** @returns an ISO 8601 time to the minute */
function minute(time: string): string {
  return time.replace(/:\d\d\.\d{3}Z$/, 'Z')
}

function show(issued: IssuedKey, { json }: Options): void {
  if (json) return print(issued)
  process.stderr.write(`Key ${issued.id} of ${issued.producer}. It is shown only now; store it like a password.\n`)
  process.stdout.write(`${issued.key}\n`)
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}
