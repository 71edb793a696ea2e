/**
 * `chainon link decide`: says of two records that they are one person, or never are. The linker knows records by another pseudonym than `person_link_scored`, which
 * only the log of links has, and only this service's key leads from it to the one of the warehouse: so a record that is named as in the warehouse is looked for there. A command: it exits with 0 done,
 * 1 a record is not known, 2 usage, 75 a dependency failed, 78 configuration.
 */
import { parseArgs } from 'node:util'
import { clickhouseClient } from '#core/clickhouse/client.ts'
import { logLevel, secretsDir } from '#core/config/read.ts'
import {
  DECIDED_BY,
  DECISION_REASON,
  DECISIONS,
  type Decision,
  decisionsTopic,
  type LinkDecision,
  withPseudonym,
} from '#core/contract/link-decision.ts'
import { loadContracts } from '#core/contract/load.ts'
import { topicOf } from '#core/contract/names.ts'
import { readFingerprints } from '#core/custody/kafka-register.ts'
import { openSecretBox } from '#core/custody/key-provider.ts'
import { warehouseRegister } from '#core/custody/warehouse-register.ts'
import { openWritingWrap } from '#core/custody/wrap-keys.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { kafkaClient } from '#core/kafka/client.ts'
import { orderedProducer } from '#core/kafka/producer.ts'
import { runStep } from '#core/process/step-main.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { linkConfig } from '../config.ts'
import { openSecondLevel } from '../second-level.ts'
import { findRecords } from './find-records.ts'
import { assertFeeds } from './given-feed.ts'
import { isLinked, isRecord, storedName } from './given-record.ts'
import { effectOf, personsOf } from './persons.ts'

const USAGE_STATUS = 2
const ID = /^[0-9a-f]{16}$/
const USAGE =
  'usage: decide/main.ts accept|never|withdraw RECORD_A RECORD_B --reason WORDS-WITH-HYPHENS --by NAME --id HEX [--dry-run] [--json]\n'

interface Given {
  readonly decision: Decision
  readonly records: readonly [string, string]
  readonly reason: string
  readonly by: string
  readonly id: string
  readonly dryRun: boolean
  readonly json: boolean
}

const logger = createLogger('link', logLevel(process.env))
await runStep(logger, run)
// The clients' connections are closed; a handle of theirs that is still open must not keep the process.
process.exit()

async function run(): Promise<number> {
  const given = readArguments()
  if (!given) {
    process.stderr.write(USAGE)
    return USAGE_STATUS
  }
  const config = linkConfig(process.env)
  const namespace = config.CHAINON_NAMESPACE
  const clickhouse = clickhouseClient('link', config)
  try {
    const secrets = secretsDir('curate', config)
    const box = await openSecretBox(config, secrets)
    const { level2 } = await openSecondLevel(secrets, warehouseRegister(clickhouse), box)
    const kafka = kafkaClient('link', config, logger)
    const names = await readFingerprints(kafka, namespace)
    const { wrap } = await openWritingWrap({ folder: secrets, box }, names)
    const feeds = loadContracts(config.CHAINON_FEEDS_DIR).filter((contract) => contract.linked)
    const topics = new Map(feeds.map(({ feed }) => [topicOf(namespace, 'linked', feed), feed]))
    const [one, other] = given.records
    const stored = [storedName(level2, one), storedName(level2, other)] as const
    if (stored[0] === stored[1]) throw new ChainonError('not-found', 'The two are one record.')
    for (const record of given.records.filter(isLinked))
      if (!feeds.some(({ feed }) => record.startsWith(`${feed}/`)))
        throw new ChainonError('not-found', 'A record is of no feed that is linked.')
    const persons = await personsOf(clickhouse, stored)
    const find = (records: readonly string[]) =>
      findRecords(kafka, `${namespace}link-rebuild-`, topics, level2, wrap, records)
    const named = given.records.map((record, at) => ({
      argument: at === 0 ? 'RECORD_A' : 'RECORD_B',
      given: record,
      stored: stored[at] as string,
    }))
    await assertFeeds(
      clickhouse,
      named.filter((one) => isLinked(one.given)),
      find,
    )
    const looked = given.records.filter((record) => !isLinked(record))
    const found = looked.length === 0 ? [] : await find(looked)
    const records = given.records.map((record) =>
      isLinked(record) ? record : (found[looked.indexOf(record)] as string),
    )
    const effect = effectOf(given.decision, persons)
    if (!given.dryRun) {
      const { id, decision, by, reason } = given
      const logged = records.map((record) => withPseudonym(record, wrap.wrap) as string)
      const message: LinkDecision = { id, decision, records: logged, by, reason, decided_at: Date.now() * 1000 }
      const producer = orderedProducer(kafka, logger)
      await producer.send({
        topic: decisionsTopic(namespace),
        acks: -1,
        messages: [{ partition: 0, value: JSON.stringify(message) }],
      })
      await producer.disconnect()
    }
    const result = { id: given.id, decision: given.decision, dry_run: given.dryRun, persons, effect }
    const done = given.dryRun ? 'Nothing was decided.' : `Decided (${given.id}): the linker does it next.`
    process.stdout.write(given.json ? `${JSON.stringify(result, null, 2)}\n` : `${effect}\n${done}\n`)
    return 0
  } finally {
    await clickhouse.close()
  }
}

function readArguments(): Given | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        ...{ reason: { type: 'string' }, by: { type: 'string' }, id: { type: 'string' } },
        ...{ 'dry-run': { type: 'boolean' }, json: { type: 'boolean' } },
      },
    })
    const [decision, one = '', other = '', ...more] = positionals
    const { reason = '', by = '', id = '', 'dry-run': dryRun = false, json = false } = values
    const known = DECISIONS.find((name) => name === decision)
    if (!known || more.length > 0 || one === other || ![one, other].every(isRecord)) return undefined
    if (!new RegExp(DECISION_REASON).test(reason) || !new RegExp(DECIDED_BY).test(by) || !ID.test(id)) return undefined
    return { decision: known, records: [one, other], reason, by, id, dryRun, json }
  } catch {
    return undefined
  }
}
