/**
 * `chainon keys rotate-first-level`: the kept logs under another key of first-level pseudonyms. It has the login of `provision`, because Kafka lets nobody else delete messages.
 * A command, not a server: it exits with 0 done, 2 usage, 70 a bug, 75 a dependency failed, or it was refused, 78 configuration.
 */

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { REGISTRY_KEYS } from '#core/avro/ask-registry.ts'
import { avroRegistry } from '#core/avro/registry.ts'
import { logLevel, readConfig } from '#core/config/read.ts'
import { decisionsTopic } from '#core/contract/link-decision.ts'
import { loadContracts } from '#core/contract/load.ts'
import { topicOf } from '#core/contract/names.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { kafkaRegister } from '#core/custody/kafka-register.ts'
import { openSecretBox, PROVIDER_KEYS } from '#core/custody/key-provider.ts'
import { heldTokenSeeds, readTokenKeys } from '#core/custody/published-key.ts'
import { linkageFolder } from '#core/custody/wrap-keys.ts'
import { wrapKey } from '#core/custody/wrap-versions.ts'
import { KAFKA_KEYS, kafkaClient } from '#core/kafka/client.ts'
import { partitionReader } from '#core/kafka/partition-reader.ts'
import { orderedProducer } from '#core/kafka/producer.ts'
import { runStep } from '#core/process/step-main.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { startProgress } from '#core/terminal/progress.ts'
import { decisionsForm, type LogForm, linkedForm, pseudonymisedForm } from './log-form.ts'
import { abandonedText, preparedText, retiredText, rotatedText, surveyText } from './output.ts'
import { refused } from './rewrite.ts'
import { abandon, type FirstLevelRotation, prepare, retire, rotate, survey } from './rotation.ts'

const USAGE_STATUS = 2
const USAGE = 'usage: rotate/main.ts survey | prepare | rotate | abandon | retire [--json]\n'

const logger = createLogger('rotate', logLevel(process.env))
await runStep(logger, run)
// The clients' connections are closed; a handle of theirs that is still open must not keep the process.
process.exit()

async function run(): Promise<number> {
  const { command, json } = readArguments()
  const config = readConfig(
    'rotate',
    [
      ...KAFKA_KEYS,
      ...REGISTRY_KEYS,
      ...PROVIDER_KEYS,
      'CHAINON_FEEDS_DIR',
      'CHAINON_DATA_DIR',
      'CHAINON_LINKAGE_SECRETS_DIR',
      'CHAINON_TOKEN_SECRETS_DIR',
      'CHAINON_LOG_LEVEL',
    ],
    process.env,
  )
  const namespace = config.CHAINON_NAMESPACE
  const kafka = kafkaClient('rotate', config, logger)
  const producer = orderedProducer(kafka, logger)
  const reader = partitionReader(kafka)
  const admin = kafka.admin()
  let shown: {
    readonly step: string
    readonly progress?: { readonly done: number; readonly total: number } | undefined
  } = { step: '' }
  const progress = startProgress(() => ({
    text: shown.progress ? `${shown.step}: ${shown.progress.done} of ${shown.progress.total} messages` : shown.step,
    share: shown.progress && shown.progress.total > 0 ? shown.progress.done / shown.progress.total : undefined,
  }))
  const print = (result: object, text: string): number => {
    process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : text)
    return 0
  }
  try {
    await admin.connect()
    const folder = linkageFolder(config)
    const rotation: FirstLevelRotation = {
      kafka,
      admin,
      producer,
      reader,
      register: kafkaRegister(kafka, producer, namespace),
      namespace,
      place: { folder, box: await openSecretBox(config, folder) },
      async tokenKeys() {
        const tokenFolder = config.CHAINON_TOKEN_SECRETS_DIR || join(config.CHAINON_DATA_DIR, 'secrets', 'curate')
        const published = await readTokenKeys(kafka, namespace)
        const seeds = await heldTokenSeeds(tokenFolder, () => openSecretBox(config, tokenFolder), published)
        return { published, seeds, folder: tokenFolder }
      },
      forms: formsOf(
        avroRegistry(config),
        namespace,
        loadContracts(config.CHAINON_FEEDS_DIR),
        await admin.listTopics(),
      ),
      onStep(step, done) {
        if (step !== shown.step) progress.say(step)
        shown = { step, progress: done }
      },
      logger,
    }
    switch (command) {
      case 'survey': {
        const found = await survey(rotation)
        return print(found, surveyText(found))
      }
      case 'prepare': {
        const version = await prepare(rotation)
        return print({ version, key: wrapKey(version) }, preparedText(version))
      }
      case 'rotate': {
        const rotated = await rotate(rotation)
        return print(rotated, rotatedText(rotated))
      }
      case 'abandon': {
        const version = await abandon(rotation)
        return print({ version }, abandonedText(version))
      }
      case 'retire': {
        const retired = await retire(rotation)
        return print(retired, retiredText(retired))
      }
      default:
        process.stderr.write(USAGE)
        return USAGE_STATUS
    }
  } finally {
    progress.stop('')
    await admin.disconnect()
    await producer.disconnect()
    await reader.close()
  }
}

/** @throws ChainonError key-rotation-refused when a log of pseudonyms is of a feed without a contract */
function formsOf(
  registry: ReturnType<typeof avroRegistry>,
  namespace: string,
  contracts: readonly FeedContract[],
  topics: readonly string[],
): readonly LogForm[] {
  const forms = [
    ...contracts.map((contract) =>
      pseudonymisedForm(registry, namespace, contract, topicOf(namespace, 'pseudonymised', contract.feed)),
    ),
    ...contracts
      .filter((contract) => contract.linked)
      .map(({ feed }) => linkedForm(registry, namespace, topicOf(namespace, 'linked', feed))),
    decisionsForm(decisionsTopic(namespace)),
  ]
  const named = new Set(forms.map(({ topic }) => topic))
  const unknown = topics.filter(
    (topic) =>
      (topic.startsWith(topicOf(namespace, 'pseudonymised', '')) ||
        topic.startsWith(topicOf(namespace, 'linked', ''))) &&
      !named.has(topic),
  )
  if (unknown.length > 0)
    throw refused(`there is no contract for ${unknown.join(', ')}: restore it, or delete the topic`)
  return forms.filter(({ topic }) => topics.includes(topic))
}

function readArguments(): { readonly command: string | undefined; readonly json: boolean } {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean' } } })
    return { command: positionals.length === 1 ? positionals[0] : undefined, json: values.json ?? false }
  } catch {
    return { command: undefined, json: false }
  }
}
