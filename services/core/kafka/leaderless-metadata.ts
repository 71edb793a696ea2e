/**
 * kafkajs 2.2.4 makes an exception of the metadata of all topics as soon as one partition in them has no leader. Here that partition is read
 * as one with the leader -1.
 */
import { adaptSends, type Cluster, readBefore } from './internals.ts'

/** Of https://kafka.apache.org/protocol#protocol_error_codes and #protocol_api_keys. */
const METADATA = 3
const UNKNOWN_TOPIC = 3
const LEADER_NOT_AVAILABLE = 5
const TOPIC_NOT_AUTHORISED = 29
const LISTENER_NOT_FOUND = 72
/** Of a topic: it is absent, for this client. */
const ABSENT: ReadonlySet<number> = new Set([UNKNOWN_TOPIC, LEADER_NOT_AVAILABLE, TOPIC_NOT_AUTHORISED])
/** Of a partition, for some clients. */
const LEADERLESS: ReadonlySet<number> = new Set([LEADER_NOT_AVAILABLE, LISTENER_NOT_FOUND])
const NO_LEADER = -1

interface Answer {
  readonly topicMetadata: readonly {
    readonly topicErrorCode: number
    readonly partitionMetadata: readonly { readonly partitionErrorCode: number; readonly leader: number }[]
  }[]
}

/** @param unknownTopics `fail`: a topic that does not exist, or that the client may not use, still fails for all; `absent`: it is not in the answer */
export function readLeaderless(cluster: Cluster, unknownTopics: 'fail' | 'absent'): void {
  adaptSends(cluster, (send) => (exchange) => {
    if (exchange.request.apiKey !== METADATA) return send(exchange)
    // `topic-ids.ts` sends requests of its own, whose answers are bytes.
    return send(readBefore(exchange, (answer) => (isMetadata(answer) ? readable(answer, unknownTopics) : answer)))
  })
}

function isMetadata(answer: unknown): answer is Answer {
  return Array.isArray((answer as Partial<Answer>).topicMetadata)
}

function readable(answer: Answer, unknownTopics: 'fail' | 'absent'): Answer {
  const topics = answer.topicMetadata.filter(
    ({ topicErrorCode }) => unknownTopics === 'fail' || !ABSENT.has(topicErrorCode),
  )
  return {
    ...answer,
    topicMetadata: topics.map((topic) => ({
      ...topic,
      partitionMetadata: topic.partitionMetadata.map((partition) =>
        LEADERLESS.has(partition.partitionErrorCode)
          ? { ...partition, partitionErrorCode: 0, leader: NO_LEADER }
          : partition,
      ),
    })),
  }
}
