/** Creates the topics of every feed. A pseudonymised topic has as many partitions as its identified one: a record keeps its partition. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin, ITopicConfig } from 'kafkajs'
import { topicOf } from '#core/contract/names.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { MAX_MESSAGE_BYTES } from '#core/kafka/client.ts'
import type { ProvisionConfig } from './config.ts'

/** A broker knows a new topic only a moment after its creation. */
const KNOWN_WITHIN_MS = 30_000
const NOT_YET = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'])

export async function createTopics(
  admin: Admin,
  contracts: readonly FeedContract[],
  config: ProvisionConfig,
): Promise<readonly string[]> {
  const namespace = config.CHAINON_NAMESPACE
  const present = new Set(await admin.listTopics())
  const missing: ITopicConfig[] = []
  for (const { feed } of contracts) {
    const identified = topicOf(namespace, 'identified', feed)
    const pseudonymised = topicOf(namespace, 'pseudonymised', feed)
    const retention = config.CHAINON_IDENTIFIED_RETENTION_HOURS * 3_600_000
    if (!present.has(identified)) missing.push(topic(identified, config, retention))
    if (!present.has(pseudonymised)) missing.push(topic(pseudonymised, config, -1))
  }
  // Not `waitForLeaders`: it fails on the first answer of a broker that does not know the new topic yet.
  if (missing.length > 0) await admin.createTopics({ topics: missing, waitForLeaders: false, timeout: 30_000 })
  await checkPartitions(admin, contracts, namespace)
  return missing.map(({ topic: name }) => name)
}

function topic(name: string, config: ProvisionConfig, retentionMs: number): ITopicConfig {
  return {
    topic: name,
    numPartitions: config.CHAINON_PARTITIONS,
    replicationFactor: config.CHAINON_REPLICATION,
    configEntries: [
      { name: 'cleanup.policy', value: 'delete' },
      { name: 'retention.ms', value: String(retentionMs) },
      { name: 'retention.bytes', value: '-1' },
      { name: 'max.message.bytes', value: String(MAX_MESSAGE_BYTES) },
      { name: 'min.insync.replicas', value: String(Math.max(1, config.CHAINON_REPLICATION - 1)) },
    ],
  }
}

async function checkPartitions(admin: Admin, contracts: readonly FeedContract[], namespace: string): Promise<void> {
  const topics = contracts.flatMap(({ feed }) => [
    topicOf(namespace, 'identified', feed),
    topicOf(namespace, 'pseudonymised', feed),
  ])
  const { topics: described } = await describeTopics(admin, topics)
  const counts = new Map(described.map(({ name, partitions }) => [name, partitions.length]))
  const problems = contracts.flatMap(({ feed }) => {
    const identified = counts.get(topicOf(namespace, 'identified', feed))
    const pseudonymised = counts.get(topicOf(namespace, 'pseudonymised', feed))
    return identified === pseudonymised
      ? []
      : [`${feed}: ${identified} identified and ${pseudonymised} pseudonymised partitions; the numbers must be equal`]
  })
  if (problems.length > 0) throw new ConfigurationError('The partitions of the topics differ', problems)
}

async function describeTopics(admin: Admin, topics: string[]): ReturnType<Admin['fetchTopicMetadata']> {
  for (const until = Date.now() + KNOWN_WITHIN_MS; ; ) {
    try {
      return await admin.fetchTopicMetadata({ topics })
    } catch (error) {
      if (!NOT_YET.has((error as { type?: string }).type ?? '') || Date.now() > until) throw error
      await sleep(100)
    }
  }
}
