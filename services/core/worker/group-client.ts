/**
 * A member of a consumer group that lasts as long as its process. kafkajs gives up for good on errors that it takes for final, stays silent
 * after others, and restarts by itself on the rest; here every loss is the same: what it had is given up, and a new client of kafkajs
 * joins in its place, with longer and longer waits, until it has joined.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Consumer, EachBatchPayload, Kafka, PartitionAssigner } from 'kafkajs'
import { ChainonError } from '../faults/errors.ts'
import { within } from '../process/within.ts'
import { type Logger, safeError } from '../telemetry/logger.ts'
import type { CommitTogether } from './commits.ts'
import { Revoked } from './consumer-errors.ts'
import type { Assignment } from './ownership.ts'

export interface GroupClientOptions {
  readonly kafka: Kafka
  readonly groupId: string
  readonly topics: readonly string[]
  readonly assigner: PartitionAssigner
  readonly logger: Logger
  readonly concurrency: number
  readonly minBytes: number
  readonly maxWaitMs: number
  readonly sessionMs: number
  readonly rebalanceMs: number
  readonly heartbeatMs: number
  onBatch(payload: EachBatchPayload, membership: Membership): Promise<void>
  onJoined(memberId: string, assignment: Assignment): void
  onRebalancing(): void
  /** Nothing is assigned any more. Called once for each loss, and again for each failed try. */
  onLost(error: unknown): void
  /** The group has not answered for as long as a session, and may have given the partitions to others; the client still tries. */
  onSilent(): void
  onAnswered(): void
  /** A batch runs: the client is not replaced under it. */
  isBusy(): boolean
}

/** The membership under which a batch was fetched. */
export interface Membership {
  /** @throws Revoked when it has ended: kafkajs would drop the commit without an error */
  readonly commit: CommitTogether
}

export interface GroupClient {
  readonly isJoined: boolean
  /** These have no effect while it has not joined: a new client begins at what is committed, with nothing paused. */
  pause(topic: string, partition: number): void
  resume(topic: string, partition: number): void
  seek(topic: string, partition: number, offset: bigint): void
  stop(): Promise<void>
}

const FIRST_WAIT_MS = 200
const LONGEST_WAIT_MS = 5_000
const SILENCE_LIMIT_MS = 90_000
const LOOK_EVERY_MS = 1_000

/** @throws an error of kafkajs when the first connection fails; after it, every loss is mended here */
export async function startGroupClient(options: GroupClientOptions): Promise<GroupClient> {
  const { kafka, groupId, logger } = options
  const stopped = new AbortController()
  /** The client that counts; what comes of an earlier one does not. */
  let current: Consumer | undefined
  let joined = false
  let lastAnswer = Date.now()
  let silent = false
  let wait = FIRST_WAIT_MS
  let losses = 0

  function create(): Consumer {
    const consumer = kafka.consumer({
      groupId,
      partitionAssigners: [options.assigner],
      sessionTimeout: options.sessionMs,
      heartbeatInterval: options.heartbeatMs,
      rebalanceTimeout: options.rebalanceMs,
      maxBytesPerPartition: 4 * 1024 * 1024,
      maxBytes: 32 * 1024 * 1024,
      minBytes: options.minBytes,
      maxWaitTimeInMs: options.maxWaitMs,
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 100, retries: 8, maxRetryTime: 1000, restartOnFailure: async () => false },
    })
    const counts = () => consumer === current && !stopped.signal.aborted
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      // kafkajs ends a join that is under way also after it was disconnected: it would keep partitions, and read none.
      if (!counts()) return close(consumer)
      joined = true
      wait = FIRST_WAIT_MS
      lastAnswer = Date.now()
      silent = false
      options.onJoined(payload.memberId, payload.memberAssignment)
    })
    consumer.on(consumer.events.REBALANCING, () => {
      if (counts()) options.onRebalancing()
    })
    consumer.on(consumer.events.HEARTBEAT, () => {
      if (!counts()) return
      lastAnswer = Date.now()
      if (silent) options.onAnswered()
      silent = false
    })
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (counts()) lost(consumer, payload.error)
    })
    return consumer
  }

  async function open(): Promise<void> {
    const consumer = create()
    current = consumer
    try {
      // Longer than a rebalance, which a join waits for.
      await within(SILENCE_LIMIT_MS, run(consumer))
    } catch (error) {
      if (consumer === current) current = undefined
      close(consumer)
      throw error
    }
  }

  async function run(consumer: Consumer): Promise<void> {
    const membership = membershipOf(consumer)
    await consumer.connect()
    await consumer.subscribe({ topics: [...options.topics], fromBeginning: true })
    // A stop meanwhile has disconnected it, and it would connect again.
    if (stopped.signal.aborted) throw new Revoked()
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: options.concurrency,
      eachBatch: async (payload) => {
        if (consumer === current) await options.onBatch(payload, membership)
      },
    })
  }

  function membershipOf(consumer: Consumer): Membership {
    const check = () => {
      if (consumer !== current || stopped.signal.aborted) throw new Revoked()
    }
    return {
      async commit(commits) {
        check()
        await consumer.commitOffsets(
          commits.map(({ topic, partition, offset, metadata }) => ({
            topic,
            partition,
            offset: offset.toString(),
            metadata: metadata ?? null,
          })),
        )
        check()
      },
    }
  }

  function lost(consumer: Consumer, error: unknown): void {
    current = undefined
    joined = false
    logger.error({ event: 'group-lost', group: groupId, err: safeError(error) })
    options.onLost(error)
    close(consumer)
    void openAgain()
  }

  async function openAgain(): Promise<void> {
    const loss = ++losses
    // A client that is lost while it joins is replaced by the tries that begin then.
    const counts = () => loss === losses && !stopped.signal.aborted
    while (counts()) {
      await sleep(wait, undefined, { signal: stopped.signal }).catch(() => undefined)
      if (!counts()) return
      wait = Math.min(wait * 2, LONGEST_WAIT_MS)
      try {
        return await open()
      } catch (error) {
        logger.warn({ event: 'group-not-joined', group: groupId, err: safeError(error) })
        if (counts()) options.onLost(error)
      }
    }
  }

  /** Not waited for: a client that hangs may never end, and nothing of it counts any more. */
  function close(consumer: Consumer): void {
    consumer
      .disconnect()
      .catch((error: unknown) => logger.debug({ event: 'group-client-discarded', err: safeError(error) }))
  }

  await open()
  const silence = setInterval(() => {
    const quiet = Date.now() - lastAnswer
    if (!current || !joined || quiet < options.sessionMs) return
    if (!silent) options.onSilent()
    silent = true
    if (quiet > SILENCE_LIMIT_MS && !options.isBusy())
      lost(current, new ChainonError('dependency-unavailable', 'the consumer group has not answered for 90 s'))
  }, LOOK_EVERY_MS)
  return {
    get isJoined() {
      return joined
    },
    pause: (topic, partition) => joined && current?.pause([{ topic, partitions: [partition] }]),
    resume: (topic, partition) => joined && current?.resume([{ topic, partitions: [partition] }]),
    seek: (topic, partition, offset) => joined && current?.seek({ topic, partition, offset: offset.toString() }),
    async stop() {
      stopped.abort()
      clearInterval(silence)
      await current?.disconnect()
    },
  }
}
