/**
 * `chainon keys rotate-routing`: another routing key. A command, not a server: it exits with 0 done, 1 this host has not the registered key (`survey`),
 * 2 usage, 70 a bug, 75 a dependency failed, 78 configuration.
 */

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { logLevel, readConfig, secretsDir } from '#core/config/read.ts'
import { kafkaRegister, routingTopic } from '#core/custody/kafka-register.ts'
import { openSecretBox, PROVIDER_KEYS } from '#core/custody/key-provider.ts'
import { KAFKA_KEYS, kafkaClient } from '#core/kafka/client.ts'
import { orderedProducer } from '#core/kafka/producer.ts'
import { runStep } from '#core/process/step-main.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { ROUTING_KEY, replaceRoutingKey, surveyRoutingKey } from '../log/routing-key.ts'

const USAGE_STATUS = 2
const USAGE = 'usage: rotate/main.ts survey | rotate [--json]\n'

const logger = createLogger('gateway', logLevel(process.env))
await runStep(logger, run)
// The clients' connections are closed; a handle of theirs that is still open must not keep the process.
process.exit()

async function run(): Promise<number> {
  const { command, json } = readArguments()
  if (command !== 'survey' && command !== 'rotate') {
    process.stderr.write(USAGE)
    return USAGE_STATUS
  }
  const keys = [...KAFKA_KEYS, ...PROVIDER_KEYS, 'CHAINON_DATA_DIR', 'CHAINON_SECRETS_DIR'] as const
  const config = readConfig('gateway', keys, process.env)
  const namespace = config.CHAINON_NAMESPACE
  const dir = secretsDir('gateway', config)
  const box = await openSecretBox(config, dir)
  const kafka = kafkaClient('gateway', config, logger)
  const producer = orderedProducer(kafka, logger)
  const register = kafkaRegister(kafka, producer, namespace, routingTopic(namespace))
  const print = (result: object, text: string) =>
    process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : `${text}\n`)
  const path = join(dir, ROUTING_KEY)
  try {
    if (command === 'survey') {
      const { version, registered, here } = surveyRoutingKey(dir, box, await register.read())
      print(
        { version, registered: registered ?? null, here: here ?? null },
        `Registered: ${registered === undefined ? 'none' : `version ${version}, fingerprint ${registered}`}. ${path}: ${here === undefined ? 'missing' : `fingerprint ${here}`}.`,
      )
      return registered === here ? 0 : 1
    }
    const { version, fingerprint } = await replaceRoutingKey(dir, box, register)
    print(
      { version, fingerprint },
      `${path} is version ${version} of the routing key, fingerprint ${fingerprint}. Copy it to the other gateways, back it up, and start them.`,
    )
    return 0
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
