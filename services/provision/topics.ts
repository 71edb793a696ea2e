/** Compares the topics of every feed with their contract, creates what is missing and sets settings that drifted again. */
import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs, { type Admin } from 'kafkajs'
import { topicOf } from '#core/contract/names.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { journalTopic } from '#core/journal/send.ts'
import { sealingTopic } from '#core/sealing/announcements.ts'
import type { ProvisionConfig } from './config.ts'
import {
  type PresentTopic,
  planTopics,
  type SettingDrift,
  type TopicPlan,
  type TopicRules,
  topicKinds,
} from './topic-plan.ts'

/** A broker knows a new topic only a moment after its creation. */
const KNOWN_WITHIN_MS = 30_000
const NOT_YET = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'])
/** `config_source` of a setting of the topic itself, not of the broker (Kafka's DescribeConfigs). */
const OF_THE_TOPIC = 1

/** Changes nothing. @throws ConfigurationError when a feed's two topics have different numbers of partitions */
export async function readTopicPlan(
  admin: Admin,
  contracts: readonly FeedContract[],
  config: ProvisionConfig,
): Promise<TopicPlan> {
  const rules: TopicRules = {
    namespace: config.CHAINON_NAMESPACE,
    partitions: config.CHAINON_PARTITIONS,
    replication: config.CHAINON_REPLICATION,
    retentionMs: config.CHAINON_IDENTIFIED_RETENTION_HOURS * 3_600_000,
  }
  const listed = new Set(await admin.listTopics())
  const topics = topicsOf(contracts, rules.namespace).filter((topic) => listed.has(topic))
  const present = new Map<string, PresentTopic>()
  if (topics.length > 0) {
    const [{ topics: described }, settings] = await Promise.all([
      describeTopics(admin, topics),
      describeSettings(admin, topics),
    ])
    for (const { name, partitions } of described) {
      const replication = partitions[0]?.replicas.length ?? 0
      const inForce = Object.fromEntries((settings.get(name) ?? []).map((entry) => [entry.name, entry.value]))
      present.set(name, { partitions: partitions.length, replication, settings: inForce })
    }
  }
  checkPartitions(contracts, rules.namespace, present)
  return planTopics(contracts, rules, present)
}

/** Carries out a plan; what the plan only reports stays as it is. */
export async function applyTopicPlan(admin: Admin, plan: TopicPlan): Promise<void> {
  if (plan.create.length > 0) {
    await admin.createTopics({
      topics: plan.create.map(({ topic, partitions, replication, settings }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor: replication,
        configEntries: entriesOf(settings),
      })),
      // Not `waitForLeaders`: it fails on the first answer of a broker that does not know the new topic yet.
      waitForLeaders: false,
      timeout: 30_000,
    })
    await describeTopics(
      admin,
      plan.create.map(({ topic }) => topic),
    )
  }
  await resetSettings(admin, plan.drift)
}

async function resetSettings(admin: Admin, drift: readonly SettingDrift[]): Promise<void> {
  const byTopic = Map.groupBy(drift, ({ topic }) => topic)
  const to = (changes: readonly SettingDrift[]) =>
    Object.fromEntries(changes.map(({ name, to: value }) => [name, value]))
  await changeSettings(admin, [...byTopic.keys()], (topic, own) => ({ ...own, ...to(byTopic.get(topic) ?? []) }))
}

/**
 * AlterConfigs replaces all settings of a topic: those that an operator set are given, and sent again.
 * @param change receives the settings of the topic itself, without the broker's
 */
export async function changeSettings(
  admin: Admin,
  topics: readonly string[],
  change: (topic: string, own: Readonly<Record<string, string>>) => Readonly<Record<string, string>>,
): Promise<void> {
  if (topics.length === 0) return
  const settings = await describeSettings(admin, topics)
  await admin.alterConfigs({
    validateOnly: false,
    resources: topics.map((topic) => {
      const own = (settings.get(topic) ?? []).filter(({ source }) => source === OF_THE_TOPIC)
      const kept = Object.fromEntries(own.map(({ name, value }) => [name, value]))
      return { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries: entriesOf(change(topic, kept)) }
    }),
  })
}

interface Setting {
  readonly name: string
  readonly value: string
  readonly source: number
}

async function describeSettings(
  admin: Admin,
  topics: readonly string[],
): Promise<ReadonlyMap<string, readonly Setting[]>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  })
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      configEntries.map(({ configName, configValue, configSource }) => ({
        name: configName,
        value: configValue,
        source: Number(configSource),
      })),
    ]),
  )
}

function entriesOf(settings: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(settings).map(([name, value]) => ({ name, value }))
}

function topicsOf(contracts: readonly FeedContract[], namespace: string): readonly string[] {
  const ofFeeds = contracts.flatMap((contract) =>
    topicKinds(contract).map((kind) => topicOf(namespace, kind, contract.feed)),
  )
  return [...ofFeeds, sealingTopic(namespace), journalTopic(namespace)]
}

/** The topics of a feed that `deidentify` writes have as many partitions as its identified one: a record keeps its partition. */
function checkPartitions(
  contracts: readonly FeedContract[],
  namespace: string,
  present: ReadonlyMap<string, PresentTopic>,
): void {
  const problems = contracts.flatMap(({ feed }) => {
    const identified = present.get(topicOf(namespace, 'identified', feed))?.partitions
    return (['pseudonymised', 'linkage'] as const).flatMap((kind) => {
      const partitions = present.get(topicOf(namespace, kind, feed))?.partitions
      return identified === undefined || partitions === undefined || identified === partitions
        ? []
        : [`${feed}: ${identified} identified and ${partitions} ${kind} partitions; the numbers must be equal`]
    })
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
