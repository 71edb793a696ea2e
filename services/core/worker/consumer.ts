/**
 * The consumer of both workers: batches of one partition at a time, explicit commits, an epoch for each partition checked before each
 * side effect (kafkajs' `isStale()` does not notice a rebalance), heartbeats while a batch runs. An error stops its partition alone,
 * which is tried again by itself from what is committed; a lost membership is replaced (group-client.ts).
 */
import type { EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs'
import type { FaultCode } from '../faults/codes.ts'
import { ChainonError } from '../faults/errors.ts'
import { type Committed, committedOffsets } from '../kafka/offsets.ts'
import { type Logger, safeError } from '../telemetry/logger.ts'
import { type SealsUnder, stickyAssigner } from './assigner.ts'
import { type CommitTogether, groupCommits } from './commits.ts'
import { RejoinGroup, Revoked, rebalancingCause, stopCode } from './consumer-errors.ts'
import { type GroupClient, type Membership, startGroupClient } from './group-client.ts'
import type { Members } from './members.ts'
import { type Assignment, createOwnership, partitionKey, partitionOf } from './ownership.ts'
import { createStoppedPartitions, type StoppedPartition } from './stopped-partitions.ts'

export interface PartitionBatch {
  readonly topic: string
  readonly partition: number
  readonly messages: readonly KafkaMessage[]
  /** The state of a partition is valid in one epoch; a partition that did not move in a rebalance keeps its epoch. */
  readonly epoch: number
  /** The offset and metadata that the group had committed when this epoch began. */
  committed(): Promise<Committed>
  /** @throws Revoked when another worker may own the partition */
  assertOwned(): void
  /**
   * For work that waits before it begins: what has begun before a rebalance ends first, what has not is left to the next generation.
   * @throws Revoked while the group rebalances, and when the consumer stops
   */
  assertMayBegin(): void
  /** Commits under the group's generation, which rejects the commit of a worker that has lost the partition without noticing. */
  commit(offset: bigint, metadata?: string): Promise<void>
  /** The same for several partitions of this worker in one request; the caller has just checked that it owns each of them. */
  readonly commitTogether: CommitTogether
  /** The next fetch begins after this offset; nothing is committed. */
  advance(offset: bigint): void
  /** The next fetch begins at this offset; nothing is committed. */
  seek(offset: bigint): void
  /** Stops fetching the partition for so many milliseconds; then it continues where it was. */
  pauseFor(ms: number): void
  /**
   * Stops the partition, which is tried again later from what is committed; the caller raises the alarm.
   * @returns a function that makes it be tried again at once, while it is stopped
   */
  stop(code: FaultCode): () => void
}

export interface PartitionConsumer {
  stop(): Promise<void>
  /** True from the first assignment on. */
  joined(): boolean
  stopped(): readonly StoppedPartition[]
}

export interface ConsumerEvents {
  /** An error stopped the partition, and nothing was committed; report it where an operator sees it. */
  partitionStopped(stopped: StoppedPartition, error: unknown): void
  /** A batch succeeded after the partition was stopped. */
  partitionMoved(topic: string, partition: number): void
  /** The partition is another worker's, or begins again: alarms of the former assignment no longer apply. */
  partitionLost(topic: string, partition: number): void
  batchSlow(topic: string, partition: number): void
  batchEnded(topic: string, partition: number): void
  /** @param error why this process is not in the group, or not heard by it; it joins again by itself */
  kafkaUnreachable(error: unknown): void
  kafkaReached(): void
}

export interface ConsumerOptions {
  readonly kafka: Kafka
  readonly groupId: string
  readonly topics: readonly string[]
  /** See `Membership`. */
  readonly sealsUnder?: SealsUnder | undefined
  readonly logger: Logger
  readonly members: Members
  readonly concurrency: number
  /** A fetch waits for so many bytes, but no longer than so many milliseconds: few large batches or many small ones. */
  readonly minBytes: number
  readonly maxWaitMs: number
  /** A member that sends no heartbeat for so long is taken out of the group. */
  readonly sessionMs: number
  readonly slowBatchMs: number
  readonly events: ConsumerEvents
  onBatch(batch: PartitionBatch): Promise<void>
}

const HEARTBEAT_MS = 1000
const REBALANCE_MS = 60_000
const DEAD_MEMBERS_EVERY_MS = 500

export async function startConsumer(options: ConsumerOptions): Promise<PartitionConsumer> {
  const { kafka, groupId, logger, events, members } = options
  const ownership = createOwnership(REBALANCE_MS / 2)
  const stopped = createStoppedPartitions()
  const committed = new Map<string, Promise<ReadonlyMap<number, Committed>>>()
  /** Offset of the first message of each partition's epoch, and of the one that is fetched next. */
  const starts = new Map<string, bigint>()
  const positions = new Map<string, bigint>()
  let assigned: Assignment = {}
  let joined = false
  let running = 0
  let stopping = false
  let client: GroupClient | undefined

  function onJoined(memberId: string, assignment: Assignment): void {
    const { kept, lost } = ownership.joined(memberId, assignment)
    assigned = assignment
    members.joined(memberId)
    committed.clear()
    for (const key of lost) forget(key)
    const keeps = new Set(kept)
    for (const [topic, partitions] of Object.entries(assigned)) {
      for (const partition of partitions) {
        const key = partitionKey(topic, partition)
        const position = positions.get(key)
        // kafkajs begins at what is committed after each rebalance, and continues a pause.
        if (!keeps.has(key)) client?.resume(topic, partition)
        else if (position !== undefined) client?.seek(topic, partition, position)
      }
    }
    joined = true
    events.kafkaReached()
    logger.info({ event: 'assigned', topics: Object.keys(assigned).length, kept: kept.length, lost: lost.length })
  }

  function onLost(error: unknown): void {
    ownership.leave()
    members.abandoned()
    events.kafkaUnreachable(error)
  }

  function forget(key: string): void {
    positions.delete(key)
    starts.delete(key)
    const { topic, partition } = partitionOf(key)
    stopped.moved(topic, partition)
    events.partitionLost(topic, partition)
  }

  /** What the handler kept in memory no longer counts. */
  function beginAgain(topic: string, key: string): number {
    positions.delete(key)
    committed.delete(topic)
    return ownership.renew(key)
  }

  function committedOf(topic: string): Promise<ReadonlyMap<number, Committed>> {
    const found = committed.get(topic) ?? committedOffsets(kafka, groupId, topic)
    committed.set(topic, found)
    // A failed read must not be the answer of the next try.
    found.catch(() => committed.delete(topic))
    return found
  }

  function stop(topic: string, partition: number, code: StoppedPartition['code']): StoppedPartition {
    const key = partitionKey(topic, partition)
    client?.pause(topic, partition)
    const epoch = beginAgain(topic, key)
    return stopped.stop(topic, partition, code, () => void tryAgain(topic, partition, epoch, code))
  }

  async function tryAgain(topic: string, partition: number, epoch: number, code: StoppedPartition['code']) {
    const key = partitionKey(topic, partition)
    const isCurrent = () => !stopping && ownership.epochOf(key) === epoch
    try {
      const offset = (await committedOf(topic)).get(partition)?.offset ?? starts.get(key)
      if (!isCurrent()) return
      if (offset !== undefined) client?.seek(topic, partition, offset)
      client?.resume(topic, partition)
    } catch (error) {
      if (!isCurrent()) return
      logger.warn({ event: 'try-again-failed', topic, partition, err: safeError(error) })
      stopped.stop(topic, partition, code, () => void tryAgain(topic, partition, epoch, code))
    }
  }

  async function onBatch(payload: EachBatchPayload, membership: Membership): Promise<void> {
    const { topic, partition, messages } = payload.batch
    const key = partitionKey(topic, partition)
    const epoch = ownership.epochOf(key)
    if (stopping) return
    // After a failed heartbeat the client must join again before it processes what it fetched.
    if (!ownership.certain) throw new RejoinGroup()
    const first = messages[0]
    if (epoch === undefined || !first) return
    if (!starts.has(key)) starts.set(key, BigInt(first.offset))
    running++
    let ended: FaultCode | undefined
    // Work on a batch may take longer than the session; kafkajs sends heartbeats only between batches.
    const heartbeat = setInterval(() => {
      payload.heartbeat().catch((error: unknown) => {
        // A member of a group that rebalances keeps its partitions until it joins again: this batch can end first.
        if ((error as { type?: string }).type === 'REBALANCE_IN_PROGRESS') ownership.rebalancing()
        else ownership.lose()
      })
    }, HEARTBEAT_MS)
    const slow = setTimeout(() => events.batchSlow(topic, partition), options.slowBatchMs)
    const commitTogether = groupCommits(membership, () => stopping)
    try {
      await options.onBatch({
        topic,
        partition,
        messages,
        epoch,
        committed: async () => (await committedOf(topic)).get(partition) ?? { offset: undefined, metadata: '' },
        assertOwned() {
          if (!ownership.holds(key, epoch)) throw new Revoked()
        },
        assertMayBegin() {
          if (stopping || !ownership.certain) throw new Revoked()
        },
        commit: (offset, metadata) => commitTogether([{ topic, partition, offset, metadata }]),
        commitTogether,
        advance(offset) {
          payload.resolveOffset(offset.toString())
          positions.set(key, offset + 1n)
        },
        seek(offset) {
          client?.seek(topic, partition, offset)
          positions.set(key, offset)
        },
        pauseFor(ms) {
          const resume = payload.pause()
          setTimeout(() => !stopping && ownership.epochOf(key) === epoch && resume(), ms).unref()
        },
        stop(code) {
          ended = code
          return () => stopped.hurry(topic, partition)
        },
      })
      if (ended) stop(topic, partition, ended)
      else if (stopped.moved(topic, partition)) events.partitionMoved(topic, partition)
      if (ownership.isRebalancing) throw new RejoinGroup()
    } catch (error) {
      if (stopping) return
      if (error instanceof RejoinGroup) throw error
      const rebalancing = error instanceof Revoked ? new RejoinGroup() : rebalancingCause(error)
      if (rebalancing) {
        beginAgain(topic, key)
        throw rebalancing
      }
      events.partitionStopped(stop(topic, partition, stopCode(error)), error)
    } finally {
      clearInterval(heartbeat)
      clearTimeout(slow)
      events.batchEnded(topic, partition)
      running--
    }
  }

  await members.removeDead()
  client = await startGroupClient({
    kafka,
    groupId,
    topics: options.topics,
    assigner: stickyAssigner({
      has: () => assigned,
      onJoin: () => ownership.joining(),
      sealsUnder: options.sealsUnder,
    }),
    logger,
    concurrency: options.concurrency,
    minBytes: options.minBytes,
    maxWaitMs: options.maxWaitMs,
    sessionMs: options.sessionMs,
    rebalanceMs: REBALANCE_MS,
    heartbeatMs: HEARTBEAT_MS,
    onBatch,
    onJoined,
    onRebalancing: () => ownership.rebalancing(),
    onLost,
    onSilent: () => events.kafkaUnreachable(new ChainonError('dependency-unavailable', 'no heartbeat was answered')),
    onAnswered: () => events.kafkaReached(),
    isBusy: () => running > 0,
  })
  const watch = setInterval(() => void members.removeDead(), DEAD_MEMBERS_EVERY_MS)
  return {
    joined: () => joined,
    stopped: () => stopped.list(),
    async stop() {
      stopping = true
      clearInterval(watch)
      stopped.close()
      await client?.stop()
      members.left()
    },
  }
}
