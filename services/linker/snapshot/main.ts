/**
 * `chainon link snapshot-key`, `snapshot`, `snapshots` and `restore`: sealed snapshots of the linkage index (docs/adr/0060). It runs where the linker runs, with its key and logins.
 * Exits with 0 done, 1 the linker took none, 2 usage, 70 a bug, 75 a dependency failed, 78 configuration, or a snapshot that cannot be used.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { logLevel, secretsDir } from '#core/config/read.ts'
import { loadContracts } from '#core/contract/load.ts'
import { topicOf } from '#core/contract/names.ts'
import { combined, SNAPSHOT_KEY } from '#core/custody/backup.ts'
import { encodingVersions, fileOfKey, indexKey } from '#core/custody/encoding-versions.ts'
import { readFingerprints } from '#core/custody/kafka-register.ts'
import { ChainonError, ConfigurationError, describeUnreachable, exitStatus } from '#core/faults/errors.ts'
import { kafkaClient } from '#core/kafka/client.ts'
import { redisClient } from '#core/redis/client.ts'
import { createLogger, safeError } from '#core/telemetry/logger.ts'
import { startProgress } from '#core/terminal/progress.ts'
import { linkerConfig, snapshotFolder } from '../config.ts'
import { indexForm, linkageForm } from '../index/index-form.ts'
import { heldIndexVersions, indexName, indexSecret } from '../index/index-secret.ts'
import { indexKeys } from '../index/keys.ts'
import { indexLease, LEASE_MS, type Lease } from '../index/lease.ts'
import { answered, ask, makeFolder, snapshotsIn, unask } from './folder.ts'
import { assertReplaceable, checkSnapshot, restoreSnapshot } from './restore-snapshot.ts'
import { assertStopped, type GoesOnAt, goesOnAt, rewind } from './rewind.ts'
import { makeSnapshotKey } from './snapshot-key.ts'

const EXIT_USAGE = 2
const EXIT_FAILED = 1
const POLL_MS = 200
const LEASE_AGAIN_MS = 500
/** A linker that runs looks each second; one that opens a large index first is not waited for. */
const ANSWER_MS = 30_000

const logger = createLogger('linker', logLevel(process.env))
const program = new Command('chainon link').exitOverride().showHelpAfterError()

program
  .command('key')
  .description('Makes the pair for which snapshots are sealed, and writes the shares of its secret half.')
  .option('--shares <n>', 'custodians', shares, 3)
  .option('--need <n>', 'shares that open a snapshot', shares, 2)
  .requiredOption('--out <folder>', 'where the shares go')
  .option('--replace', 'later snapshots are sealed for a new pair')
  .action(async ({ shares: of, need, out, replace }: { shares: number; need: number; out: string; replace?: true }) => {
    if (need > of)
      throw new ConfigurationError('The snapshot key is not made', [`--need ${need} is more than --shares ${of}`])
    const { folder, secret } = await ownSecret()
    const how = { of, need, out, replace: replace ?? false }
    const { files, fingerprint } = await makeSnapshotKey(folder, secret, how, new Date().toISOString())
    process.stdout.write(`${files.join('\n')}\n`)
    process.stderr.write(
      `Any ${need} of these ${of} files open the snapshots that are taken from now on (key ${fingerprint}). Give each to another custodian, and remove it here: without ${need} of them no snapshot can be restored.\n`,
    )
  })

program
  .command('take')
  .description('Asks the running linker for a snapshot, and waits for it.')
  .option('--json', 'an object with path, records and bytes')
  .action(async ({ json }: { readonly json?: true }) => {
    const folder = snapshotFolder(config())
    const id = randomBytes(8).toString('hex')
    makeFolder(folder)
    ask(folder, id)
    const progress = startProgress(() => view(answered(folder), id))
    try {
      const done = await waitFor(folder, id)
      progress.stop('')
      if (done.state === 'failed') {
        process.stderr.write(`chainon: no snapshot was taken: ${done.text}\n`)
        process.exitCode = EXIT_FAILED
      } else if (json) print({ path: done.text, records: done.records, bytes: done.bytes })
      else process.stdout.write(`${done.text}\n`)
    } finally {
      progress.stop('')
    }
  })

program
  .command('list')
  .description('Lists the snapshots of the index, the newest first.')
  .option('--json', 'an array of objects with path, taken_at and bytes')
  .action(({ json }: { readonly json?: true }) => {
    const settings = config()
    const names = heldIndexVersions(secretsDir('linker', settings)).map((version) => indexName(settings, version))
    const found = names
      .flatMap((name) => snapshotsIn(snapshotFolder(settings), name))
      .toSorted((a, b) => b.takenAt - a.takenAt)
      .map(({ path, takenAt, bytes }) => ({ path, taken_at: new Date(takenAt).toISOString(), bytes }))
    if (json) return print(found)
    for (const one of found) process.stdout.write(`${one.taken_at}  ${one.bytes} bytes  ${one.path}\n`)
    if (found.length === 0) process.stderr.write('There is no snapshot.\n')
  })

program
  .command('restore')
  .argument('<snapshot>', 'the file')
  .description('Puts the index of a snapshot back into Redis. The linker must not run.')
  .requiredOption('--share <file...>', 'share files of the snapshot key')
  .option('--dry-run', 'read and check the whole snapshot, and change nothing')
  .option('--replace', 'remove an index that is there')
  .option('--json', 'an object with created_at, records, present, expired, positions and dry_run')
  .action(restore)

try {
  await program.parseAsync(process.argv)
} catch (error) {
  process.exitCode = report(error)
}
// The clients' connections are closed; a handle of theirs that is still open must not keep the process.
process.exit()

