/**
 * `chainon keys rotate-tokens`: another key for which the linkage tokens of the kept log are sealed. A command, not a server: it exits with 0 done, 2 usage,
 * 70 a bug, 75 a dependency failed, 78 configuration.
 */
import { parseArgs } from 'node:util'
import { clickhouseClient } from '#core/clickhouse/client.ts'
import { logLevel, secretsDir } from '#core/config/read.ts'
import { openSecretBox } from '#core/custody/key-provider.ts'
import { sealingKey, TOKENS } from '#core/custody/sealing-versions.ts'
import { warehouseRegister } from '#core/custody/warehouse-register.ts'
import { ChainonError, describeUnreachable, exitStatus } from '#core/faults/errors.ts'
import { kafkaClient } from '#core/kafka/client.ts'
import { orderedProducer } from '#core/kafka/producer.ts'
import { createLogger, safeError } from '#core/telemetry/logger.ts'
import { linkConfig } from '../config.ts'
import { giveUpTokens, prepareTokens, rotateTokens, type TokenRotation, tokenVersions } from './rotation.ts'

const USAGE_STATUS = 2
const USAGE = 'usage: rotate-tokens/main.ts survey | prepare | rotate | abandon [--json]\n'
const keyOf = (version: number) => sealingKey(TOKENS, version)

const logger = createLogger('rotate', logLevel(process.env))
process.exitCode = await run().catch((error: unknown) => {
  const text =
    error instanceof ChainonError ? error.message : (describeUnreachable(error) ?? 'an error of Chainon itself')
  if (!(error instanceof ChainonError)) logger.fatal({ event: 'failed', err: safeError(error) })
  process.stderr.write(`chainon: ${text}\n`)
  return exitStatus(error)
})
// The clients' connections are closed; a handle of theirs that is still open must not keep the process.
process.exit()

async function run(): Promise<number> {
  const { command, json } = readArguments()
  const config = linkConfig(process.env)
  const clickhouse = clickhouseClient('rotate', config)
  const kafka = kafkaClient('rotate', config, logger)
  const producer = orderedProducer(kafka, logger)
  const dir = secretsDir('curate', config)
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
          `Linkage tokens are sealed for ${keyOf(inForce)}${prepared === null ? '' : `; ${keyOf(prepared)} is prepared`}. Messages of before stay in the kept log under their key: each version is needed as long as the log.`,
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
          `${keyOf(version)} is in force: deidentify begins again, and seals for it. Keys of before open what is in the kept log, and stay.`,
        )
      }
      case 'abandon': {
        const version = await giveUpTokens(rotation)
        return print({ version }, `${keyOf(version)} is given up, and is never used: remove it where it still is.`)
      }
      default:
        process.stderr.write(USAGE)
        return USAGE_STATUS
    }
  } finally {
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
