/**
 * What a group has committed is where its records continue. kafkajs overwrites it, with the metadata, when the log no longer has that offset
 * (its records expired, or the log lost its end): it commits "the beginning" by itself. Here it begins at the first offset of the log in
 * memory alone, and what is committed stays until the consumer commits.
 */
import type { Kafka } from 'kafkajs'
import { adaptBrokers, adaptClusters, type Broker } from './internals.ts'

/** The offset that kafkajs reads as: never committed. */
const NONE = '-1'

/** @returns the same client */
export function keepCommitted(kafka: Kafka): Kafka {
  adaptClusters(kafka, (cluster, owner) => {
    if (owner !== 'consumer') return
    /** Partitions whose next look at what is committed must find nothing, so that kafkajs begins at their first offset. */
    const outOfRange = new Set<string>()
    adaptBrokers(cluster, (broker) => keepIn(broker, outOfRange))
  })
  return kafka
}

function keepIn(broker: Broker, outOfRange: Set<string>): void {
  const commit = broker.offsetCommit.bind(broker)
  const fetch = broker.offsetFetch.bind(broker)
  broker.offsetCommit = async (request) => {
    const isDefault = ({ offset }: { readonly offset: unknown }) => Number(String(offset)) < 0
    const resets = request.topics.flatMap(({ topic, partitions }) =>
      partitions.filter(isDefault).map(({ partition }) => `${topic}:${partition}`),
    )
    for (const key of resets) outOfRange.add(key)
    // kafkajs resets one partition in one request.
    return resets.length > 0 ? undefined : commit(request)
  }
  broker.offsetFetch = async (request) => {
    const answer = await fetch(request)
    const responses = answer.responses.map((one) => ({
      ...one,
      partitions: one.partitions.map((found) =>
        outOfRange.delete(`${one.topic}:${found.partition}`) ? { ...found, offset: NONE } : found,
      ),
    }))
    return { ...answer, responses }
  }
}
