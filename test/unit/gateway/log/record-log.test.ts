/**
 * The record log's own rules, on a Kafka client in memory whose sends end when the test says so, and on a clock that the test
 * moves. test/integration/gateway.test.ts uses the real client and the real broker.
 */
import type { ICustomPartitioner, Kafka, ProducerBatch } from 'kafkajs'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ChainonError } from '#core/faults/errors.ts'
import { MAX_PRODUCE_BYTES, MAX_PRODUCE_MESSAGES } from '#core/kafka/client.ts'
import { mintIdentified } from '#core/pipeline/zones.ts'
import { openRecordLog, type RecordLog } from '../../../../services/gateway/log/record-log.ts'

type Batches = Parameters<RecordLog['append']>[0]
type Message = Batches[number]['messages'][number]

/** The record log's linger, deadline and mebibyte; producers depend on these values. */
const LINGER_MS = 5
const DEADLINE_MS = 12_000
const MEBIBYTE = 1024 * 1024

interface Send {
  readonly producer: number
  readonly batch: ProducerBatch
  acknowledge(): void
  fail(): void
}

/** A client object that records its calls, and answers a send when the test does. */
function memoryKafka() {
  const sends: Send[] = []
  const options: { createPartitioner: ICustomPartitioner; idempotent: boolean; maxInFlightRequests: number }[] = []
  const disconnected: number[] = []
  const connect: { answer: () => Promise<void> } = { answer: async () => undefined }
  const kafka = {
    producer(given: (typeof options)[number]) {
      const producer = options.push(given)
      return {
        connect: () => connect.answer(),
        disconnect: async () => void disconnected.push(producer),
        sendBatch: (batch: ProducerBatch) =>
          new Promise<void>((resolve, reject) =>
            sends.push({
              producer,
              batch,
              acknowledge: resolve,
              fail: () => reject(new Error('the broker is unreachable')),
            }),
          ),
      }
    },
  } as unknown as Kafka
  return { kafka, sends, options, disconnected, connect }
}

