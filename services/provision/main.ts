/** One-shot and idempotent: topics, registry subjects, ClickHouse tables. Runs before the services, and after a contract changes. */
import { ClickHouseError } from '@clickhouse/client'
import { avroRegistry } from '#core/avro/registry.ts'
import { rejectedLogin } from '#core/clickhouse/client.ts'
import { logLevel } from '#core/config/read.ts'
import { identifiedSchema, pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { MARKER_SCHEMA } from '#core/contract/marker.ts'
import { markerSubject, subjectOf, topicOf } from '#core/contract/names.ts'
import { ChainonError, describeUnreachable, exitStatus } from '#core/faults/errors.ts'
import { kafkaClient } from '#core/kafka/client.ts'
import { withAdmin } from '#core/kafka/offsets.ts'
import { createLogger, safeError } from '#core/telemetry/logger.ts'
import { provisionConfig } from './config.ts'
import { createTables } from './tables.ts'
import { createTopics } from './topics.ts'

const logger = createLogger('provision', logLevel(process.env))
try {
  const config = provisionConfig(process.env)
  const contracts = loadContracts(config.CHAINON_FEEDS_DIR)
  const registry = avroRegistry(config)
  const namespace = config.CHAINON_NAMESPACE
  // Compatibility first: no topic and no table is created for a contract that cannot read what was written before.
  await registry.encoder(markerSubject(namespace), MARKER_SCHEMA)
  await Promise.all(
    contracts.flatMap((contract) => [
      registry.encoder(subjectOf(topicOf(namespace, 'identified', contract.feed)), identifiedSchema(contract)),
      registry.encoder(subjectOf(topicOf(namespace, 'pseudonymised', contract.feed)), pseudonymisedSchema(contract)),
    ]),
  )
  const [topics, migrations] = await withAdmin(kafkaClient('provision', config, logger), async (admin) => {
    const { clusterId } = await admin.describeCluster()
    // Tables first: a warehouse of another Kafka is rejected before a topic is created here.
    const ran = await createTables(contracts, config, clusterId, new Date())
    return [await createTopics(admin, contracts, config), ran] as const
  })
  logger.info({
    event: 'provisioned',
    feeds: contracts.length,
    topics_created: topics.length,
    migrations_run: migrations.length,
  })
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
