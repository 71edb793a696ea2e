/**
 * Writes to Kafka. Records of concurrent requests are collected for a few milliseconds and sent together, one send at a time,
 * by an idempotent producer that waits for all replicas. kafkajs does not recover an idempotent producer from a failed send
 * (its sequence numbers are then wrong), so after any failure a new producer replaces it; until that one is connected, `append` fails at once
 * and the gateway answers 503. The messages of a failed send may or may not be in the log.
 */
import type { ICustomPartitioner, Kafka, Producer } from 'kafkajs'
import { ChainonError } from '#core/faults/errors.ts'
import { MAX_PRODUCE_BYTES, MAX_PRODUCE_MESSAGES } from '#core/kafka/client.ts'
import type { Envelope } from '#core/pipeline/zones.ts'
import { within } from '#core/process/within.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import type { SealedMessage } from '../encode/seal-record.ts'

/** Only messages of the gateway's encoder have this type. */
export interface TopicBatch {
  readonly topic: string
  readonly messages: readonly Envelope<'identified', SealedMessage>[]
}

export interface RecordLog {
  /**
   * @returns when every message is acknowledged by all in-sync replicas
   * @throws ChainonError dependency-unavailable; the messages may or may not be in the log
   */
  append(batches: readonly TopicBatch[]): Promise<void>
  /** Sends what is pending and disconnects. */
  stop(): Promise<void>
}

export interface RecordLogEvents {
  onDown(error: unknown): void
  onUp(): void
}

const LINGER_MS = 5
const LINGER_BYTES = 1024 * 1024
/** After this a send counts as failed, even if the client still tries. */
const SEND_DEADLINE_MS = 12_000
const RECONNECT_MS = [100, 250, 500, 1000] as const
/** Approximate bytes of a record besides its value: key, lengths, offsets. */
const OVERHEAD_BYTES = 70

interface Chunk {
  readonly topic: string
  readonly messages: SealedMessage[]
  readonly bytes: number
  readonly request: Request
}

interface Request {
  waiting: number
  resolve(): void
  reject(error: ChainonError): void
}

export function openRecordLog(kafka: Kafka, logger: Logger, events: RecordLogEvents): RecordLog {
  const pending: Chunk[] = []
  let pendingBytes = 0
  let producer: Producer | undefined
  let timer: NodeJS.Timeout | undefined
  let sending: Promise<void> | undefined
  let stopped = false

  async function connect(attempt: number): Promise<void> {
    if (stopped) return
    const created = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: byRoutingKey,
      // The deadline above ends a send before the last of these; with its defaults kafkajs would continue for minutes.
      retry: { retries: 4, initialRetryTime: 100, maxRetryTime: 1500 },
    })
    try {
      await within(SEND_DEADLINE_MS, created.connect())
      // A connection that is made after the stop would keep the process running: no other code would close it.
      if (stopped) return discard(created)
      producer = created
      events.onUp()
    } catch (error) {
      discard(created)
      if (attempt === 0) events.onDown(error)
      const wait = RECONNECT_MS[Math.min(attempt, RECONNECT_MS.length - 1)]
      setTimeout(() => void connect(attempt + 1), wait).unref()
    }
  }

  function discard(old: Producer): void {
    old.disconnect().catch((error: unknown) => logger.debug({ event: 'producer-discarded', err: safeError(error) }))
  }

  function schedule(): void {
    if (sending || pending.length === 0) return
    if (pendingBytes >= LINGER_BYTES || stopped) sendNow()
    else timer ??= setTimeout(sendNow, LINGER_MS)
  }

  function sendNow(): void {
    clearTimeout(timer)
    timer = undefined
    if (sending) return
    sending = sendNext().finally(() => {
      sending = undefined
      schedule()
    })
  }

  async function sendNext(): Promise<void> {
    const chunks = nextChunks()
    const current = producer
    if (!current) return fail([...chunks, ...pending.splice(0)], undefined)
    const byTopic = new Map<string, SealedMessage[][]>()
    for (const { topic, messages } of chunks) {
      const of = byTopic.get(topic)
      if (of) of.push(messages)
      else byTopic.set(topic, [messages])
    }
    const topicMessages = [...byTopic].map(([topic, chunked]) => ({
      topic,
      messages: chunked.length === 1 && chunked[0] ? chunked[0] : chunked.flat(),
    }))
    try {
      await within(SEND_DEADLINE_MS, current.sendBatch({ acks: -1, timeout: SEND_DEADLINE_MS - 2000, topicMessages }))
    } catch (error) {
      producer = undefined
      discard(current)
      events.onDown(error)
      void connect(1)
      // Requests that wait for the next send would wait for another full deadline: an early 503 with Retry-After is better.
      return fail([...chunks, ...pending.splice(0)], error)
    }
    for (const { request } of chunks) if (--request.waiting === 0) request.resolve()
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

  function fail(chunks: readonly Chunk[], cause: unknown): void {
    pendingBytes = pending.reduce((sum, chunk) => sum + chunk.bytes, 0)
    for (const { request } of chunks) request.reject(unreachable(cause))
  }

  void connect(0)
  return {
    append(batches) {
      if (!producer) return Promise.reject(unreachable(undefined))
      return new Promise((resolve, reject) => {
        const request: Request = { waiting: 0, resolve, reject }
        for (const batch of batches) {
          for (const chunk of slice(batch, request)) {
            request.waiting++
            pending.push(chunk)
            pendingBytes += chunk.bytes
          }
        }
        if (request.waiting === 0) resolve()
        schedule()
      })
    },
    async stop() {
      stopped = true
      schedule()
      while (sending) await sending
      await producer?.disconnect()
    },
  }
}

function* slice({ topic, messages }: TopicBatch, request: Request): Generator<Chunk> {
  let chunk: SealedMessage[] = []
  let bytes = 0
  for (const { body: message } of messages) {
    const size = message.value.length + OVERHEAD_BYTES
    if (chunk.length > 0 && (bytes + size > LINGER_BYTES || chunk.length >= MAX_PRODUCE_MESSAGES)) {
      yield { topic, messages: chunk, bytes, request }
      chunk = []
      bytes = 0
    }
    chunk.push(message)
    bytes += size
  }
  if (chunk.length > 0) yield { topic, messages: chunk, bytes, request }
}

/** The routing key is already a keyed hash: its characters distribute records evenly, without a second hash of 200 instructions a byte. */
const byRoutingKey: ICustomPartitioner =
  () =>
  ({ message, partitionMetadata }) => {
    const key = String(message.key)
    let sum = 0
    for (let i = 0; i < 12; i++) sum = (sum * 31 + key.charCodeAt(i)) >>> 0
    return sum % partitionMetadata.length
  }

function unreachable(cause: unknown): ChainonError {
  return new ChainonError('dependency-unavailable', 'Kafka did not acknowledge in time', { cause })
}
