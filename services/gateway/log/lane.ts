/**
 * Sends messages to one leader, one send at a time: what comes while a send is under way is sent together after it. Only what comes to a lane
 * that is at rest waits, a millisecond, for others of the same moment.
 * kafkajs does not recover an idempotent producer from a failed send (its sequence numbers are then wrong), so after any failure a new
 * producer replaces it. While a leader does not answer, messages are given back at once, and the gateway answers 503.
 */
import { MAX_PRODUCE_BYTES, MAX_PRODUCE_MESSAGES } from '#core/kafka/client.ts'
import type { ProduceOutcome } from '#core/kafka/leaderless.ts'
import { within } from '#core/process/within.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import type { LogProducer, TopicMessages } from './producer.ts'

/** Messages of one request for one partition, sent and settled together. */
export interface Chunk {
  readonly topic: string
  readonly partition: number
  readonly messages: TopicMessages['messages']
  readonly bytes: number
  /**
   * Called once.
   *
   * @param answered true when the leader answered for the partition: if it failed, it fails alone
   * @param offset of the first message, when they are appended and the leader named it; the others follow it
   */
  settle(outcome: ProduceOutcome, answered: boolean, offset?: bigint): void
}

export interface Lane {
  add(chunks: readonly Chunk[]): void
  /** Sends what is pending and disconnects. */
  stop(): Promise<void>
}

export interface LaneEvents {
  /** The leader does not answer. */
  onDown(error: unknown): void
  onUp(): void
}

export const LINGER_BYTES = 1024 * 1024
const LINGER_MS = 1
/** After this a send counts as failed, even if the client still tries. */
const SEND_DEADLINE_MS = 12_000
const RECONNECT_MS = [100, 250, 500, 1000] as const

export function openLane(openProducer: () => LogProducer, logger: Logger, events: LaneEvents): Lane {
  const pending: Chunk[] = []
  let pendingBytes = 0
  let producer: LogProducer | undefined
  /** The last send or connection was not answered: until there is a connection again, nothing waits. */
  let down = false
  let timer: NodeJS.Timeout | undefined
  let sending: Promise<void> | undefined
  let stopped = false

  async function connect(attempt: number): Promise<void> {
    if (stopped) return
    const created = openProducer()
    try {
      await within(SEND_DEADLINE_MS, created.connect())
      // A connection that is made after the stop would keep the process running: no other code would close it.
      if (stopped) return discard(created)
      producer = created
      down = false
      events.onUp()
      schedule()
    } catch (error) {
      discard(created)
      if (!down) goDown(error)
      const wait = RECONNECT_MS[Math.min(attempt, RECONNECT_MS.length - 1)]
      setTimeout(() => void connect(attempt + 1), wait).unref()
    }
  }

  function goDown(error: unknown): void {
    down = true
    events.onDown(error)
    // Requests that wait for the next send would wait for another full deadline: an early 503 with Retry-After is better.
    giveBack()
  }

  /** What was never sent is not in the log. */
  function giveBack(): void {
    pendingBytes = 0
    for (const chunk of pending.splice(0)) chunk.settle('refused', false)
  }

  function discard(old: LogProducer): void {
    old.disconnect().catch((error: unknown) => logger.debug({ event: 'producer-discarded', err: safeError(error) }))
  }

  function schedule(): void {
    if (sending || !producer || pending.length === 0) return
    if (pendingBytes >= LINGER_BYTES || stopped) sendNow()
    else timer ??= setTimeout(sendNow, LINGER_MS)
  }

  function sendNow(): void {
    clearTimeout(timer)
    timer = undefined
    if (sending || !producer || pending.length === 0) return
    sending = sendNext(producer).finally(() => {
      sending = undefined
      // What waited for the end of this send has waited long enough.
      sendNow()
    })
  }

  async function sendNext(current: LogProducer): Promise<void> {
    const chunks = nextChunks()
    let ended = false
    let failure: unknown
    try {
      const sent = current.send(byTopic(chunks), SEND_DEADLINE_MS - 2000).finally(() => {
        ended = true
      })
      await within(SEND_DEADLINE_MS, sent)
    } catch (error) {
      failure = error
    }
    const outcomes = chunks.map(({ topic, partition }) => {
      const outcome = current.outcome(topic, partition)
      // kafkajs goes on after the deadline, and may still append.
      return outcome === 'refused' && !ended ? 'unknown' : outcome
    })
    if (outcomes.some((outcome) => outcome !== 'appended')) {
      producer = undefined
      discard(current)
      if (!current.reached()) goDown(failure)
      void connect(1)
    }
    const next = nextOffsets(current)
    for (const [i, chunk] of chunks.entries()) {
      const outcome = outcomes[i] ?? 'unknown'
      const offset = outcome === 'appended' ? next(chunk) : undefined
      chunk.settle(outcome, current.answered(chunk.topic, chunk.partition), offset)
    }
  }

  function nextChunks(): Chunk[] {
    let bytes = 0
    let messages = 0
    let count = 0
    for (const chunk of pending) {
      if (
        count > 0 &&
        (bytes + chunk.bytes > MAX_PRODUCE_BYTES || messages + chunk.messages.length > MAX_PRODUCE_MESSAGES)
      )
        break
      bytes += chunk.bytes
      messages += chunk.messages.length
      count++
    }
    pendingBytes -= bytes
    return pending.splice(0, count)
  }

  void connect(0)
  return {
    add(chunks) {
      for (const chunk of chunks) {
        if (down || stopped) chunk.settle('refused', false)
        else {
          pending.push(chunk)
          pendingBytes += chunk.bytes
        }
      }
      schedule()
    },
    async stop() {
      stopped = true
      schedule()
      while (sending) await sending
      giveBack()
      await producer?.disconnect()
    },
  }
}

/** @returns a function that gives the first offset of each chunk of a send, in their order: those of one partition are one batch of Kafka */
function nextOffsets(producer: LogProducer): (chunk: Chunk) => bigint | undefined {
  const next = new Map<string, bigint>()
  return ({ topic, partition, messages }) => {
    const name = `${topic}:${partition}`
    const offset = next.get(name) ?? producer.baseOffset(topic, partition)
    if (offset !== undefined) next.set(name, offset + BigInt(messages.length))
    return offset
  }
}

function byTopic(chunks: readonly Chunk[]): readonly TopicMessages[] {
  return [...Map.groupBy(chunks, ({ topic }) => topic)].map(([topic, ofTopic]) => ({
    topic,
    messages: ofTopic.length === 1 && ofTopic[0] ? ofTopic[0].messages : ofTopic.flatMap(({ messages }) => messages),
  }))
}
