/** The Kafka producer of a lane: idempotent, waits for all in-sync replicas, and knows what became of each partition of a send. */
import type { Kafka, Message } from 'kafkajs'
import { journaledProducer, type ProduceJournal } from '#core/kafka/leaderless.ts'

/** The messages of a topic; each names its partition. */
export interface TopicMessages {
  readonly topic: string
  readonly messages: readonly (Message & { readonly partition: number })[]
}

export interface LogProducer extends Omit<ProduceJournal, 'begin'> {
  connect(): Promise<void>
  disconnect(): Promise<void>
  /** One at a time. @throws an error of kafkajs when it could not send all; `outcome` then knows what is in the log */
  send(topics: readonly TopicMessages[], timeoutMs: number): Promise<void>
}

/** It cannot be used after a send that failed: its sequence numbers are then wrong. */
export function logProducer(kafka: Kafka): LogProducer {
  const { producer, journal } = journaledProducer(kafka, {
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    // The record log has chosen the partition; kafkajs' own number of partitions may be older.
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition ?? 0,
    // The lane's deadline ends a send before the last of these; with its defaults kafkajs would continue for minutes.
    retry: { retries: 4, initialRetryTime: 100, maxRetryTime: 1500 },
  })
  return {
    connect: () => producer.connect(),
    disconnect: () => producer.disconnect(),
    async send(topics, timeout) {
      journal.begin()
      const topicMessages = topics.map(({ topic, messages }) => ({ topic, messages: [...messages] }))
      await producer.sendBatch({ acks: -1, timeout, topicMessages })
    },
    outcome: journal.outcome,
    answered: journal.answered,
    reached: journal.reached,
    baseOffset: journal.baseOffset,
  }
}