interface RestoreOptions {
  readonly share: readonly string[]
  readonly dryRun?: true
  readonly replace?: true
  readonly json?: true
}

async function restore(path: string, options: RestoreOptions): Promise<void> {
  const { key, secret: seed, fingerprint } = await combined(options.share)
  if (key !== SNAPSHOT_KEY)
    throw new ConfigurationError('The snapshot is not restored', [
      `the shares are of ${key}, and not of ${SNAPSHOT_KEY}`,
    ])
  const settings = config()
  const { secret, version } = await ownSecret()
  const contracts = loadContracts(settings.CHAINON_FEEDS_DIR)
  const name = indexName(settings, version)
  const { kinds, ...of } = linkageForm(settings, contracts)
  const form = indexForm({ ...of, keys: indexKeys(secret), kinds: kinds.length })
  const redis = redisClient(settings, logger, { giveUpAfterMs: 10_000 })
  const lease = indexLease(redis, name, logger)
  const kafka = kafkaClient('linker', settings, logger)
  const groupId = `${settings.CHAINON_NAMESPACE}linker`
  const topics = contracts
    .filter(({ linked }) => linked)
    .map(({ feed }) => topicOf(settings.CHAINON_NAMESPACE, 'linkage', feed))
  let step = 'checking the snapshot'
  const progress = startProgress(() => ({ text: step }))
  try {
    const place = { redis, name, form, indexSecret: secret }
    const checked = await checkSnapshot(path, place, { seed, fingerprint })
    const places = await goesOnAt(kafka, topics, checked.trailer.positions)
    if (!options.dryRun) {
      assertReplaceable(checked, name, options.replace ?? false)
      await assertStopped(kafka, groupId)
      // A linker that waits outside of the group goes on waiting, and takes over when the index is whole.
      if (!(await tookLease(lease)))
        throw new ConfigurationError('The snapshot is not restored', [
          'a linker has the index: stop all of them, also those that wait (`standby` in /health)',
        ])
      lease.keep(() => logger.warn({ event: 'lease-lost' }))
      step = 'writing the index into Redis'
      await restoreSnapshot(path, place, { seed, checked }, async () => {
        await assertStopped(kafka, groupId)
        await rewind(kafka, groupId, places)
      })
    }
    progress.stop('')
    tell(checked, places, options)
  } finally {
    progress.stop('')
    await lease.release()
    redis.disconnect()
  }
}

/** That of a linker which was lost a moment ago ends by itself. */
async function tookLease(lease: Pick<Lease, 'take'>): Promise<boolean> {
  for (const until = Date.now() + LEASE_MS + LEASE_AGAIN_MS; Date.now() < until; await sleep(LEASE_AGAIN_MS))
    if (await lease.take()) return true
  return false
}

function tell(
  { header, trailer, present }: Awaited<ReturnType<typeof checkSnapshot>>,
  places: readonly GoesOnAt[],
  options: RestoreOptions,
): void {
  const expired = places.reduce((sum, one) => sum + one.expired, 0n)
  if (options.json)
    return print({
      created_at: header.created_at,
      records: trailer.records,
      present,
      expired: Number(expired),
      positions: places.map((one) => ({ ...one, offset: one.offset.toString(), expired: Number(one.expired) })),
      dry_run: options.dryRun ?? false,
    })
  const lines = [
    `The snapshot of ${header.created_at} is whole: ${trailer.records} records, cancelled ones included.`,
    present > 0
      ? `The index that is there has ${present} records${options.dryRun ? ': --replace would remove them' : ', which were removed'}.`
      : '',
    expired > 0n
      ? `Kafka no longer has ${expired} encodings that came after it: these records are linked to no other until they are sent again.`
      : 'Kafka has all encodings that came after it.',
    options.dryRun
      ? 'Nothing was changed.'
      : 'The index is restored, with the persons of then. Start the linker: it reads what came after the snapshot.',
  ]
  process.stdout.write(`${lines.filter((line) => line !== '').join('\n')}\n`)
}

async function waitFor(folder: string, id: string) {
  for (const begun = Date.now(); ; await sleep(POLL_MS)) {
    const given = answered(folder)
    if (given?.id === id && given.state !== 'taking') return given
    if (given?.id !== id && Date.now() - begun > ANSWER_MS) {
      unask(folder)
      throw new ChainonError(
        'dependency-unavailable',
        `no linker has answered within ${ANSWER_MS / 1000} s: it takes the snapshots, and must run with this folder (${folder})`,
      )
    }
  }
}

function view(given: ReturnType<typeof answered>, id: string) {
  if (given?.id !== id || given.of === 0) return { text: 'waiting for the linker' }
  return { text: `${given.records} of ${given.of} records`, share: given.records / given.of }
}

function config() {
  return linkerConfig(process.env)
}

/** That of the version in force. */
async function ownSecret(): Promise<{ readonly folder: string; readonly secret: Buffer; readonly version: number }> {
  const settings = config()
  const folder = secretsDir('linker', settings)
  const names = await readFingerprints(kafkaClient('linker', settings, logger), settings.CHAINON_NAMESPACE)
  const version = encodingVersions(names.keys()).inForce
  if (fileOfKey(folder, indexKey(version)) === undefined)
    throw new ConfigurationError('There is no key of the linkage index here', [
      `${indexKey(version)} is not in ${folder}: this runs where the linker runs; on a new host restore it from its shares first (chainon keys restore)`,
    ])
  return { folder, secret: await indexSecret(folder, settings, version, names), version }
}

function shares(text: string): number {
  const n = Number(text)
  if (!Number.isInteger(n) || n < 2 || n > 255)
    throw new InvalidArgumentError('It must be a whole number from 2 to 255.')
  return n
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
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
