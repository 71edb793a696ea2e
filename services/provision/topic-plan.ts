/**
 * What the topics of the feeds must be, and what differs: new topics, settings that drifted, differences that only a person can
 * resolve. Pure: the same contracts and the same state of Kafka give the same plan.
 */
import { decisionsTopic } from '#core/contract/link-decision.ts'
import { type TopicKind, topicOf } from '#core/contract/names.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { fingerprintTopic, routingTopic } from '#core/custody/kafka-register.ts'
import { journalTopic } from '#core/journal/send.ts'
import { MAX_MESSAGE_BYTES } from '#core/kafka/client.ts'
import { sealingTopic } from '#core/sealing/announcements.ts'

export interface TopicRules {
  readonly namespace: string
  readonly partitions: number
  readonly replication: number
  /** Milliseconds that identified records, and encodings for the linker, stay in Kafka. */
  readonly retentionMs: number
}

/** A topic as Kafka describes it. */
export interface PresentTopic {
  readonly partitions: number
  readonly replication: number
  /** Settings in force, with the broker's defaults. */
  readonly settings: Readonly<Record<string, string>>
}

export interface SettingDrift {
  readonly topic: string
  readonly name: string
  readonly from: string
  readonly to: string
  /** True for a setting that lets Kafka delete records of the system of record. */
  readonly dangerous: boolean
}

export interface TopicPlan {
  readonly create: readonly NewTopic[]
  readonly drift: readonly SettingDrift[]
  /** Differences that are reported and not changed. */
  readonly report: readonly string[]
}

interface NewTopic {
  readonly topic: string
  readonly partitions: number
  readonly replication: number
  readonly settings: Readonly<Record<string, string>>
}

/**
 * A segment ends after this part of the retention. Kafka deletes whole segments, each when its last record is older than the
 * retention: an identity stays at most this much longer, and the time until the broker's next check and its deletion of the file.
 */
const SEGMENTS_PER_RETENTION = 12
const SEGMENT_BYTES = 256 * 1024 ** 2
/** After this the broker removes the files of a deleted segment. */
const FILE_DELETE_DELAY_MS = 60_000
/** Kafka deletes or replaces records of a topic by these. */
const DELETES_RECORDS = new Set(['cleanup.policy', 'retention.ms', 'retention.bytes'])

/** @returns the settings of the contract; those that are not here belong to the operator */
export function topicSettings(
  kind: TopicKind,
  rules: TopicRules,
  replication: number,
): Readonly<Record<string, string>> {
  const common = {
    'cleanup.policy': 'delete',
    // A bound of bytes would delete records that no worker has read.
    'retention.bytes': '-1',
    'max.message.bytes': String(MAX_MESSAGE_BYTES),
    'min.insync.replicas': String(Math.max(1, replication - 1)),
  }
  if (KEPT.has(kind)) return { ...common, 'retention.ms': '-1' }
  return {
    ...common,
    'retention.ms': String(rules.retentionMs),
    'segment.ms': String(Math.floor(rules.retentionMs / SEGMENTS_PER_RETENTION)),
    'segment.bytes': String(SEGMENT_BYTES),
    'file.delete.delay.ms': String(FILE_DELETE_DELAY_MS),
    // The age of a record is measured with one clock, the broker's: a gateway whose clock is wrong would extend or shorten the retention.
    'message.timestamp.type': 'LogAppendTime',
  }
}

/** The topics of one partition that no feed has, with what Kafka must never do with them. */
function ownTopics(namespace: string, replication: number) {
  const common = { 'min.insync.replicas': String(Math.max(1, replication - 1)) }
  const forGood = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1', ...common }
  return [
    // The public sealing keys: one message for each day, kept for good.
    { topic: sealingTopic(namespace), settings: { 'cleanup.policy': 'compact', ...common }, kept: false },
    // The access journal: every entry, kept for good.
    { topic: journalTopic(namespace), settings: forGood, kept: true },
    // Which secrets are used: the first message of a name counts.
    { topic: fingerprintTopic(namespace), settings: forGood, kept: true },
    { topic: routingTopic(namespace), settings: forGood, kept: true },
    // What operators have decided about pairs of records.
    { topic: decisionsTopic(namespace), settings: forGood, kept: true },
  ] as const
}

