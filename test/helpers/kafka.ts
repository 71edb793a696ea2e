/** Operations of a test on Kafka, without the services: read all messages of topics, write messages, change a group's offsets. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigResourceTypes, type IHeaders, Kafka, type KafkaConfig, logLevel, Partitioners } from 'kafkajs'
import { restWhenIdle } from '#core/kafka/internals.ts'
import { withAdmin } from '#core/kafka/offsets.ts'
import { tolerateLeaderless } from '#core/kafka/tolerate-leaderless.ts'

/** A consumer that disconnects waits for its last fetch, which by default waits 5 s for messages that nobody sends. */
const LONGEST_FETCH_MS = 100

type Env = Readonly<Record<string, string>>

export interface ReadMessage {
  readonly topic: string
  readonly partition: number
  readonly offset: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: IHeaders
}

export interface GroupOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: string
  readonly metadata: string
}

export interface WrittenMessage {
  readonly partition: number
  readonly key?: string
  readonly value: Buffer | string | null
  readonly headers?: Record<string, string>
  /** Milliseconds since 1970; in force only where the topic does not take the broker's time. */
  readonly timestamp?: string
}

export function testKafka(env: Env): Kafka {
  restWhenIdle()
  return tolerateLeaderless(new Kafka({ clientId: 'test', ...kafkaAccess(env), logLevel: logLevel.NOTHING }))
}

/** @returns brokers and login of an environment, usually those of the administrator */
export function kafkaAccess(env: Env): Pick<KafkaConfig, 'brokers' | 'sasl'> {
  const { KAFKA_BROKERS: brokers = '', KAFKA_SASL_USERNAME: username = '', KAFKA_SASL_PASSWORD: password = '' } = env
  const access = { brokers: brokers.split(',') }
  return username ? { ...access, sasl: { mechanism: 'scram-sha-512', username, password } } : access
}

/** @returns every message of the topics, in the order of each partition */
export async function readTopics(env: Env, topics: readonly string[]): Promise<readonly ReadMessage[]> {
  const kafka = testKafka(env)
  const extents = await withAdmin(kafka, (admin) => Promise.all(topics.map((topic) => admin.fetchTopicOffsets(topic))))
  let left = extents.flat().reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0)
  if (left === 0) return []
  const found: ReadMessage[] = []
  const consumer = kafka.consumer({ groupId: `test-${randomUUID()}`, maxWaitTimeInMs: LONGEST_FETCH_MS })
  await consumer.connect()
  await consumer.subscribe({ topics: [...topics], fromBeginning: true })
  await new Promise<void>((resolve) => {
    void consumer.run({
      autoCommit: false,
      eachMessage: async ({ topic, partition, message: { offset, key, value, headers } }) => {
        found.push({ topic, partition, offset, key, value, headers: headers ?? {} })
        if (--left === 0) resolve()
      },
    })
  })
  await consumer.disconnect()
  return found
}

export async function produce(env: Env, topic: string, messages: readonly WrittenMessage[]): Promise<void> {
  const producer = testKafka(env).producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  await producer.send({ topic, messages: [...messages] })
  await producer.disconnect()
}

/** @returns the committed offsets of a group for the topics, with their metadata; without the partitions that have no offset */
export async function groupOffsets(env: Env, groupId: string, topics: readonly string[]): Promise<GroupOffset[]> {
  const found = await withAdmin(testKafka(env), (admin) => admin.fetchOffsets({ groupId, topics: [...topics] }))
  return found.flatMap(({ topic, partitions }) =>
    partitions
      .filter(({ offset }) => offset !== '-1')
      .map(({ partition, offset, metadata }) => ({ topic, partition, offset, metadata: metadata ?? '' })),
  )
}

/** Commits as a member of the group; no service may be in the group. The admin client of kafkajs cannot set metadata. */
export async function commitAs(env: Env, groupId: string, offsets: readonly GroupOffset[]): Promise<void> {
  const topics = [...new Set(offsets.map(({ topic }) => topic))]
  const consumer = testKafka(env).consumer({ groupId, maxWaitTimeInMs: LONGEST_FETCH_MS })
  await consumer.connect()
  await consumer.subscribe({ topics, fromBeginning: true })
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
  await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: async () => undefined })
  consumer.pause(topics.map((topic) => ({ topic })))
  await joined
  await consumer.commitOffsets([...offsets])
  await consumer.disconnect()
}

/** Deletes a group with all its offsets. */
export async function deleteGroup(env: Env, groupId: string): Promise<void> {
  await withAdmin(testKafka(env), (admin) => admin.deleteGroups([groupId]))
}

/** Creates topics; @returns when the broker leads all their partitions, for which the client's own waiting fails when it asks too early */
export async function createTopics(env: Env, topics: readonly string[], numPartitions: number): Promise<void> {
  await withAdmin(testKafka(env), async (admin) => {
    await admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions })), waitForLeaders: false })
    const areLed = async () => {
      const metadata = await admin.fetchTopicMetadata({ topics: [...topics] }).catch(() => undefined)
      return metadata?.topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0)) === true
    }
    while (!(await areLed())) await sleep(50)
  })
}

/** Deletes topics and creates them again under their names, as an operator does; @returns when the broker knows the new ones */
export async function recreateTopics(env: Env, topics: readonly string[], numPartitions: number): Promise<void> {
  await withAdmin(testKafka(env), async (admin) => {
    await admin.deleteTopics({ topics: [...topics], timeout: 30_000 })
    while ((await admin.listTopics()).some((topic) => topics.includes(topic))) await sleep(50)
  })
  await createTopics(env, topics, numPartitions)
}

/** @returns the settings of a topic that are in force, with the broker's defaults */
export async function topicSettings(env: Env, topic: string): Promise<Readonly<Record<string, string>>> {
  const { resources } = await withAdmin(testKafka(env), (admin) =>
    admin.describeConfigs({
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
      includeSynonyms: false,
    }),
  )
  const entries = resources[0]?.configEntries ?? []
  return Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]))
}

/** Sets some settings of a topic, as an operator does; the others stay as they are. @returns when they are in force */
export async function alterTopic(env: Env, topic: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const { resources } = await withAdmin(testKafka(env), (admin) =>
    admin.describeConfigs({ resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }], includeSynonyms: false }),
  )
  const own = (resources[0]?.configEntries ?? []).filter(({ isDefault }) => !isDefault)
  const merged = {
    ...Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue])),
    ...settings,
  }
  await withAdmin(testKafka(env), (admin) =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: ConfigResourceTypes.TOPIC,
          name: topic,
          configEntries: Object.entries(merged).map(([name, value]) => ({ name, value })),
        },
      ],
    }),
  )
  const areInForce = async () => {
    const now = await topicSettings(env, topic)
    return Object.entries(settings).every(([name, value]) => now[name] === value)
  }
  while (!(await areInForce())) await sleep(50)
}

/** Deletes the records of partition 0 before an offset, as the retention does. */
export async function deleteRecords(env: Env, topic: string, offset: string): Promise<void> {
  await withAdmin(testKafka(env), async (admin) => {
    // The client deletes only where it has the metadata of the topic already.
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] })
  })
}
