/**
 * One-shot and idempotent: topics, registry subjects, ClickHouse tables. Runs before the services, and after a contract changes.
 * `--dry-run` prints what it would change in Kafka and changes nothing; it exits with 1 when a topic differs from its contract.
 */
import { ClickHouseError } from '@clickhouse/client'
import type { Kafka } from 'kafkajs'
import { avroRegistry } from '#core/avro/registry.ts'
import { rejectedLogin } from '#core/clickhouse/client.ts'
import { logLevel, secretsDir } from '#core/config/read.ts'
import { identifiedSchema, pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { findLeaks } from '#core/contract/leaks.ts'
import { loadContracts } from '#core/contract/load.ts'
import { MARKER_SCHEMA } from '#core/contract/marker.ts'
import { markerSubject, subjectOf, topicOf } from '#core/contract/names.ts'
import { PERSON_LINK_SCHEMA, personLinkSubject } from '#core/contract/person-link.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { ChainonError, describeUnreachable, exitStatus } from '#core/faults/errors.ts'
import { chainFolders, journalFolder } from '#core/journal/folders.ts'
import { openJournal } from '#core/journal/journal.ts'
import { kafkaLines, sendSpool } from '#core/journal/send.ts'
import { kafkaClient } from '#core/kafka/client.ts'
import { withAdmin } from '#core/kafka/offsets.ts'
import { SEALED_SCHEMA, sealedSubject } from '#core/sealing/envelope.ts'
import { createLogger, safeError } from '#core/telemetry/logger.ts'
import { type ProvisionConfig, provisionConfig } from './config.ts'
import { type Changes, contractHashes, eventsOf, readContractHashes, writeContractHashes } from './journal.ts'
import { applyRights } from './rights.ts'
import { createTables } from './tables.ts'
import { planLines, type TopicPlan } from './topic-plan.ts'
import { applyTopicPlan, readTopicPlan } from './topics.ts'

const logger = createLogger('provision', logLevel(process.env))
try {
  const [option, ...more] = process.argv.slice(2)
  if ((option !== undefined && option !== '--dry-run') || more.length > 0) {
    process.stderr.write('usage: provision [--dry-run]\n')
    process.exitCode = 2
  } else {
    const config = provisionConfig(process.env)
    const contracts = loadContracts(config.CHAINON_FEEDS_DIR)
    const kafka = kafkaClient('provision', config, logger)
    if (option === '--dry-run') showPlan(await withAdmin(kafka, (admin) => readTopicPlan(admin, contracts, config)))
    else await provision(config, contracts, kafka)
  }
} catch (thrown) {
  const error = rejectedLogin(thrown) ?? thrown
  const rejected = error instanceof ClickHouseError
  const message =
    error instanceof ChainonError
      ? error.message
      : rejected
        ? `ClickHouse rejected a definition: ${error.type}`
        : (describeUnreachable(error) ?? 'a dependency did not answer; see err')
  logger.fatal({ event: 'failed', err: safeError(error) }, message)
  process.exitCode = error instanceof ChainonError || rejected ? exitStatus(error) : 75
}

async function provision(config: ProvisionConfig, contracts: readonly FeedContract[], kafka: Kafka): Promise<void> {
  const registry = avroRegistry(config)
  const namespace = config.CHAINON_NAMESPACE
  // Compatibility first: no topic and no table is created for a contract that cannot read what was written before.
  await registry.register(markerSubject(namespace), MARKER_SCHEMA)
  await registry.register(sealedSubject(namespace), SEALED_SCHEMA)
  await registry.register(personLinkSubject(namespace), PERSON_LINK_SCHEMA)
  // One after the other: an empty Apicurio that gets its first schemas all at once has answered HTTP 400 to some of them.
  for (const contract of contracts) {
    const { feed } = contract
    await registry.register(subjectOf(topicOf(namespace, 'identified', feed)), identifiedSchema(contract))
    await registry.register(subjectOf(topicOf(namespace, 'pseudonymised', feed)), pseudonymisedSchema(contract))
  }
  const [plan, { migrations, policies }, rights] = await withAdmin(kafka, async (admin) => {
    const { clusterId } = await admin.describeCluster()
    // Tables first: a warehouse of another Kafka is rejected before a topic is created here.
    const created = await createTables(contracts, config, clusterId, new Date())
    const found = await readTopicPlan(admin, contracts, config)
    await applyTopicPlan(admin, found)
    return [found, created, await applyRights(admin, namespace)] as const
  })
  reportDrift(plan)
  reportRights(rights)
  reportLeaks(contracts)
  for (const { feed, sha256, version } of policies)
    logger.info({ event: 'policy-version', feed, version, sha256 }, 'another de-identification policy is in force')
  await journalise(config, contracts, kafka, {
    topicsCreated: plan.create.length,
    settingsReset: plan.drift.length,
    migrationsRun: migrations.length,
  })
  logger.info({
    event: 'provisioned',
    feeds: contracts.length,
    topics_created: plan.create.length,
    settings_reset: plan.drift.length,
    migrations_run: migrations.length,
  })
}

function reportLeaks(contracts: readonly FeedContract[]): void {
  for (const { accepted, feed, field, leak, undoes } of findLeaks(contracts))
    if (accepted === undefined)
      logger.warn(
        { event: 'policy-leak', feed, field, leak, undoes },
        'a column undoes a decision: `chainon feeds check`',
      )
}

async function journalise(
  config: ProvisionConfig,
  contracts: readonly FeedContract[],
  kafka: Kafka,
  changes: Changes,
): Promise<void> {
  const onLost = (error: unknown) =>
    logger.error({ event: 'journal-lost', err: safeError(error) }, 'an entry of the access journal could not be kept')
  const { CHAINON_DATA_DIR: dataDir } = config
  const journal = openJournal({ program: 'provision', dataDir, secretsDir: secretsDir('provision', config), onLost })
  try {
    const hashes = contractHashes(config.CHAINON_FEEDS_DIR, contracts)
    for (const event of eventsOf(readContractHashes(dataDir), hashes, changes)) journal.note(event)
    writeContractHashes(dataDir, hashes)
  } catch (error) {
    onLost(error)
  }
  const send = kafkaLines(kafka, config.CHAINON_NAMESPACE, logger)
  try {
    for (const folder of chainFolders(journalFolder(dataDir))) await sendSpool(folder, send)
  } catch (error) {
    logger.warn({ event: 'journal-unsent', err: safeError(error) }, 'a service that runs sends the entries later')
  } finally {
    await send.close()
  }
}

function reportDrift({ drift, report }: TopicPlan): void {
  for (const { topic, name, from, to, dangerous } of drift) {
    const found = { event: 'topic-drift', topic, setting: name, from, to }
    if (dangerous) logger.error(found, 'Kafka could have deleted records of the system of record; the setting is reset')
    else logger.warn(found, 'the setting is reset')
  }
  for (const line of report) logger.warn({ event: 'topic-drift' }, `${line}; not changed`)
}

function reportRights(rights: Awaited<ReturnType<typeof applyRights>>): void {
  const event = 'kafka-rights'
  if (rights === 'no-authorizer')
    logger.warn({ event }, 'Kafka checks no rights: every client may read and write every topic')
  else if (rights === 'not-allowed')
    logger.warn({ event }, 'this login may not set rights in Kafka: set those of deploy/RIGHTS.md as its administrator')
  else if (rights.removed > 0) logger.error({ event, ...rights }, 'users of Kafka had more rights than they need')
  else logger.info({ event, ...rights })
}

function showPlan(plan: TopicPlan): void {
  const lines = planLines(plan)
  process.stdout.write(`${lines.length > 0 ? lines.join('\n') : 'The topics are as the contracts say.'}\n`)
  if (plan.drift.length > 0 || plan.report.length > 0) process.exitCode = 1
}
