/**
 * `chainon keys rotate-encodings`: other keys of the encodings and of the linkage index. A command, not a server: it exits with 0 done, 2 usage, 70 a bug, 75 a dependency failed,
 * 78 configuration, or what is there does not allow it.
 */

import { parseArgs } from 'node:util'
import { logLevel } from '#core/config/read.ts'
import { encodingKey, indexKey } from '#core/custody/encoding-versions.ts'
import { kafkaRegister } from '#core/custody/kafka-register.ts'
import { kafkaClient } from '#core/kafka/client.ts'
import { orderedProducer } from '#core/kafka/producer.ts'
import { runStep } from '#core/process/step-main.ts'
import { redisClient } from '#core/redis/client.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { startProgress } from '#core/terminal/progress.ts'
import { linkerConfig } from '../config.ts'
import { abandon, prepare, type RotationPlace, retire, rotate, survey } from './steps.ts'

const USAGE_STATUS = 2
const USAGE = 'usage: rotate/main.ts survey | prepare | rotate | abandon | retire [--json]\n'
const keysOf = (version: number) => `${encodingKey(version)} and ${indexKey(version)}`

const logger = createLogger('linker', logLevel(process.env))

async function run(): Promise<number> {
  const { command, json } = readArguments()
  const step = command !== undefined && Object.hasOwn(STEPS, command) ? STEPS[command] : undefined
  if (!step) {
    process.stderr.write(USAGE)
    return USAGE_STATUS
  }
  const config = linkerConfig(process.env)
  const kafka = kafkaClient('linker', config, logger)
  const producer = orderedProducer(kafka, logger)
  const redis = redisClient(config, logger, { giveUpAfterMs: 10_000 })
  const register = kafkaRegister(kafka, producer, config.CHAINON_NAMESPACE)
  try {
    const { result, text } = await step({ config, register, redis, kafka, logger })
    process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : `${text}\n`)
    return 0
  } finally {
    redis.disconnect()
    await producer.disconnect()
  }
}

interface Done {
  readonly result: object
  readonly text: string
}

const STEPS: Readonly<Record<string, (place: RotationPlace) => Promise<Done>>> = {
  async survey(place) {
    const result = await survey(place)
    const { in_force: inForce, prepared, moving, records, former } = result
    const next =
      prepared === null
        ? 'No other version is prepared.'
        : `${keysOf(prepared)} are prepared${moving ? ', and the index is moving to them: start the rotation again' : ''}.`
    const left = former.length === 0 ? '' : ` Not retired: version ${former.join(', ')}.`
    return {
      result,
      text: `Version ${inForce} is in force, and its index has ${records} records. ${next}${left} A rotation reads each record three times and writes it once, into the same Redis, which needs room for the index twice; the linker waits, and linkage.* must keep its messages for longer.`,
    }
  },
  async prepare(place) {
    const version = await prepare(place)
    return {
      result: { version },
      text: `${keysOf(version)} are made, and nothing is under them. Copy the first to each host of deidentify, and back both up, before they are used.`,
    }
  },
  async rotate(place) {
    let shown = { text: 'waiting for the linker to end', share: 0 }
    const progress = startProgress(() => shown)
    try {
      const { version, content } = await rotate(place, (text, share) => (shown = { text, share }))
      const { records, edges, decisions, persons } = content
      return {
        result: { version, records, edges, decisions, persons },
        text: `Version ${version} is in force: ${records} records, ${edges} links and ${decisions} decisions are under ${keysOf(version)}, with the persons of before (${persons.slice(0, 16)}). deidentify and the linker begin again. When a snapshot is taken, remove the former index and destroy its key: chainon keys rotate-encodings --retire`,
      }
    } finally {
      progress.stop('')
    }
  },
  async abandon(place) {
    const version = await abandon(place)
    return {
      result: { version },
      text: `Version ${version} is given up, and is never used; its keys are destroyed here. Remove copies of ${encodingKey(version)} from the hosts of deidentify.`,
    }
  },
  async retire(place) {
    const retired = await retire(place)
    const what = retired.map(indexKey).join(', ')
    return {
      result: { retired },
      text:
        retired.length === 0
          ? 'Nothing is left of former versions.'
          : `Removed: the former index and its snapshots. Destroyed here: ${what}. Linkers on other hosts destroy their copy when they start; custodians destroy their shares; copies of Redis and of snapshots of before open with the former key.`,
    }
  },
}

await runStep(logger, run)
// The clients' connections are closed; a handle of theirs that is still open must not keep the process.
process.exit()

function readArguments(): { readonly command: string | undefined; readonly json: boolean } {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean' } } })
    return { command: positionals.length === 1 ? positionals[0] : undefined, json: values.json ?? false }
  } catch {
    return { command: undefined, json: false }
  }
}
