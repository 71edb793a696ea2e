/**
 * One partition that has no leader, or whose leader refuses, must not fail the others. kafkajs 2.2.4 makes an exception of a whole answer
 * as soon as one partition in it has an error: of the metadata of all topics, without which it neither connects nor sends, and of the
 * answer to a produce request, of which the caller then cannot know what was appended. Both answers are read here before kafkajs
 * judges them.
 */
import type { Kafka, Producer, ProducerConfig } from 'kafkajs'
import { adaptClusters, adaptSends, readBefore } from './internals.ts'
import { readLeaderless } from './leaderless-metadata.ts'

/**
 * `refused`: not in the log, by the word of its leader or because nothing was sent to one. `unknown`: it may be in the log, and a producer
 * that goes on may still append it.
 */
export type ProduceOutcome = 'appended' | 'refused' | 'unknown'

export interface ProduceJournal {
  /** Forgets what was noted before; call it before each send. */
  readonly begin: () => void
  /** What became of a partition's messages of the send that began last, when that send has ended. */
  readonly outcome: (topic: string, partition: number) => ProduceOutcome
  /** True when a leader answered for the partition, whatever it answered. */
  readonly answered: (topic: string, partition: number) => boolean
  /** True when any broker answered. */
  readonly reached: () => boolean
  /** @returns the offset of the first message of an appended partition; undefined when no answer named it */
  readonly baseOffset: (topic: string, partition: number) => bigint | undefined
}

interface ProduceAnswer {
  readonly topics: readonly {
    readonly topicName: string
    readonly partitions: readonly {
      readonly partition: number
      readonly errorCode: number
      readonly baseOffset: string
    }[]
  }[]
}

/** Of https://kafka.apache.org/protocol#protocol_error_codes and #protocol_api_keys. */
const PRODUCE = 0
const DUPLICATE_SEQUENCE = 46
/**
 * A leader that answers one of these has appended nothing: too large, too few in-sync replicas, not authorised, and a sequence number or
 * producer that it does not accept. Other errors may come after the append; NOT_LEADER is one of them, when the leader changes meanwhile.
 */
const NOT_APPENDED: ReadonlySet<number> = new Set([10, 19, 29, 45, 47, 59])

/**
 * From now on the clients that are made of `kafka` know a partition without a leader as one with the leader -1, and a topic that does not
 * exist, or that they may not use, as absent, instead of failing for all.
 *
 * @throws ChainonError bug when kafkajs is another than the pinned one
 */
export function seeLeaderless(kafka: Kafka): void {
  adaptClusters(kafka, (cluster) => readLeaderless(cluster, 'absent'))
}

/**
 * A producer, and what the brokers answered it for each partition. kafkajs' own retries stay: they have the same sequence numbers, so a
 * broker appends a batch once.
 *
 * @throws ChainonError bug when kafkajs is another than the pinned one
 */
export function journaledProducer(
  kafka: Kafka,
  config: ProducerConfig,
): { readonly producer: Producer; readonly journal: ProduceJournal } {
  const answers = new Map<string, ProduceOutcome>()
  const offsets = new Map<string, bigint>()
  let unanswered = false
  const restore = adaptClusters(kafka, (cluster) =>
    adaptSends(cluster, (send) => async (exchange) => {
      if (exchange.request.apiKey !== PRODUCE) return send(exchange)
      let answered = false
      const noted = readBefore(exchange, (answer) => {
        answered = true
        note(answers, offsets, answer as ProduceAnswer)
        return answer
      })
      try {
        return await send(noted)
      } finally {
        if (!answered) unanswered = true
      }
    }),
  )
  const producer = kafka.producer(config)
  restore()
  return {
    producer,
    journal: {
      begin() {
        answers.clear()
        offsets.clear()
        unanswered = false
      },
      outcome(topic, partition) {
        const answer = answers.get(nameOf(topic, partition))
        return answer === 'appended' ? answer : unanswered ? 'unknown' : (answer ?? 'refused')
      },
      answered: (topic, partition) => answers.has(nameOf(topic, partition)),
      reached: () => answers.size > 0,
      baseOffset: (topic, partition) => offsets.get(nameOf(topic, partition)),
    },
  }
}

function note(answers: Map<string, ProduceOutcome>, offsets: Map<string, bigint>, { topics }: ProduceAnswer): void {
  for (const { topicName, partitions } of topics) {
    for (const { partition, errorCode, baseOffset } of partitions) {
      const name = nameOf(topicName, partition)
      const before = answers.get(name)
      // A duplicate of long ago is appended, and the broker no longer knows where: it answers -1.
      if (errorCode === 0 && BigInt(baseOffset) >= 0n) offsets.set(name, BigInt(baseOffset))
      if (errorCode === 0 || errorCode === DUPLICATE_SEQUENCE) answers.set(name, 'appended')
      // A try that may have appended is not undone by one that did not.
      else if (before === undefined || before === 'refused')
        answers.set(name, NOT_APPENDED.has(errorCode) ? 'refused' : 'unknown')
    }
  }
}

const nameOf = (topic: string, partition: number) => `${topic}:${partition}`
