/**
 * `chainon keys rotate-tokens`: another key for which the linkage tokens of the kept log are sealed. A command, not a server: it exits with 0 done, 2 usage,
 * 70 a bug, 75 a dependency failed, or something is still sealed for a former key, 78 configuration.
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
import { sealingKey, TOKENS } from '#core/custody/sealing-versions.ts'
import { warehouseRegister } from '#core/custody/warehouse-register.ts'
import { openWrap } from '#core/custody/wrap-keys.ts'
import { kafkaClient } from '#core/kafka/client.ts'
import { orderedProducer } from '#core/kafka/producer.ts'
import { runStep } from '#core/process/step-main.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { startProgress } from '#core/terminal/progress.ts'
import { linkConfig } from '../config.ts'
import { retireTokens } from './retire.ts'
import { giveUpTokens, prepareTokens, rotateTokens, type TokenRotation, tokenVersions } from './rotation.ts'

const USAGE_STATUS = 2
const USAGE = 'usage: rotate-tokens/main.ts survey | prepare | rotate | abandon | retire [--json]\n'
const keyOf = (version: number) => sealingKey(TOKENS, version)

const logger = createLogger('rotate', logLevel(process.env))
await runStep(logger, run)
// The clients' connections are closed; a handle of theirs that is still open must not keep the process.
process.exit()

async function run(): Promise<number> {
  const { command, json } = readArguments()
  const config = linkConfig(process.env)
  const clickhouse = clickhouseClient('rotate', config)
  const kafka = kafkaClient('rotate', config, logger)
  const producer = orderedProducer(kafka, logger)
  const dir = secretsDir('curate', config)
  let shown: { readonly step: string; readonly done?: { readonly done: number; readonly total: number } | undefined } =
    {
      step: '',
    }
  const progress = startProgress(() => ({
    text: shown.done ? `${shown.step}: ${shown.done.done} of ${shown.done.total} messages` : shown.step,
    share: shown.done && shown.done.total > 0 ? shown.done.done / shown.done.total : undefined,
  }))
  const print = (result: object, text: string): number => {
    process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : `${text}\n`)
    return 0
  }
  try {
    const rotation: TokenRotation = {
      kafka,
      namespace: config.CHAINON_NAMESPACE,
      producer,
      dir,
      register: warehouseRegister(clickhouse),
      box: await openSecretBox(config, dir),
    }
    switch (command) {
      case 'survey': {
        const { inForce, prepared = null } = await tokenVersions(rotation)
        return print(
          { in_force: inForce, prepared },
          `Linkage tokens are sealed for ${keyOf(inForce)}${prepared === null ? '' : `; ${keyOf(prepared)} is prepared`}. Messages of before stay in the kept log under their key, until \`chainon keys rotate-first-level\` seals them again.`,
        )
      }
      case 'prepare': {
        const version = await prepareTokens(rotation)
        return print(
          { version },
          `${keyOf(version)} is made, and nothing is sealed for it. Copy it to each host of curate, and back it up, before it is used: chainon keys backup ${keyOf(version)}`,
        )
      }
      case 'rotate': {
        const version = await rotateTokens(rotation)
        return print(
          { version },
          `${keyOf(version)} is in force: deidentify begins again, and seals for it. Former keys open what is in the kept log: \`chainon keys rotate-first-level\` seals it again, then --retire destroys them.`,
        )
      }
      case 'abandon': {
        const version = await giveUpTokens(rotation)
        return print({ version }, `${keyOf(version)} is given up, and is never used: remove it where it still is.`)
      }
      case 'retire': {
        const registry = avroRegistry(config)
        const contracts = loadContracts(config.CHAINON_FEEDS_DIR).filter((contract) => contract.linked)
        const { inForce, retired, destroyed } = await retireTokens({
          ...rotation,
          feeds: contracts.map((contract) => ({
            feed: contract.feed,
            topic: topicOf(rotation.namespace, 'pseudonymised', contract.feed),
            decoder: registry.decoder([pseudonymisedSchema(contract), MARKER_SCHEMA]),
          })),
          wraps: await openWrap({ folder: dir, box: rotation.box }, await readFingerprints(kafka, rotation.namespace)),
          onStep(step, done) {
            if (step !== shown.step) progress.say(step)
            shown = { step, done }
          },
          logger,
        })
        return print(
          { in_force: inForce, retired, destroyed },
          `${retired.length === 0 ? 'There was no former key.' : `All linkage tokens of the kept log are sealed for ${keyOf(inForce)}.`} Destroyed here: ${destroyed.join(', ') || 'nothing'}. On other hosts curate destroys its copy when it starts; custodians destroy their shares.`,
        )
      }
      default:
        process.stderr.write(USAGE)
        return USAGE_STATUS
    }
  } finally {
    progress.stop('')
    await producer.disconnect()
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
