/**
 * `chainon link`: shows the state of the linkage index, and makes it again from the log. A command, not a server: it exits with 0 done,
 * 1 a finding (the index is stale), 2 usage, 70 a bug, 75 a dependency failed or another rebuild runs, 78 configuration.
 */
import { parseArgs } from 'node:util'
import { avroRegistry } from '#core/avro/registry.ts'
import { clickhouseClient } from '#core/clickhouse/client.ts'
import { logLevel, secretsDir } from '#core/config/read.ts'
import { pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { MARKER_SCHEMA } from '#core/contract/marker.ts'
import { topicOf } from '#core/contract/names.ts'
import { readFingerprints } from '#core/custody/kafka-register.ts'
import { openSecretBox } from '#core/custody/key-provider.ts'
import { assertVersionInForce } from '#core/custody/key-versions.ts'
import { warehouseRegister } from '#core/custody/warehouse-register.ts'
import { openWrap } from '#core/custody/wrap-keys.ts'
import { ChainonError, describeUnreachable, exitStatus } from '#core/faults/errors.ts'
import { kafkaClient } from '#core/kafka/client.ts'
import { redisClient } from '#core/redis/client.ts'
import { createLogger, safeError } from '#core/telemetry/logger.ts'
import { startProgress } from '#core/terminal/progress.ts'
import { linkConfig } from '../config.ts'
import { judge, readWarehouse } from '../link/index-check.ts'
import { type IndexStore, indexStore } from '../link/index-store.ts'
import { connected } from '../link/link-index.ts'
import { openAllTokens } from '../link/token-key.ts'
import { openSecondLevel } from '../second-level.ts'
import { validateRecord } from '../steps/validate-record.ts'
import { type RebuildDependencies, type Rebuilt, rebuildLinks, tryRebuild } from './rebuild.ts'
import type { ReplayProgress } from './replay.ts'

const USAGE_STATUS = 2
const FINDING_STATUS = 1
const USAGE = 'usage: rebuild/main.ts status [--json] | rebuild [--dry-run] [--json] [--background]\n'

const logger = createLogger('link', logLevel(process.env))
process.exitCode = await run().catch((error: unknown) => {
  const text =
    error instanceof ChainonError ? error.message : (describeUnreachable(error) ?? 'an error of Chainon itself')
  if (readArguments().background) {
    logger.error({ event: 'link-rebuild-failed', err: safeError(error) }, text)
    // The last line says to curate why there is no index yet.
    process.stdout.write(`${text}\n`)
  } else {
    if (!(error instanceof ChainonError)) logger.fatal({ event: 'failed', err: safeError(error) })
    process.stderr.write(`chainon: ${text}\n`)
  }
  return exitStatus(error)
})
// The clients' connections are closed; a handle of theirs that is still open must not keep the process.
process.exit()

async function run(): Promise<number> {
  const { command, json, dryRun, background } = readArguments()
  if (command !== 'status' && command !== 'rebuild') {
    process.stderr.write(USAGE)
    return USAGE_STATUS
  }
  if (background) endWithParent()
  const config = linkConfig(process.env)
  const namespace = config.CHAINON_NAMESPACE
  const contracts = loadContracts(config.CHAINON_FEEDS_DIR).filter((contract) => contract.linked)
  const redis = redisClient(config, logger, { resend: false })
  const clickhouse = clickhouseClient('link', config)
  const store = indexStore(redis, namespace)
  try {
    await connected(redis)
    if (command === 'status') {
      const feeds = contracts.map(({ feed }) => feed)
      return await showStatus(store, () => readWarehouse(clickhouse, feeds), json)
    }
    const register = warehouseRegister(clickhouse)
    const secrets = secretsDir('curate', config)
    const box = await openSecretBox(config, secrets)
    const { version, level2, secondLevelToken } = await openSecondLevel(secrets, register, box)
    const kafka = kafkaClient('link', config, logger)
    const opened = await openWrap({ folder: secrets, box }, await readFingerprints(kafka, namespace))
    const tokens = await openAllTokens(kafka, namespace, { dir: secrets, register, box }, opened.tokens)
    const registry = avroRegistry(config)
    let progress: ReplayProgress = { done: 0, total: 0 }
    const shown = background ? undefined : startProgress(() => progressView(progress))
    const dependencies: RebuildDependencies = {
      store,
      clickhouse,
      kafka,
      namespace,
      feeds: contracts.map((contract) => ({
        contract,
        level2,
        secondLevelToken,
        topic: topicOf(namespace, 'pseudonymised', contract.feed),
        decoder: registry.decoder([pseudonymisedSchema(contract), MARKER_SCHEMA]),
        wrap: opened.wrap,
        tokens,
        validate: validateRecord(contract),
      })),
      keyVersion: version,
      assertKeyInForce: () => assertVersionInForce(register, version),
      onProgress(now) {
        progress = now
        if (background) logger.info({ event: 'link-rebuild', ...now })
      },
    }
    const rebuilt = await (dryRun ? tryRebuild : rebuildLinks)(dependencies).finally(() => shown?.stop(''))
    if (background) logger.info({ event: 'link-rebuilt', ...rebuilt })
    else process.stdout.write(json ? `${JSON.stringify(rebuilt, null, 2)}\n` : textOf(rebuilt, dryRun))
    return 0
  } finally {
    redis.disconnect()
    await clickhouse.close()
  }
}

function readArguments(): { command: string | undefined; json: boolean; dryRun: boolean; background: boolean } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean' }, 'dry-run': { type: 'boolean' }, background: { type: 'boolean' } },
    })
    const { json = false, 'dry-run': dryRun = false, background = false } = values
    return { command: positionals.length === 1 ? positionals[0] : undefined, json, dryRun, background }
  } catch {
    return { command: undefined, json: false, dryRun: false, background: false }
  }
}

