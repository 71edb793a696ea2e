/**
 * The consumer of both workers: batches of one partition at a time, explicit commits, an epoch of our own checked before each side
 * effect (kafkajs' `isStale()` does not notice a rebalance), heartbeats while a batch runs, and the end of the process when
 * the client stops retrying (otherwise it would neither consume nor fail).
 */
import kafkajs, { type EachBatchPayload, type Kafka, type KafkaMessage } from 'kafkajs'
import { ChainonError } from '../faults/errors.ts'
import { type Committed, committedOffsets } from '../kafka/offsets.ts'
import type { Logger } from '../telemetry/logger.ts'

export interface PartitionBatch {
  readonly topic: string
  readonly partition: number
  readonly messages: readonly KafkaMessage[]
  /** Changes at each assignment: the state of a partition is valid in one epoch. */
  readonly epoch: number
  /** The offset and metadata that the group had committed when this epoch began. */
  committed(): Promise<Committed>
  /** @throws Revoked when another worker may own the partition */
  assertOwned(): void
  /** Commits under the group's generation, which rejects the commit of a worker that has lost the partition without noticing. */
  commit(offset: bigint, metadata?: string): Promise<void>
  /** The next fetch begins after this offset; nothing is committed. */
  advance(offset: bigint): void
  /** Stops fetching the partition until the next assignment. */
  pause(): void
}

/** The partition was revoked; the batch is abandoned, and nothing of it is committed. */
class Revoked extends Error {
  override readonly name = 'Revoked'
}

export interface PartitionConsumer {
  stop(): Promise<void>
  joined(): boolean
}

export interface ConsumerOptions {
  readonly kafka: Kafka
  readonly groupId: string
  readonly topics: readonly string[]
  readonly logger: Logger
  readonly concurrency: number
  /** A fetch waits for so many bytes, but no longer than so many milliseconds: few large batches or many small ones. */
  readonly minBytes: number
  readonly maxWaitMs: number
  /** Every partition starts again: alarms of the former assignment no longer apply. */
  onAssigned?(): void
  onBatch(batch: PartitionBatch): Promise<void>
  /** An unexpected error: the partition is paused, nothing is committed; report it where an operator sees it. */
  onStopped(topic: string, partition: number, error: unknown): void
  /** A dependency stays unreachable: the process must end and be started again. */
  fail(error: unknown): void
}

