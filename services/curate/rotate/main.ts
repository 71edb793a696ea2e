/**
 * `chainon keys rotate-pseudonyms`: moves the warehouse to another second-level key. A command, not a server: it exits with 0 done, 1 a finding (it would
 * be refused), 2 usage, 70 a bug, 75 a dependency failed, another rotation runs, or what is stored does not allow it, 78 configuration.
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
import { registeredSecret } from '#core/custody/registered-secret.ts'
import { warehouseRegister } from '#core/custody/warehouse-register.ts'
import { openWrap } from '#core/custody/wrap-keys.ts'
import { kafkaClient } from '#core/kafka/client.ts'
import { runStep } from '#core/process/step-main.ts'
import { redisClient } from '#core/redis/client.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { startProgress } from '#core/terminal/progress.ts'
import { linkConfig } from '../config.ts'
import { indexStore } from '../link/index-store.ts'
import { connected } from '../link/link-index.ts'
import { openAllTokens } from '../link/token-key.ts'
import { rebuildLinks } from '../rebuild/rebuild.ts'
import type { ReplayProgress } from '../rebuild/replay.ts'
import { validateRecord } from '../steps/validate-record.ts'
import { abandonedText, preparedText, retiredText, rotatedText, surveyText } from './output.ts'
import { retire } from './retire.ts'
import { abandon, prepare, type RotationDependencies, rotate } from './rotation.ts'
import { survey } from './survey.ts'

const USAGE_STATUS = 2
const FINDING_STATUS = 1
const USAGE = 'usage: rotate/main.ts survey | prepare | rotate | abandon | retire [--json]\n'
/** Copies and comparisons of whole tables. */
const REQUEST_TIMEOUT_MS = 24 * 3_600_000

const logger = createLogger('rotate', logLevel(process.env))
await runStep(logger, run)
// The clients' connections are closed; a handle of theirs that is still open must not keep the process.
process.exit()

async function run(): Promise<number> {
  const { command, json } = readArguments()
  const config = linkConfig(process.env)
  const namespace = config.CHAINON_NAMESPACE
  const contracts = loadContracts(config.CHAINON_FEEDS_DIR)
  const linked = contracts.filter((contract) => contract.linked)
  const redis = redisClient(config, logger, { resend: false })
  const clickhouse = clickhouseClient('rotate', config, undefined, REQUEST_TIMEOUT_MS)
  const secrets = secretsDir('curate', config)
  const register = warehouseRegister(clickhouse)
  const kafka = kafkaClient('rotate', config, logger)
  const registry = avroRegistry(config)
  const decoderOf = (contract: (typeof contracts)[number]) =>
    registry.decoder([pseudonymisedSchema(contract), MARKER_SCHEMA])
  const pseudonymised = (feed: string) => topicOf(namespace, 'pseudonymised', feed)
  let shown: { readonly step: string; readonly progress?: ReplayProgress | undefined } = { step: '' }
  const progress = startProgress(() => ({ text: textOf(shown), share: shareOf(shown.progress) }))
  try {
    await connected(redis)
    const box = await openSecretBox(config, secrets)
    const { wrap, tokens: tokenWrap } = await openWrap(
      { folder: secrets, box },
      await readFingerprints(kafka, namespace),
    )
    const dependencies: RotationDependencies = {
      clickhouse,
      kafka,
      redis,
      register,
      namespace,
      wrap,
      feeds: contracts.map((contract) => ({
        contract,
        topic: pseudonymised(contract.feed),
        decoder: decoderOf(contract),
      })),
      topics: [
        ...contracts.map(({ feed }) => pseudonymised(feed)),
        ...linked.map(({ feed }) => topicOf(namespace, 'linked', feed)),
      ],
      secret: (name) => registeredSecret(secrets, name, register, box),
      async rebuild({ version, level2, secondLevelToken }, lock) {
        const tokens = await openAllTokens(kafka, namespace, { dir: secrets, register, box }, tokenWrap)
        return await rebuildLinks({
          store: indexStore(redis, namespace),
          clickhouse,
          kafka,
          namespace,
          feeds: linked.map((contract) => ({
            contract,
            level2,
            secondLevelToken,
            topic: pseudonymised(contract.feed),
            decoder: decoderOf(contract),
            wrap,
            tokens,
            validate: validateRecord(contract),
          })),
          keyVersion: version,
          assertKeyInForce: async () => lock.assertHeld(),
          onProgress: (done) => {
            shown = { step: 'making the links again', progress: done }
          },
        })
      },
      onStep(step, done) {
        if (done === undefined && step !== shown.step) progress.say(step)
        shown = { step, progress: done }
      },
    }
    const print = (result: object, text: string) =>
      process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : text)
    switch (command) {
      case 'survey': {
        const found = await survey(dependencies)
        print(found, surveyText(found))
        return found.problems.length > 0 ? FINDING_STATUS : 0
      }
      case 'prepare': {
        const version = await prepare(dependencies)
        print({ version }, preparedText(version))
        return 0
      }
      case 'rotate': {
        const rotated = await rotate(dependencies)
        print(rotated, rotatedText(rotated))
        return 0
      }
      case 'abandon': {
        const version = await abandon(dependencies)
        print({ version }, abandonedText(version))
        return 0
      }
      case 'retire': {
        const retired = await retire(dependencies, secrets)
        print(retired, retiredText(retired))
        return 0
      }
      default:
        process.stderr.write(USAGE)
        return USAGE_STATUS
    }
  } finally {
    progress.stop('')
    redis.disconnect()
    await clickhouse.close()
  }
}

function readArguments(): { readonly command: string | undefined; readonly json: boolean } {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean' } } })
    return { command: positionals.length === 1 ? positionals[0] : undefined, json: values.json ?? false }
  } catch {
    return { command: undefined, json: false }
  }
}

function textOf({ step, progress }: { readonly step: string; readonly progress?: ReplayProgress | undefined }): string {
  if (!progress) return step
  return `${step}: ${progress.done.toLocaleString('en')} of ${progress.total.toLocaleString('en')} messages`
}

function shareOf(progress: ReplayProgress | undefined): number | undefined {
  return progress && progress.total > 0 ? progress.done / progress.total : undefined
}
