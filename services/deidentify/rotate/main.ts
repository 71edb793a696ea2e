/**
 * `chainon keys rotate-transport`: another key of the encodings that `deidentify` seals for the linker. A command, not a server: it exits with 0 done, 2 usage,
 * 70 a bug, 75 a dependency failed, or what was sealed under a former version still exists, 78 configuration.
 */

import { parseArgs } from 'node:util'
import { logLevel, readConfig } from '#core/config/read.ts'
import { loadContracts } from '#core/contract/load.ts'
import { kafkaRegister } from '#core/custody/kafka-register.ts'
import { PROVIDER_KEYS } from '#core/custody/key-provider.ts'
import { sealingOthers } from '#core/custody/nobody-seals.ts'
import { sealingKey, sealingVersions, TRANSPORT } from '#core/custody/sealing-versions.ts'
import { KAFKA_KEYS, kafkaClient } from '#core/kafka/client.ts'
import { withAdmin } from '#core/kafka/offsets.ts'
import { orderedProducer } from '#core/kafka/producer.ts'
import {
  destroyRetired,
  giveUpPrepared,
  prepareTransport,
  retireFormer,
  usePrepared,
} from '#core/linkage/shared-secret.ts'
import { runStep } from '#core/process/step-main.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { nothingSealedUnderOthers, sealedVersions } from './retire.ts'

const USAGE_STATUS = 2
const USAGE = 'usage: rotate/main.ts survey | prepare | rotate | abandon | retire [--json]\n'
const keyOf = (version: number) => sealingKey(TRANSPORT, version)

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
      ...PROVIDER_KEYS,
      'CHAINON_FEEDS_DIR',
      'CHAINON_DATA_DIR',
      'CHAINON_LINKAGE_SECRETS_DIR',
      'CHAINON_LOG_LEVEL',
    ],
    process.env,
  )
  const namespace = config.CHAINON_NAMESPACE
  const feeds = loadContracts(config.CHAINON_FEEDS_DIR).flatMap(({ feed, linked }) => (linked ? [feed] : []))
  const kafka = kafkaClient('rotate', config, logger)
  const producer = orderedProducer(kafka, logger)
  const register = kafkaRegister(kafka, producer, namespace)
  const onStep = (step: string) => process.stderr.write(`${step}\n`)
  const print = (result: object, text: string): number => {
    process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : `${text}\n`)
    return 0
  }
  try {
    switch (command) {
      case 'survey': {
        const { inForce, prepared = null } = sealingVersions(TRANSPORT, (await register.read()).keys())
        const sealed = await sealedVersions({ kafka, namespace, feeds })
        const others = await withAdmin(kafka, (admin) =>
          sealingOthers(admin, `${namespace}deidentify`, 'transport', inForce),
        )
        const messages = Object.fromEntries([...sealed].map(([version, { messages: count }]) => [version, count]))
        const counts = [...sealed].map(([version, of]) => `${of.messages} under version ${version}`).join(', ')
        return print(
          { in_force: inForce, prepared, messages, other_processes: others },
          `${keyOf(inForce)} is in force${prepared === null ? '' : `, ${keyOf(prepared)} is prepared`}. Kafka has encodings: ${counts || 'none'}. Processes of deidentify that do not say that they seal under it: ${others}.`,
        )
      }
      case 'prepare': {
        const version = await prepareTransport(config, register)
        return print(
          { version },
          `${keyOf(version)} is made, and nothing is sealed under it. Copy it to each host of deidentify and of the linker, and back it up, before it is used.`,
        )
      }
      case 'rotate': {
        const version = await usePrepared(config, register)
        return print(
          { version },
          `${keyOf(version)} is in force: deidentify and the linker begin again under it. When Kafka has deleted what was sealed before, destroy the former key: chainon keys rotate-transport --retire`,
        )
      }
      case 'abandon': {
        const version = await giveUpPrepared(register)
        await destroyRetired(config, register, logger)
        return print({ version }, `${keyOf(version)} is given up, and is never used.`)
      }
      case 'retire': {
        const { inForce } = sealingVersions(TRANSPORT, (await register.read()).keys())
        await nothingSealedUnderOthers({ kafka, namespace, feeds, onStep }, inForce)
        const versions = await retireFormer(register)
        const destroyed = await destroyRetired(config, register, logger)
        return print(
          { in_force: inForce, retired: versions, destroyed },
          `Every encoding in Kafka is sealed under ${keyOf(inForce)}. Destroyed here: ${destroyed.join(', ') || 'nothing'}. On other hosts deidentify and the linker destroy their copy when they start; custodians destroy their shares.`,
        )
      }
      default:
        process.stderr.write(USAGE)
        return USAGE_STATUS
    }
  } finally {
    await producer.disconnect()
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