const REBALANCING = new Set(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID'])
/** A broker that has just started loads its groups; the client may retry by itself. Anything else ends the process. */
const COORDINATOR_UNAVAILABLE = new Set([
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
])
const HEARTBEAT_MS = 2000
const SILENCE_LIMIT_MS = 90_000

export async function startConsumer(options: ConsumerOptions): Promise<PartitionConsumer> {
  const { kafka, groupId, logger } = options
  const consumer = kafka.consumer({
    groupId,
    // A member that was killed keeps its partitions until its session ends: kafkajs has no static membership.
    sessionTimeout: 15_000,
    heartbeatInterval: HEARTBEAT_MS,
    rebalanceTimeout: 60_000,
    maxBytesPerPartition: 4 * 1024 * 1024,
    maxBytes: 32 * 1024 * 1024,
    minBytes: options.minBytes,
    maxWaitTimeInMs: options.maxWaitMs,
    allowAutoTopicCreation: false,
    retry: {
      initialRetryTime: 100,
      retries: 10,
      maxRetryTime: 3000,
      restartOnFailure: async (error) => COORDINATOR_UNAVAILABLE.has((error as { type?: string }).type ?? ''),
    },
  })
  let epoch = 0
  let joined = false
  /** The partitions of this epoch; undefined from the first failed heartbeat or rebalance until the group is joined again. */
  let assigned: Readonly<Record<string, readonly number[]>> | undefined
  let lastActivity = Date.now()
  let running = 0
  let stopping = false
  const committed = new Map<string, Promise<ReadonlyMap<number, Committed>>>()

  const invalidate = () => {
    epoch++
    assigned = undefined
    committed.clear()
  }
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    invalidate()
    assigned = payload.memberAssignment
    // In kafkajs a pause continues after a rebalance; here every assigned partition is read again.
    consumer.resume(consumer.paused())
    joined = true
    logger.info({
      event: 'assigned',
      generation: payload.groupProtocol,
      epoch,
      topics: Object.keys(payload.memberAssignment).length,
    })
    options.onAssigned?.()
  })
  consumer.on(consumer.events.REBALANCING, invalidate)
  consumer.on(consumer.events.FETCH_START, () => {
    lastActivity = Date.now()
  })
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    invalidate()
    joined = false
    // The client restarts by itself; if that fails, the watchdog below ends the process.
    if (!stopping && !payload.restart)
      options.fail(
        new ChainonError('dependency-unavailable', 'the Kafka consumer stopped retrying', { cause: payload.error }),
      )
  })

  async function eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload
    const startEpoch = epoch
    if (stopping) return
    // After a failed heartbeat the client must join again: only then does it continue from what is committed, so that a new epoch
    // forms the same blocks as the last one. What was fetched before a rebalance must not be processed either.
    if (!assigned) throw new RejoinGroup()
    if (!assigned[batch.topic]?.includes(batch.partition)) return
    running++
    // Work on a batch may take longer than the session; kafkajs sends heartbeats only between batches.
    const heartbeat = setInterval(() => void payload.heartbeat().catch(() => invalidate()), HEARTBEAT_MS)
    try {
      await options.onBatch({
        topic: batch.topic,
        partition: batch.partition,
        messages: batch.messages,
        epoch: startEpoch,
        async committed() {
          let found = committed.get(batch.topic)
          if (!found) {
            found = committedOffsets(kafka, groupId, batch.topic)
            committed.set(batch.topic, found)
          }
          return (await found).get(batch.partition) ?? { offset: undefined, metadata: '' }
        },
        assertOwned() {
          if (epoch !== startEpoch) throw new Revoked()
        },
        async commit(offset, metadata) {
          const { topic, partition } = batch
          // A client that is being stopped drops commits without an error: no insert may follow its intent then.
          if (stopping) throw new Revoked()
          await consumer.commitOffsets([{ topic, partition, offset: offset.toString(), metadata: metadata ?? null }])
          if (stopping) throw new Revoked()
        },
        advance: (offset) => payload.resolveOffset(offset.toString()),
        pause: () => consumer.pause([{ topic: batch.topic, partitions: [batch.partition] }]),
      })
    } catch (error) {
      if (stopping) return
      if (error instanceof Revoked) throw new RejoinGroup()
      const rebalancing = rebalancingCause(error)
      if (rebalancing) throw rebalancing
      const known = asDependency(error)
      if (known instanceof ChainonError) {
        options.fail(known)
        throw known
      }
      consumer.pause([{ topic: batch.topic, partitions: [batch.partition] }])
      options.onStopped(batch.topic, batch.partition, error)
    } finally {
      clearInterval(heartbeat)
      running--
      lastActivity = Date.now()
    }
  }

  await consumer.connect()
  await consumer.subscribe({ topics: [...options.topics], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: options.concurrency,
    eachBatch,
  })
  const watchdog = setInterval(() => {
    if (running === 0 && Date.now() - lastActivity > SILENCE_LIMIT_MS) {
      options.fail(new ChainonError('dependency-unavailable', 'the Kafka consumer has not fetched for 90 s'))
    }
  }, 5000)
  return {
    joined: () => joined,
    async stop() {
      stopping = true
      clearInterval(watchdog)
      await consumer.disconnect()
    },
  }
}

/** Makes the client join the group again: it does so on an error of this type. */
class RejoinGroup extends kafkajs.KafkaJSError {
  readonly type = 'REBALANCE_IN_PROGRESS'
  constructor() {
    super('the assignment is no longer certain')
  }
}

/** The client rejoins on the protocol's own error, but wraps it when a retried request received it. */
function rebalancingCause(error: unknown): Error | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (REBALANCING.has((at as { type?: string }).type ?? '')) return at
  }
  return undefined
}

function asDependency(error: unknown): unknown {
  const name = error instanceof Error ? error.name : ''
  return name.startsWith('KafkaJS')
    ? new ChainonError('dependency-unavailable', 'Kafka did not answer within the retry budget', { cause: error })
    : error
}
