/** A consumer that looks for the start of a partition of which its metadata know nothing yet: with kafkajs' own code, and no connection. */
import { createRequire } from 'node:module'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { readConfig } from '#core/config/read.ts'
import { KAFKA_KEYS, kafkaClient } from '#core/kafka/client.ts'

interface OffsetManager {
  resolveOffsets(): Promise<void>
}
const Manager = createRequire(import.meta.url)('kafkajs/src/consumer/offsetManager') as new (
  options: object,
) => OffsetManager

interface Cluster {
  readonly brokerPool: { metadata: unknown; refreshMetadata: () => Promise<void> }
}

/** A consumer's cluster whose brokers do not know the topic. */
function consumerCluster(): Cluster {
  const config = readConfig('deidentify', KAFKA_KEYS, { KAFKA_BROKERS: '127.0.0.1:1' })
  const kafka = kafkaClient('test', config, pino({ level: 'silent' }))
  const [symbol] = Object.getOwnPropertySymbols(kafka).filter(
    ({ description }) => description === 'private:Kafka:createCluster',
  )
  if (!symbol) throw new Error('kafkajs is another')
  const create = (kafka as unknown as Record<symbol, (options: object) => Cluster>)[symbol]
  const cluster = create?.({ isolationLevel: 1 })
  if (!cluster) throw new Error('kafkajs is another')
  cluster.brokerPool.metadata = { topicMetadata: [] }
  cluster.brokerPool.refreshMetadata = async () => undefined
  return cluster
}

test('the start of a partition whose topic is not known yet is looked for again later, without an error', async () => {
  const cluster = consumerCluster()
  const manager = new Manager({
    cluster,
    coordinator: {
      isConnected: () => true,
      offsetFetch: async () => ({ responses: [{ topic: 't', partitions: [{ partition: 0, offset: '-1' }] }] }),
    },
    memberAssignment: { t: [0] },
    topicConfigurations: { t: { fromBeginning: true } },
    groupId: 'g',
  })
  await expect(manager.resolveOffsets()).resolves.toBeUndefined()
})
