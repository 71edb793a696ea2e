/** kafkajs' own code, without a connection: what it does where it has no metadata of a topic, or a partition has no leader. */
import { createRequire } from 'node:module'
import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { adaptClusters, type Cluster, type Exchange } from '#core/kafka/internals.ts'
import { tolerateLeaderless } from '#core/kafka/tolerate-leaderless.ts'

const OFFSETS = { 0: '7', 1: '9' } as Readonly<Record<number, string>>
const ASKED = [{ topic: 't', partitions: [{ partition: 0 }, { partition: 1 }] }]

/** A request for metadata with kafkajs' own reader of its answer, which fails on any error in it. */
const METADATA: Exchange = {
  request: { apiKey: 3 },
  response: createRequire(import.meta.url)('kafkajs/src/protocol/requests/metadata/v6/response.js'),
}

interface Pool {
  getConnectionByRequest: () => Promise<{ send(exchange: Exchange): Promise<unknown> }>
  send(exchange: Exchange): Promise<unknown>
}

/** @param leaders of the partitions, as the metadata have them at each refresh; undefined: the topic is not in them */
function clusterOf(owner: 'consumer' | 'admin', ...leaders: readonly (readonly number[] | undefined)[]) {
  const kafka = tolerateLeaderless(new Kafka({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING }))
  let cluster: Cluster | undefined
  adaptClusters(kafka, (made) => {
    cluster = made
  })
  if (owner === 'consumer') kafka.consumer({ groupId: 'g' })
  else kafka.admin()
  if (!cluster) throw new Error('kafkajs made no cluster')
  const pool = cluster.brokerPool as unknown as {
    metadata: unknown
    refreshMetadata: () => Promise<void>
    refreshMetadataIfNecessary: () => Promise<void>
    findBroker: (node: { nodeId: string }) => Promise<object>
  }
  let at = -1
  pool.refreshMetadata = async () => {
    at = Math.min(at + 1, leaders.length - 1)
    const partitionMetadata = leaders[at]?.map((leader, partitionId) => ({ partitionId, leader }))
    pool.metadata = { topicMetadata: partitionMetadata ? [{ topic: 't', partitionMetadata }] : [] }
  }
  pool.refreshMetadataIfNecessary = async () => undefined
  pool.findBroker = async ({ nodeId }) => {
    if (Number(nodeId) < 0) throw new Error(`no broker ${nodeId}`)
    return {
      listOffsets: async ({ topics }: { topics: typeof ASKED }) => ({
        responses: topics.map(({ topic, partitions }) => ({
          topic,
          partitions: partitions.map(({ partition }) => ({ partition, offset: OFFSETS[partition] })),
        })),
      }),
    }
  }
  return { cluster, refresh: () => pool.refreshMetadata() }
}

describe('the look-up of offsets', () => {
  it('asks for metadata that are missing', async () => {
    const { cluster, refresh } = clusterOf('consumer', undefined, [1, 1])
    await refresh()
    expect(await cluster.fetchTopicsOffset(ASKED)).toEqual([
      {
        topic: 't',
        partitions: [
          { partition: 0, offset: '7' },
          { partition: 1, offset: '9' },
        ],
      },
    ])
  })

  it('names a topic that a consumer cannot read yet: kafkajs would read a property of undefined', async () => {
    const { cluster, refresh } = clusterOf('consumer', undefined)
    await refresh()
    expect(await cluster.fetchTopicsOffset(ASKED)).toEqual([{ topic: 't', partitions: [] }])
  })

  it('gives a consumer the other partitions of one without a leader, and asks again until it has one', async () => {
    const { cluster, refresh } = clusterOf('consumer', [1, -1], [1, -1], [1, -1], [1, 1])
    await refresh()
    expect(await cluster.fetchTopicsOffset(ASKED)).toEqual([
      { topic: 't', partitions: [{ partition: 0, offset: '7' }] },
    ])
    await expect
      .poll(async () => {
        await cluster.refreshMetadataIfNecessary()
        return (await cluster.fetchTopicsOffset(ASKED))[0]?.partitions
      })
      .toHaveLength(2)
  })

  it('tells others than consumers, whose figures would be incomplete', async () => {
    const { cluster, refresh } = clusterOf('admin', [1, -1])
    await refresh()
    await expect(cluster.fetchTopicsOffset(ASKED)).rejects.toMatchObject({
      type: 'LEADER_NOT_AVAILABLE',
      retriable: true,
    })
  })
})

describe("a consumer's metadata", () => {
  const read = async (partitionErrorCode: number) => {
    const { cluster } = clusterOf('consumer')
    const pool = (await cluster.connectionPoolBuilder.build({ host: '127.0.0.1', port: 1 })) as Pool
    const topic = { topic: 't', topicErrorCode: 0, partitionMetadata: [{ partitionErrorCode, leader: -1 }] }
    pool.getConnectionByRequest = async () => ({
      send: async ({ response }) => response.parse({ brokers: [], topicMetadata: [topic] }),
    })
    return pool.send(METADATA)
  }

  it('are read while a partition has no leader', async () => {
    expect(await read(5)).toMatchObject({ topicMetadata: [{ partitionMetadata: [{ leader: -1 }] }] })
  })

  it('are not read with another error', async () => {
    await expect(read(3)).rejects.toMatchObject({ type: 'UNKNOWN_TOPIC_OR_PARTITION' })
  })
})
