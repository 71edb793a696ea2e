/** The ids of topics on the real broker, over kafkajs' own connections. */
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TopicIds, topicIds } from '#core/kafka/topic-ids.ts'
import { createTopics, produce, recreateTopics, testKafka } from '../helpers/kafka.ts'
import { isolated } from '../helpers/servers.ts'
import { heldServer } from '../helpers/tcp-fault.ts'

const own = isolated()
const topic = `${own.namespace}${'long-name-'.repeat(15)}`
let ids: TopicIds

beforeAll(async () => {
  await createTopics(own.env, [topic], 3)
  ids = await topicIds(testKafka(own.env))
})
afterAll(async () => {
  await ids?.close()
  own.remove()
})

test('a topic has an id and a leader epoch of each partition; a missing topic has none', async () => {
  await expect.poll(async () => (await ids.of(topic))?.leaders.size).toBe(3)
  expect((await ids.of(topic))?.id).toMatch(/^[\w-]{22}$/)
  expect(await ids.of(`${topic}-missing`)).toBeUndefined()
})

test('a topic that is deleted and created again has another id', async () => {
  const before = (await ids.of(topic))?.id
  expect((await ids.of(topic))?.id, 'asked twice').toBe(before)
  await recreateTopics(own.env, [topic], 3)
  const after = (await ids.of(topic))?.id
  expect(after).toMatch(/^[\w-]{22}$/)
  expect(after).not.toBe(before)
})

test('a leader tells where an epoch ends', async () => {
  await produce(
    own.env,
    topic,
    [1, 2, 3].map((value) => ({ partition: 1, value: String(value) })),
  )
  const epoch = (await ids.of(topic))?.leaders.get(1)?.epoch ?? -1
  expect(await ids.endOfEpoch(topic, 1, epoch)).toBe(3n)
  expect(await ids.endOfEpoch(topic, 2, epoch), 'an empty log').toBe(0n)
  expect(await ids.endOfEpoch(topic, 1, epoch + 1), 'an epoch that the log does not have').toBe(3n)
  await expect(ids.endOfEpoch(topic, 9, epoch)).rejects.toMatchObject({ code: 'dependency-unavailable' })
})

test('an unreachable broker is an unreachable dependency, and another kafkajs a bug', async () => {
  const nowhere = new Kafka({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING, retry: { retries: 0 } })
  await expect(topicIds(nowhere)).rejects.toMatchObject({ code: 'dependency-unavailable' })
  await expect(topicIds({} as Kafka)).rejects.toMatchObject({ code: 'bug' })
})

// At its second try kafkajs takes an open connection for a working one: a worker that waits for Kafka would report it as reached.
test('a broker that accepts a connection and never answers is not reached', async () => {
  const held = await heldServer(Number(own.env.KAFKA_BROKERS?.split(':')[1]))
  const retry = { retries: 3, initialRetryTime: 20 }
  const kafka = new Kafka({
    brokers: [`127.0.0.1:${held.port}`],
    requestTimeout: 500,
    retry,
    logLevel: logLevel.NOTHING,
  })
  try {
    await expect(topicIds(kafka)).rejects.toMatchObject({ code: 'dependency-unavailable' })
  } finally {
    await held.close()
  }
})
