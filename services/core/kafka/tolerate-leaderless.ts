/**
 * kafkajs 2.2.4 fails as a whole where one partition is not ready. Its look-up of offsets leaves out what it has no metadata of, and its
 * consumer then reads a property of undefined and ends for good; one partition without a leader makes all of its metadata unreadable. Here a
 * consumer reads the other partitions, and this one as soon as it has a leader.
 */
import kafkajs, { type Kafka } from 'kafkajs'
import { adaptClusters, type Cluster, type TopicOffsets } from './internals.ts'
import { readLeaderless } from './leaderless-metadata.ts'

/** While a partition has no leader, its metadata are asked for again so often. */
const ASK_AGAIN_MS = 500

/** The caller tries again: kafkajs does, and so does an error handler that knows the type. */
class LeaderNotAvailable extends kafkajs.KafkaJSError {
  readonly type = 'LEADER_NOT_AVAILABLE'
  constructor(topic: string) {
    super(`a partition of ${topic} has no leader now`)
  }
}

/** @returns the same client */
export function tolerateLeaderless(kafka: Kafka): Kafka {
  adaptClusters(kafka, (cluster, owner) => {
    const refresh = refresher(cluster)
    completeOffsets(cluster, owner, refresh)
    if (owner !== 'consumer') return
    readLeaderless(cluster, 'fail')
    const ifNecessary = cluster.refreshMetadataIfNecessary.bind(cluster)
    cluster.refreshMetadataIfNecessary = async () => {
      await ifNecessary()
      if (refresh.wanted) await refresh.now()
    }
  })
  return kafka
}

interface Refresher {
  /** A partition had no leader when it was looked at. */
  wanted: boolean
  /** Asks the brokers, unless they were asked a moment ago. */
  now(): Promise<void>
}

function refresher(cluster: Cluster): Refresher {
  let last = 0
  return {
    wanted: false,
    async now() {
      if (Date.now() - last < ASK_AGAIN_MS) return
      last = Date.now()
      await cluster.refreshMetadata()
      this.wanted = false
    },
  }
}

/** Every topic that is asked for is in the answer: a consumer's without the partitions that have no leader. */
function completeOffsets(cluster: Cluster, owner: 'consumer' | 'other', refresh: Refresher): void {
  const fetch = cluster.fetchTopicsOffset.bind(cluster)
  const led = ({ topic, partitions, ...rest }: TopicOffsets) => {
    const known = cluster.findTopicPartitionMetadata(topic).filter(({ leader }) => leader >= 0)
    const ids = new Set(known.map(({ partitionId }) => partitionId))
    return { ...rest, topic, partitions: partitions.filter(({ partition }) => ids.has(partition)) }
  }
  cluster.fetchTopicsOffset = async (topics) => {
    const incomplete = () => topics.find((one) => led(one).partitions.length < one.partitions.length)
    if (incomplete()) {
      await cluster.addMultipleTargetTopics(topics.map(({ topic }) => topic))
      await refresh.now()
    }
    const left = incomplete()
    refresh.wanted = left !== undefined
    if (left && owner !== 'consumer') throw new LeaderNotAvailable(left.topic)
    const found = await fetch(topics.map(led).filter(({ partitions }) => partitions.length > 0))
    return topics.map(({ topic }) => found.find((one) => one.topic === topic) ?? { topic, partitions: [] })
  }
}