/** curate has started it: the end of the pipe is the end of curate, and the next curate goes on with the rebuild. */
function endWithParent(): void {
  process.stdin.on('end', () => process.exit(75)).resume()
}

function progressView({ done, total }: ReplayProgress): { text: string; share?: number } {
  const text = `${done.toLocaleString('en')} of ${total.toLocaleString('en')} messages`
  return total === 0 ? { text: '' } : { text, share: done / total }
}

function textOf({ patients, changed, added, generation }: Rebuilt, dryRun: boolean): string {
  const what = dryRun ? 'A rebuild would write' : `Generation ${generation} has`
  return `${what} the links of ${patients.toLocaleString('en')} patients; ${changed.toLocaleString('en')} differ from the links before, ${added.toLocaleString('en')} had none.\n`
}

async function showStatus(
  store: IndexStore,
  warehouse: () => ReturnType<typeof readWarehouse>,
  json: boolean,
): Promise<number> {
  const known = await warehouse()
  const [current, building] = [await store.read('current'), await store.read('building')]
  const verdict = judge(current, known)
  const stale = verdict.kind === 'stale'
  const { done, total } = building?.fields ?? {}
  const status = {
    state: stale ? 'stale' : 'ready',
    reason: stale ? verdict.reason : null,
    incarnation: current?.id ?? null,
    generation: current?.generation ?? null,
    rebuild: building ? { incarnation: building.id, done: Number(done ?? 0), total: Number(total ?? 0) } : null,
  }
  const lines = [
    stale
      ? `The linkage index is stale: ${verdict.reason}. Records with patients wait.`
      : `The linkage index is ready${current ? ` (generation ${current.generation}, ${current.id})` : ': it is empty'}.`,
    ...(building ? [`It is being rebuilt: ${progressView({ done: Number(done), total: Number(total) }).text}.`] : []),
  ]
  process.stdout.write(json ? `${JSON.stringify(status, null, 2)}\n` : `${lines.join('\n')}\n`)
  return stale ? FINDING_STATUS : 0
}
