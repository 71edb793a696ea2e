/** What kafkajs' own reader of an answer says of it, with and without us. Two real brokers are in test/integrity/partial-acceptance.test.ts. */
import { createRequire } from 'node:module'
import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { journaledProducer, seeLeaderless } from '#core/kafka/leaderless.ts'

interface Response {
  parse(answer: unknown): Promise<unknown>
}
interface Pool {
  getConnectionByRequest: () => Promise<unknown>
  send(exchange: { readonly request: { readonly apiKey: number }; readonly response: Response }): Promise<unknown>
}
interface Cluster {
  readonly connectionPoolBuilder: { build(broker: object): Promise<Pool> }
}

const require = createRequire(import.meta.url)
const METADATA = { apiKey: 3, response: require('kafkajs/src/protocol/requests/metadata/v6/response.js') as Response }
const PRODUCE = { apiKey: 0, response: require('kafkajs/src/protocol/requests/produce/v3/response.js') as Response }
const TOPIC = 'identified.a'

const client = () => new Kafka({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING })

function clusterOf(kafka: Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) => description?.includes('createCluster'))
  return (kafka as unknown as Record<symbol, (options: object) => Cluster>)[symbol as symbol]?.({}) as Cluster
}

/** @returns a function that sends a request over a connection of the cluster, whose broker answers this */
async function answering(cluster: Cluster, answer: () => Promise<unknown>) {
  const pool = await cluster.connectionPoolBuilder.build({ host: '127.0.0.1', port: 1 })
  pool.getConnectionByRequest = async () => ({
    send: async ({ response }: { response: Response }) => response.parse(await answer()),
  })
  return ({ apiKey, response }: typeof METADATA) => pool.send({ request: { apiKey }, response })
}

describe('metadata', () => {
  const metadata = () => ({
    brokers: [],
    topicMetadata: [
      {
        topicErrorCode: 0,
        topic: TOPIC,
        partitionMetadata: [
          { partitionErrorCode: 0, partitionId: 0, leader: 1 },
          { partitionErrorCode: 5, partitionId: 1, leader: -1 },
          { partitionErrorCode: 72, partitionId: 2, leader: 7 },
        ],
      },
      { topicErrorCode: 3, topic: 'identified.missing', partitionMetadata: [] },
      { topicErrorCode: 29, topic: 'identified.forbidden', partitionMetadata: [] },
    ],
  })

  test('kafkajs alone fails for all topics', async () => {
    const send = await answering(clusterOf(client()), async () => metadata())
    await expect(send(METADATA)).rejects.toMatchObject({ type: 'UNKNOWN_TOPIC_OR_PARTITION' })
  })

  test('a partition without a leader has the leader -1, a topic that does not exist or is forbidden is absent', async () => {
    const kafka = client()
    seeLeaderless(kafka)
    const send = await answering(clusterOf(kafka), async () => metadata())
    expect(await send(METADATA)).toEqual({
      brokers: [],
      topicMetadata: [
        {
          topicErrorCode: 0,
          topic: TOPIC,
          partitionMetadata: [
            { partitionErrorCode: 0, partitionId: 0, leader: 1 },
            { partitionErrorCode: 0, partitionId: 1, leader: -1 },
            { partitionErrorCode: 0, partitionId: 2, leader: -1 },
          ],
        },
      ],
    })
  })

  test.each([
    ['of a topic', { topicErrorCode: 17, topic: TOPIC, partitionMetadata: [] }],
    [
      'of a partition',
      {
        topicErrorCode: 0,
        topic: TOPIC,
        partitionMetadata: [{ partitionErrorCode: 56, partitionId: 0, leader: 1 }],
      },
    ],
  ])('another error %s is still one', async (_of, topic) => {
    const kafka = client()
    seeLeaderless(kafka)
    const send = await answering(clusterOf(kafka), async () => ({ brokers: [], topicMetadata: [topic] }))
    await expect(send(METADATA)).rejects.toThrow()
  })

  test('an answer that is not read by kafkajs stays as it is', async () => {
    const kafka = client()
    seeLeaderless(kafka)
    const bytes = Buffer.from('raw')
    const send = await answering(clusterOf(kafka), async () => bytes)
    expect(await send({ apiKey: 3, response: { parse: async (raw) => raw } })).toBe(bytes)
  })
})

describe('the journal of a producer', () => {
  /** A journal, and a function that lets a broker answer error codes by partition; undefined: it does not answer. */
  async function journaled() {
    const kafka = client()
    let cluster: Cluster | undefined
    const producer = kafka.producer.bind(kafka)
    kafka.producer = (config) => {
      cluster = clusterOf(kafka)
      return producer(config)
    }
    const { journal } = journaledProducer(kafka, { idempotent: true })
    if (!cluster) throw new Error('no cluster was made')
    const made = cluster
    async function answer(codes: readonly number[] | undefined): Promise<void> {
      const partitions = codes?.map((errorCode, partition) => ({
        partition,
        errorCode,
        baseOffset: errorCode === 0 ? String(100 + partition) : '-1',
      }))
      const send = await answering(made, async () => {
        if (!partitions) throw new Error('the connection was closed')
        return { topics: [{ topicName: TOPIC, partitions }] }
      })
      await send(PRODUCE).catch(() => undefined)
    }
    const outcomes = (count: number) =>
      Array.from({ length: count }, (_, partition) => journal.outcome(TOPIC, partition))
    return { kafka, journal, answer, outcomes }
  }

  test('tells apart what one answer says of several partitions', async () => {
    const { journal, answer, outcomes } = await journaled()
    journal.begin()
    // Appended, too few replicas before and after the append, a duplicate of what is there, not the leader.
    await answer([0, 19, 20, 46, 6])
    expect(outcomes(6)).toEqual(['appended', 'refused', 'unknown', 'appended', 'unknown', 'refused'])
    const offsets = [0, 1, 2, 3, 5].map((partition) => journal.baseOffset(TOPIC, partition))
    expect(offsets, 'only the broker that appended now says where').toEqual([
      100n,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    expect([journal.answered(TOPIC, 1), journal.answered(TOPIC, 5), journal.reached()]).toEqual([true, false, true])
  })

  test('joins the tries of one send: an acknowledgement stays, and so does a doubt', async () => {
    const { journal, answer, outcomes } = await journaled()
    journal.begin()
    await answer([0, 20, 19])
    await answer([19, 19, 19])
    expect(outcomes(3)).toEqual(['appended', 'unknown', 'refused'])
  })

  test('a try that was not answered leaves a doubt, for all that is not acknowledged', async () => {
    const { journal, answer, outcomes } = await journaled()
    journal.begin()
    await answer(undefined)
    expect([outcomes(1), journal.reached()]).toEqual([['unknown'], false])
    await answer([0, 19])
    expect(outcomes(2)).toEqual(['appended', 'unknown'])
    journal.begin()
    expect([outcomes(2), journal.reached()]).toEqual([['refused', 'refused'], false])
    expect(journal.baseOffset(TOPIC, 0)).toBeUndefined()
  })

  test('is of its producer alone', async () => {
    const { kafka, journal } = await journaled()
    journal.begin()
    const send = await answering(clusterOf(kafka), async () => ({
      topics: [{ topicName: TOPIC, partitions: [{ partition: 0, errorCode: 0, baseOffset: '0' }] }],
    }))
    await send(PRODUCE)
    expect(journal.reached()).toBe(false)
  })
})

test('a kafkajs that is another than the pinned one is a bug, not a silent change', () => {
  expect(() => seeLeaderless({} as Kafka)).toThrow(/not the version/)
})
