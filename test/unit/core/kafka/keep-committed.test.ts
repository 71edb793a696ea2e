/** kafkajs' own consumer of offsets, with a coordinator in memory. */
import { createRequire } from 'node:module'
import { Kafka, logLevel } from 'kafkajs'
import { expect, it } from 'vitest'
import { adaptClusters, type Broker, type Cluster, type OffsetCommit } from '#core/kafka/internals.ts'
import { keepCommitted } from '#core/kafka/keep-committed.ts'

interface OffsetManager {
  resolveOffsets(): Promise<void>
  setDefaultOffset(of: { topic: string; partition: number }): Promise<void>
  commitOffsets(offsets: OffsetCommit): Promise<void>
  nextOffset(topic: string, partition: number): { toString(): string }
}
const Manager = createRequire(import.meta.url)('kafkajs/src/consumer/offsetManager') as new (
  options: object,
) => OffsetManager

/** A partition whose group has committed offset 70, and whose log begins at 3 now. */
function harness(adapt: (kafka: Kafka) => Kafka) {
  const kafka = adapt(new Kafka({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING }))
  let cluster: Cluster | undefined
  adaptClusters(kafka, (made) => {
    cluster = made
  })
  kafka.consumer({ groupId: 'g' })
  if (!cluster) throw new Error('kafkajs made no cluster')
  const stored = { offset: '70', metadata: 'where the records continue' }
  const pool = cluster.brokerPool as { createBroker: (options: unknown) => Broker }
  const coordinator = pool.createBroker({ connectionPool: {}, logger: kafka.logger() })
  return { cluster, coordinator, stored }
}

function managerOf({ cluster, coordinator }: ReturnType<typeof harness>): OffsetManager {
  return new Manager({
    cluster: Object.assign(cluster, {
      fetchTopicsOffset: async () => [{ topic: 't', partitions: [{ partition: 0, offset: '3' }] }],
    }),
    coordinator: Object.assign(coordinator, { isConnected: () => true }),
    memberAssignment: { t: [0] },
    autoCommit: false,
    topicConfigurations: { t: { fromBeginning: true } },
    instrumentationEmitter: { emit: () => undefined },
    groupId: 'g',
    generationId: 1,
    memberId: 'm',
  })
}

it('what is committed stays when the log no longer has it, and reading begins at the first offset of the log', async () => {
  const h = harness((kafka) => {
    adaptClusters(kafka, (cluster) => store(cluster, () => h.stored))
    return keepCommitted(kafka)
  })
  const manager = managerOf(h)
  await manager.resolveOffsets()
  expect(manager.nextOffset('t', 0).toString()).toBe('70')
  await manager.setDefaultOffset({ topic: 't', partition: 0 })
  await manager.resolveOffsets()
  expect(manager.nextOffset('t', 0).toString()).toBe('3')
  expect(h.stored).toEqual({ offset: '70', metadata: 'where the records continue' })
})

it('what the consumer commits is committed', async () => {
  const h = harness((kafka) => {
    adaptClusters(kafka, (cluster) => store(cluster, () => h.stored))
    return keepCommitted(kafka)
  })
  const manager = managerOf(h)
  await manager.resolveOffsets()
  await manager.commitOffsets({ topics: [{ topic: 't', partitions: [{ partition: 0, offset: '80' }] }] })
  expect(h.stored.offset).toBe('80')
})

/** The coordinator: its brokers store one offset. */
function store(cluster: Cluster, stored: () => { offset: string; metadata: string }): void {
  const pool = cluster.brokerPool as { createBroker: (options: unknown) => Broker }
  const create = pool.createBroker
  pool.createBroker = (options) =>
    Object.assign(create(options), {
      async offsetCommit({ topics }: OffsetCommit) {
        Object.assign(stored(), { offset: String(topics[0]?.partitions[0]?.offset), metadata: '' })
      },
      offsetFetch: async () => ({ responses: [{ topic: 't', partitions: [{ partition: 0, ...stored() }] }] }),
    })
}