async function opened() {
  const memory = memoryKafka()
  const events = { onDown: vi.fn(), onUp: vi.fn() }
  const log = openRecordLog(memory.kafka, pino({ level: 'silent' }), events)
  await pass(0)
  return { ...memory, events, log }
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

function message(id: number, bytes = 10): Message {
  return mintIdentified({ key: `key-${id}`, value: Buffer.alloc(bytes) })
}

const batch = (count: number, bytes = 10, topic = 'identified.a'): Batches[number] => ({
  topic,
  messages: Array.from({ length: count }, (_, id) => message(id, bytes)),
})

/** @returns how many messages a send has */
const sizeOf = (send: Send | undefined): number =>
  (send?.batch.topicMessages ?? []).reduce((sum, { messages }) => sum + messages.length, 0)

/** @returns 'open' until the promise ends */
function watch(promise: Promise<void>) {
  const state = { is: 'open' as 'open' | 'appended' | 'failed', error: undefined as unknown }
  promise.then(
    () => (state.is = 'appended'),
    (error: unknown) => Object.assign(state, { is: 'failed', error }),
  )
  return state
}

function expectUnavailable(state: { is: string; error: unknown }): void {
  expect(state.is).toBe('failed')
  expect(state.error).toBeInstanceOf(ChainonError)
  expect(state.error).toMatchObject({ code: 'dependency-unavailable' })
}

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

describe('a send', () => {
  it('waits for all replicas, by an idempotent producer with one request in flight', async () => {
    const { log, sends, options } = await opened()
    void log.append([batch(1)])
    await pass(LINGER_MS)
    expect(options).toMatchObject([{ idempotent: true, maxInFlightRequests: 1 }])
    expect(sends[0]?.batch.acks).toBe(-1)
  })

  it('collects the records of requests that come within the linger time, by topic and in order', async () => {
    const { log, sends } = await opened()
    const first = watch(log.append([batch(2), batch(1, 10, 'identified.b')]))
    await pass(LINGER_MS - 1)
    const second = watch(log.append([batch(3)]))
    expect(sends).toHaveLength(0)
    await pass(1)
    expect(sends).toHaveLength(1)
    expect(
      sends[0]?.batch.topicMessages?.map(({ topic, messages }) => [topic, messages.map(({ key }) => key)]),
    ).toEqual([
      ['identified.a', ['key-0', 'key-1', 'key-0', 'key-1', 'key-2']],
      ['identified.b', ['key-0']],
    ])
    expect([first.is, second.is]).toEqual(['open', 'open'])
    sends[0]?.acknowledge()
    await pass(0)
    expect([first.is, second.is]).toEqual(['appended', 'appended'])
  })

  it('does not linger when a mebibyte waits; later records linger again', async () => {
    const { log, sends } = await opened()
    void log.append([batch(1, MEBIBYTE)])
    expect(sends).toHaveLength(1)
    sends[0]?.acknowledge()
    await pass(0)
    void log.append([batch(1)])
    expect(sends).toHaveLength(1)
    await pass(LINGER_MS)
    expect(sends).toHaveLength(2)
  })

  it('is the only one at a time: later records wait and are sent together', async () => {
    const { log, sends } = await opened()
    void log.append([batch(1)])
    await pass(LINGER_MS)
    void log.append([batch(2)])
    void log.append([batch(MAX_PRODUCE_MESSAGES - 2)])
    await pass(1000)
    expect(sends).toHaveLength(1)
    sends[0]?.acknowledge()
    await pass(LINGER_MS)
    expect(sends.map(sizeOf)).toEqual([1, MAX_PRODUCE_MESSAGES])
  })

  it('has a bounded number of messages; a request is answered after the last of its messages', async () => {
    const { log, sends } = await opened()
    const state = watch(log.append([batch(2 * MAX_PRODUCE_MESSAGES + 500)]))
    for (const expected of [MAX_PRODUCE_MESSAGES, MAX_PRODUCE_MESSAGES, 500]) {
      await pass(LINGER_MS)
      expect(sizeOf(sends.at(-1))).toBe(expected)
      expect(state.is).toBe('open')
      sends.at(-1)?.acknowledge()
      await pass(0)
    }
    expect(state.is).toBe('appended')
    expect(sends).toHaveLength(3)
  })

  it('has a bounded number of bytes, and a larger message is sent alone', async () => {
    const { log, sends } = await opened()
    void log.append([batch(10, 600_000), batch(1, MAX_PRODUCE_BYTES + 1)])
    const sizes: number[] = []
    for (let sent = 0; sent < 3; sent++) {
      await pass(LINGER_MS)
      const messages = sends[sent]?.batch.topicMessages?.flatMap((of) => of.messages) ?? []
      const bytes = messages.reduce((sum, { value }) => sum + (value as Buffer).length, 0)
      expect(messages.length === 1 || bytes <= MAX_PRODUCE_BYTES).toBe(true)
      sizes.push(messages.length)
      sends[sent]?.acknowledge()
      await pass(0)
    }
    expect(sizes).toEqual([6, 4, 1])
  })

  it('does not happen for a request without messages', async () => {
    const { log, sends } = await opened()
    await log.append([batch(0)])
    await pass(LINGER_MS)
    expect(sends).toEqual([])
  })
})

describe('a failed send', () => {
  it('fails every request that waits, and a new producer replaces the old one', async () => {
    const { log, sends, events, options, disconnected } = await opened()
    const sent = watch(log.append([batch(1)]))
    await pass(LINGER_MS)
    const waiting = watch(log.append([batch(1)]))
    sends[0]?.fail()
    await pass(0)
    expectUnavailable(sent)
    expectUnavailable(waiting)
    expect(events.onDown).toHaveBeenCalledOnce()
    expect(disconnected).toEqual([1])
    expect(options).toHaveLength(2)
    expect(events.onUp).toHaveBeenCalledTimes(2)

    const next = watch(log.append([batch(1)]))
    await pass(LINGER_MS)
    expect(sends[1]?.producer).toBe(2)
    sends[1]?.acknowledge()
    await pass(0)
    expect(next.is).toBe('appended')
  })

  it('is one without an acknowledgement before the deadline; a later one changes nothing', async () => {
    const { log, sends, disconnected } = await opened()
    const state = watch(log.append([batch(1)]))
    await pass(LINGER_MS + DEADLINE_MS - 1)
    expect(state.is).toBe('open')
    await pass(1)
    expectUnavailable(state)
    expect(disconnected).toEqual([1])
    sends[0]?.acknowledge()
    await pass(0)
    expectUnavailable(state)
  })

  it('of the second half of a request fails the whole request', async () => {
    const { log, sends } = await opened()
    const state = watch(log.append([batch(MAX_PRODUCE_MESSAGES + 1)]))
    await pass(LINGER_MS)
    sends[0]?.acknowledge()
    await pass(LINGER_MS)
    sends[1]?.fail()
    await pass(0)
    expectUnavailable(state)
  })
})

describe('without a connection', () => {
  it('a request fails at once, and connecting is tried again until it succeeds; the alarm is raised once', async () => {
    const memory = memoryKafka()
    memory.connect.answer = () => Promise.reject(new Error('connection refused'))
    const events = { onDown: vi.fn(), onUp: vi.fn() }
    const log = openRecordLog(memory.kafka, pino({ level: 'silent' }), events)
    await pass(0)
    expectUnavailable(await ended(log.append([batch(1)])))
    await pass(4000)
    expect(memory.options.length).toBeGreaterThan(3)
    expect(events.onDown).toHaveBeenCalledOnce()
    expect(events.onUp).not.toHaveBeenCalled()

    memory.connect.answer = async () => undefined
    await pass(3000)
    expect(events.onUp).toHaveBeenCalledOnce()
    const state = watch(log.append([batch(1)]))
    await pass(LINGER_MS)
    memory.sends[0]?.acknowledge()
    await pass(0)
    expect(state.is).toBe('appended')
  })

  it('a connection that is never answered counts as failed after the deadline', async () => {
    const memory = memoryKafka()
    memory.connect.answer = () => new Promise(() => undefined)
    const events = { onDown: vi.fn(), onUp: vi.fn() }
    openRecordLog(memory.kafka, pino({ level: 'silent' }), events)
    await pass(DEADLINE_MS)
    expect(events.onDown).toHaveBeenCalledOnce()
    expect(memory.disconnected).toEqual([1])
  })
})

describe('stop', () => {
  it('sends the records that linger, waits for the acknowledgement and disconnects', async () => {
    const { log, sends, disconnected } = await opened()
    const state = watch(log.append([batch(MAX_PRODUCE_MESSAGES + 1)]))
    const stopped = watch(log.stop())
    expect(sends).toHaveLength(1)
    sends[0]?.acknowledge()
    await pass(0)
    expect(sends).toHaveLength(2)
    expect([state.is, stopped.is, disconnected]).toEqual(['open', 'open', []])
    sends[1]?.acknowledge()
    await pass(0)
    expect([state.is, stopped.is, disconnected]).toEqual(['appended', 'appended', [1]])
  })

  it('closes a connection that is made after it', async () => {
    const memory = memoryKafka()
    let connected: () => void = () => undefined
    memory.connect.answer = () => new Promise((resolve) => (connected = resolve))
    const events = { onDown: vi.fn(), onUp: vi.fn() }
    const log = openRecordLog(memory.kafka, pino({ level: 'silent' }), events)
    await log.stop()
    connected()
    await pass(10_000)
    expect(memory.disconnected).toEqual([1])
    expect(memory.options).toHaveLength(1)
    expect(events.onUp).not.toHaveBeenCalled()
  })
})

describe('the partition of a message', () => {
  it('depends only on the first characters of its key, and keys are distributed evenly', async () => {
    const { options } = await opened()
    const partition = options[0]?.createPartitioner()
    const partitionMetadata = Array.from({ length: 4 }, (_, partitionId) => ({ partitionId })) as never
    const of = (key: string): number =>
      partition?.({ topic: 't', partitionMetadata, message: { key, value: null } }) ?? -1
    expect(of('abcdefghijkl-1')).toBe(of('abcdefghijkl-2'))
    const counts = [0, 0, 0, 0]
    for (let id = 0; id < 4000; id++) {
      const at = of(
        Buffer.from(String(id * 7919))
          .toString('hex')
          .padStart(12, 'x'),
      )
      counts[at] = (counts[at] ?? 0) + 1
    }
    for (const count of counts) expect(count).toBeGreaterThan(800)
  })
})

async function ended(promise: Promise<void>) {
  const state = watch(promise)
  await pass(0)
  return state
}