const KINDS: readonly TopicKind[] = ['identified', 'pseudonymised']
const KINDS_OF_LINKED: readonly TopicKind[] = [...KINDS, 'linkage', 'linked']
/** Kept without an end: what is made of them can be made again. */
const KEPT: ReadonlySet<TopicKind> = new Set(['pseudonymised', 'linked'])

/** @returns the kinds of topics that a feed has */
export function topicKinds({ linked }: Pick<FeedContract, 'linked'>): readonly TopicKind[] {
  return linked ? KINDS_OF_LINKED : KINDS
}

/** @param present the topics that exist, by name */
export function planTopics(
  contracts: readonly FeedContract[],
  rules: TopicRules,
  present: ReadonlyMap<string, PresentTopic>,
): TopicPlan {
  const create: NewTopic[] = []
  const drift: SettingDrift[] = []
  const report: string[] = []
  for (const contract of contracts) {
    const topics = topicKinds(contract).map((kind) => ({ kind, topic: topicOf(rules.namespace, kind, contract.feed) }))
    for (const { kind, topic } of topics) {
      const found = present.get(topic)
      if (!found) {
        const { replication } = rules
        // A record keeps its partition: a topic that is missing has as many as the others of its feed.
        const other = topics.map((one) => present.get(one.topic)).find((one) => one !== undefined)
        const partitions = other?.partitions ?? rules.partitions
        create.push({ topic, partitions, replication, settings: topicSettings(kind, rules, replication) })
        continue
      }
      for (const [name, to] of Object.entries(topicSettings(kind, rules, found.replication))) {
        const from = found.settings[name] ?? ''
        const dangerous = KEPT.has(kind) && DELETES_RECORDS.has(name)
        if (from !== to) drift.push({ topic, name, from, to, dangerous })
      }
      if (found.partitions !== rules.partitions)
        report.push(`${topic}: ${found.partitions} partitions, and CHAINON_PARTITIONS is ${rules.partitions}`)
      if (found.replication !== rules.replication)
        report.push(`${topic}: ${found.replication} replicas, and CHAINON_REPLICATION is ${rules.replication}`)
    }
  }
  planOwnTopics(rules, present, create, drift)
  return { create, drift, report }
}

function planOwnTopics(
  { namespace, replication }: TopicRules,
  present: ReadonlyMap<string, PresentTopic>,
  create: NewTopic[],
  drift: SettingDrift[],
): void {
  for (const { topic, settings } of ownTopics(namespace, replication)) {
    if (!present.has(topic)) create.push({ topic, partitions: 1, replication, settings })
  }
  for (const [topic, found] of present) {
    const own = ownTopics(namespace, found.replication).find((one) => one.topic === topic)
    for (const [name, to] of Object.entries(own?.settings ?? {})) {
      const from = found.settings[name] ?? ''
      const dangerous = own?.kept === true && DELETES_RECORDS.has(name)
      if (from !== to) drift.push({ topic, name, from, to, dangerous })
    }
  }
}

/** @returns the plan as lines for a person, one for each change or difference */
export function planLines({ create, drift, report }: TopicPlan): readonly string[] {
  return [
    ...create.map(({ topic, partitions, replication, settings }) => {
      const list = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
      return `${topic}: create with ${partitions} partitions, ${replication} replicas, ${list.join(', ')}`
    }),
    ...drift.map(({ topic, name, from, to }) => `${topic}: ${name} ${from} -> ${to}`),
    ...report.map((line) => `${line}: not changed`),
  ]
}
