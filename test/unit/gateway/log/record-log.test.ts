/**
 * The record log's own rules, on producers in memory whose sends end when the test says so, on leaders that the test names, and on a clock
 * that the test moves. test/integration/gateway.test.ts uses the real client and the real broker, test/integrity/partial-acceptance.test.ts two.
 */
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MAX_PRODUCE_BYTES, MAX_PRODUCE_MESSAGES } from '#core/kafka/client.ts'
import type { ProduceOutcome } from '#core/kafka/leaderless.ts'
import { mintIdentified } from '#core/pipeline/zones.ts'
import { createAlarms } from '#core/telemetry/alarms.ts'
import { partitionOf } from '../../../../services/gateway/log/chunks.ts'
import type { TopicLeaders } from '../../../../services/gateway/log/leaders.ts'
import type { LogProducer, TopicMessages } from '../../../../services/gateway/log/producer.ts'
import { type Appended, openRecordLog, type RecordLog } from '../../../../services/gateway/log/record-log.ts'
import { watchUnavailable } from '../../../../services/gateway/log/unavailable.ts'

type Batches = Parameters<RecordLog['append']>[0]
type Message = Batches[number]['messages'][number]

/** The record log's linger, deadline and mebibyte; producers depend on these values. */
const LINGER_MS = 1
const DEADLINE_MS = 12_000
/** Of the first message of a partition in every send that is acknowledged. */
const BASE = 1000n
const MEBIBYTE = 1024 * 1024

interface Send {
  readonly producer: number
  readonly topics: readonly TopicMessages[]
  acknowledge(): void
  /** No broker answers. */
  fail(): void
  /** The leader of these partitions answers an error, after the retries; those of the others have acknowledged. */
  refuse(partitions: readonly number[], outcome?: ProduceOutcome): void
}

/** Producers that record their calls, and answer a send when the test does. */
function memoryProducers() {
  const sends: Send[] = []
  const disconnected: number[] = []
  const connect: { answer: () => Promise<void> } = { answer: async () => undefined }
  let made = 0
  function openProducer(): LogProducer {
    const producer = ++made
    let answers = new Map<number, ProduceOutcome>()
    let unanswered = true
    return {
      connect: () => connect.answer(),
      disconnect: async () => void disconnected.push(producer),
      send(topics) {
        answers = new Map()
        unanswered = true
        return new Promise<void>((resolve, reject) => {
          const partitions = topics.flatMap(({ messages }) => messages.map(({ partition }) => partition))
          const answered = (of: (partition: number) => ProduceOutcome) => {
            unanswered = false
            answers = new Map(partitions.map((partition) => [partition, of(partition)]))
          }
          sends.push({
            producer,
            topics,
            acknowledge() {
              answered(() => 'appended')
              resolve()
            },
            fail: () => reject(new Error('the broker is unreachable')),
            refuse(refused, outcome = 'refused') {
              answered((partition) => (refused.includes(partition) ? outcome : 'appended'))
              reject(new Error('not enough replicas'))
            },
          })
        })
      },
      outcome: (_topic, partition) => answers.get(partition) ?? (unanswered ? 'unknown' : 'refused'),
      answered: (_topic, partition) => answers.has(partition),
      reached: () => answers.size > 0,
      baseOffset: (_topic, partition) => (answers.get(partition) === 'appended' ? BASE : undefined),
    }
  }
  return { openProducer, sends, disconnected, connect, made: () => made }
}

/** Leaders that the test names, one partition each unless it says otherwise. */
function namedLeaders(initial: Readonly<Record<string, TopicLeaders>>) {
  let known = new Map(Object.entries(initial))
  const listeners: (() => void)[] = []
  return {
    of: (topic: string) => known.get(topic),
    topics: () => known,
    ready: async () => undefined,
    onLook: (listener: () => void) => void listeners.push(listener),
    refresh: vi.fn(),
    name(now: Readonly<Record<string, TopicLeaders>>) {
      known = new Map(Object.entries(now))
      for (const listener of listeners) listener()
    },
  }
}

const ONE = { 'identified.a': [1], 'identified.b': [1] }

async function opened(
  initial: Readonly<Record<string, TopicLeaders>> = ONE,
  memory = memoryProducers(),
  feeds = new Map(Object.keys(initial).map((topic) => [topic, topic.replace('identified.', '')])),
) {
  const events = { onDown: vi.fn(), onUp: vi.fn() }
  const leaders = namedLeaders(initial)
  const alarms = createAlarms()
  const gauge = vi.fn()
  const metrics = { gauge: () => gauge } as unknown as Parameters<typeof watchUnavailable>[3]
  const unavailable = watchUnavailable(leaders, feeds, alarms, metrics)
  const logger = pino({ level: 'silent' })
  const log = openRecordLog({ openProducer: memory.openProducer, leaders, unavailable, logger, ...events })
  leaders.name(initial)
  await pass(0)
  return { ...memory, events, log, leaders, alarms, gauge, unavailable }
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

/** @param id chooses the partition, too: keys of other ids may have another one */
function message(id: number, bytes = 10): Message {
  return mintIdentified({ key: keyOf(id), value: Buffer.alloc(bytes), recordHash: id })
}
const keyOf = (id: number) => `${String(id).padStart(12, '0')}`

const batch = (count: number, bytes = 10, topic = 'identified.a'): Batches[number] => ({
  topic,
  messages: Array.from({ length: count }, (_, id) => message(id, bytes)),
})

/** @returns how many messages a send has */
const sizeOf = (send: Send | undefined): number =>
  (send?.topics ?? []).reduce((sum, { messages }) => sum + messages.length, 0)

const partitionsOf = (send: Send | undefined): readonly number[] =>
  [...new Set((send?.topics ?? []).flatMap(({ messages }) => messages.map(({ partition }) => partition)))].toSorted(
    (a, b) => a - b,
  )

/** What is not in the log. */
type Outcome = Omit<Appended, 'placed'>

/** @returns 'open' until the promise ends */
function watch(promise: Promise<Appended | void>) {
  const state = {
    is: 'open' as 'open' | 'appended' | 'partly',
    result: undefined as Outcome | undefined,
    placed: [] as Appended['placed'],
  }
  void promise.then((appended) => {
    const { placed = [], ...result } = appended ?? {}
    state.placed = placed
    state.result = 'missing' in result ? result : undefined
    state.is = (state.result?.missing ?? []).some((of) => of.length > 0) ? 'partly' : 'appended'
  })
  return state
}

/** Nothing of a request of so many messages in one batch is in the log, and it is Kafka as a whole. */
function expectUnavailable({ result }: { result: Outcome | undefined }, count = 1): void {
  expect(result).toMatchObject({ missing: [Array.from({ length: count }, (_, i) => i)], partition: false })
}

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

describe('a send', () => {
  it('collects the records of requests that come within the linger time, by topic and in order', async () => {
    const { log, sends } = await opened()
    const first = watch(log.append([batch(2), batch(1, 10, 'identified.b')]))
    await pass(LINGER_MS - 1)
    const second = watch(log.append([batch(3)]))
    expect(sends).toHaveLength(0)
    await pass(1)
    expect(sends).toHaveLength(1)
    expect(sends[0]?.topics.map(({ topic, messages }) => [topic, messages.map(({ key }) => Number(key))])).toEqual([
      ['identified.a', [0, 1, 0, 1, 2]],
      ['identified.b', [0]],
    ])
    expect([first.is, second.is]).toEqual(['open', 'open'])
    sends[0]?.acknowledge()
    await pass(0)
    expect([first.is, second.is]).toEqual(['appended', 'appended'])
  })

  it('says where each message is: the requests of one send follow each other in a partition', async () => {
    const { log, sends } = await opened()
    const first = watch(log.append([batch(2), batch(1, 10, 'identified.b')]))
    const second = watch(log.append([batch(3)]))
    await pass(LINGER_MS)
    sends[0]?.acknowledge()
    await pass(0)
    const run = (offset: bigint, ...positions: number[]) => [{ partition: 0, offset, positions }]
    expect(first.placed).toEqual([run(BASE, 0, 1), run(BASE, 0)])
    expect(second.placed).toEqual([run(BASE + 2n, 0, 1, 2)])
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

  it('begins as soon as the one before it has ended, with all that came meanwhile', async () => {
    const { log, sends } = await opened()
    void log.append([batch(1)])
    await pass(LINGER_MS)
    void log.append([batch(2)])
    void log.append([batch(3)])
    sends[0]?.acknowledge()
    await pass(0)
    expect(sends.map(sizeOf)).toEqual([1, 5])
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
      const messages = sends[sent]?.topics.flatMap((of) => of.messages) ?? []
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
    const { log, sends, events, made, disconnected } = await opened()
    const sent = watch(log.append([batch(1)]))
    await pass(LINGER_MS)
    const waiting = watch(log.append([batch(1)]))
    sends[0]?.fail()
    await pass(0)
    expectUnavailable(sent)
    expectUnavailable(waiting)
    expect(events.onDown).toHaveBeenCalledOnce()
    expect(disconnected).toEqual([1])
    expect(made()).toBe(2)
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

  it('of the second half of a request names what is missing', async () => {
    const { log, sends } = await opened()
    const state = watch(log.append([batch(MAX_PRODUCE_MESSAGES + 1)]))
    await pass(LINGER_MS)
    sends[0]?.acknowledge()
    await pass(LINGER_MS)
    sends[1]?.fail()
    await pass(0)
    expect(state.result).toMatchObject({ missing: [[MAX_PRODUCE_MESSAGES]], doubtful: true })
  })
})

describe('without a connection', () => {
  it('a request fails at once, and connecting is tried again until it succeeds; the alarm is raised once', async () => {
    const memory = memoryProducers()
    memory.connect.answer = () => Promise.reject(new Error('connection refused'))
    const { log, events } = await opened(ONE, memory)
    expectUnavailable(await ended(log.append([batch(1)])))
    await pass(4000)
    expect(memory.made()).toBeGreaterThan(3)
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

  it('a connection that is never answered counts as failed after the deadline, and what waits for it is given back', async () => {
    const memory = memoryProducers()
    memory.connect.answer = () => new Promise(() => undefined)
    const { log, events } = await opened(ONE, memory)
    const state = watch(log.append([batch(1)]))
    await pass(DEADLINE_MS - 1)
    expect(state.is).toBe('open')
    await pass(1)
    expect(events.onDown).toHaveBeenCalledOnce()
    expect(memory.disconnected).toEqual([1])
    expectUnavailable(state)
    expect(state.result?.doubtful, 'it was never sent').toBe(false)
  })

  it('a topic that Kafka does not have fails alone', async () => {
    const feeds = new Map([
      ['identified.a', 'a'],
      ['identified.b', 'b'],
    ])
    const { log, sends, alarms, leaders } = await opened({ 'identified.a': [1] }, memoryProducers(), feeds)
    expect(alarms.active()).toMatchObject([{ id: 'topic-absent:b', code: 'dependency-unavailable', feed: 'b' }])
    const state = watch(log.append([batch(2), batch(2, 10, 'identified.b')]))
    await pass(LINGER_MS)
    sends[0]?.acknowledge()
    await pass(0)
    expect(state.result).toEqual({ missing: [[], [0, 1]], doubtful: false, partition: false })
    leaders.name(ONE)
    expect(alarms.active()).toEqual([])
  })
})

/** 40 messages on partitions of one topic. */
const forty = batch(40)
const placesOn = (partition: number, partitions: number) =>
  forty.messages.flatMap(({ body }, place) => (partitionOf(body.key, partitions) === partition ? [place] : []))

describe('several leaders', () => {
  it('have a lane each: one that does not answer delays and fails only its own records', async () => {
    const { log, sends, events } = await opened({ 'identified.a': [1, 2] })
    const state = watch(log.append([forty]))
    await pass(LINGER_MS)
    expect(sends.map(partitionsOf)).toEqual([[0], [1]])
    sends[0]?.acknowledge()
    await pass(0)
    const next = watch(
      log.append([{ ...forty, messages: forty.messages.filter((_, i) => placesOn(0, 2).includes(i)) }]),
    )
    await pass(LINGER_MS)
    sends[2]?.acknowledge()
    await pass(0)
    expect([state.is, next.is]).toEqual(['open', 'appended'])
    await pass(DEADLINE_MS)
    expect(state.result).toEqual({ missing: [placesOn(1, 2)], doubtful: true, partition: false })
    expect(events.onDown).toHaveBeenCalledOnce()
  })

  it('a partition without a leader is not sent, and the others are not delayed', async () => {
    const { log, sends, alarms, gauge, unavailable } = await opened({ 'identified.a': [1, undefined] })
    const state = watch(log.append([forty]))
    await pass(LINGER_MS)
    expect(sends.map(partitionsOf)).toEqual([[0]])
    sends[0]?.acknowledge()
    await pass(0)
    expect(state.result).toEqual({ missing: [placesOn(1, 2)], doubtful: false, partition: true })
    expect(alarms.active()).toMatchObject([{ code: 'partition-unavailable', feed: 'a', partition: 1 }])
    expect(gauge).toHaveBeenLastCalledWith(1, { feed: 'a', partition: 1 })
    expect(unavailable.list()).toEqual([{ feed: 'a', partition: 1 }])
    const taking = log.taking()
    expect(forty.messages.map(({ body }) => taking?.('identified.a', body.key))).toEqual(
      forty.messages.map((_, place) => placesOn(0, 2).includes(place)),
    )
  })

  it('a partition that gets its leader back is sent again, and its alarm ends', async () => {
    const { log, sends, leaders, alarms, gauge } = await opened({ 'identified.a': [1, undefined] })
    leaders.name({ 'identified.a': [1, 2] })
    await pass(0)
    expect([alarms.active(), log.taking()]).toEqual([[], undefined])
    expect(gauge).toHaveBeenLastCalledWith(0, { feed: 'a', partition: 1 })
    const state = watch(log.append([forty]))
    await pass(LINGER_MS)
    for (const send of sends) send.acknowledge()
    await pass(0)
    expect(state.is).toBe('appended')
  })

  it('the lane of a broker that leads nothing any more is closed, and is not missed', async () => {
    const { leaders, disconnected, events, sends, log } = await opened({ 'identified.a': [1, 2] })
    const state = watch(log.append([forty]))
    await pass(LINGER_MS)
    sends[0]?.acknowledge()
    sends[1]?.fail()
    await pass(0)
    expect(state.is).toBe('partly')
    leaders.name({ 'identified.a': [1, 1] })
    await pass(2000)
    expect(disconnected).toEqual([2, 3])
    expect(events.onUp).toHaveBeenCalled()
    const next = watch(log.append([forty]))
    await pass(LINGER_MS)
    expect(partitionsOf(sends[2])).toEqual([0, 1])
    sends[2]?.acknowledge()
    await pass(0)
    expect(next.is).toBe('appended')
  })
})

describe('several partitions of one leader', () => {
  it('are sent together, also when each has more messages than one send', async () => {
    const { log, sends } = await opened({ 'identified.a': [1, 1] })
    const state = watch(log.append([batch(3 * MAX_PRODUCE_MESSAGES)]))
    const keys: number[][] = [[], []]
    for (let sent = 0; state.is === 'open'; sent++) {
      await pass(LINGER_MS)
      expect(sizeOf(sends[sent])).toBeLessThanOrEqual(MAX_PRODUCE_MESSAGES)
      if (sent === 0) expect(partitionsOf(sends[sent])).toEqual([0, 1])
      for (const { messages } of sends[sent]?.topics ?? [])
        for (const { key, partition } of messages) keys[partition]?.push(Number(key))
      sends[sent]?.acknowledge()
      await pass(0)
    }
    expect(state.is).toBe('appended')
    expect(keys.flat()).toHaveLength(3 * MAX_PRODUCE_MESSAGES)
    for (const of of keys) expect(of, 'a partition keeps its order').toEqual(of.toSorted((a, b) => a - b))
  })
})

describe('a partition whose leader refuses', () => {
  const both = { 'identified.a': [1, 1] }

  it('fails alone: what the same answer acknowledges is in the log, and what waits is sent by a new producer', async () => {
    const { log, sends, events, alarms, disconnected } = await opened(both)
    const state = watch(log.append([forty]))
    await pass(LINGER_MS)
    expect(sends.map(partitionsOf)).toEqual([[0, 1]])
    const waiting = watch(log.append([{ ...forty, messages: [forty.messages[placesOn(0, 2)[0] ?? 0] ?? message(0)] }]))
    sends[0]?.refuse([1])
    await pass(LINGER_MS)
    expect(state.result).toEqual({ missing: [placesOn(1, 2)], doubtful: false, partition: true })
    expect([disconnected, events.onDown.mock.calls]).toEqual([[1], []])
    expect(alarms.active()).toMatchObject([{ id: 'partition-unavailable:a:1' }])
    expect([sends[1]?.producer, partitionsOf(sends[1])]).toEqual([2, [0]])
    sends[1]?.acknowledge()
    await pass(0)
    expect(waiting.is).toBe('appended')
  })

  it('may have appended: that is said', async () => {
    const { log, sends } = await opened(both)
    const state = watch(log.append([forty]))
    await pass(LINGER_MS)
    sends[0]?.refuse([1], 'unknown')
    await pass(0)
    expect(state.result).toEqual({ missing: [placesOn(1, 2)], doubtful: true, partition: true })
  })

  it('is not asked for some seconds, then in a lane of its own, until it accepts', async () => {
    const { log, sends, alarms } = await opened(both)
    void log.append([forty])
    await pass(LINGER_MS)
    sends[0]?.refuse([1])
    await pass(100)
    void log.append([forty])
    await pass(LINGER_MS)
    expect(partitionsOf(sends[1])).toEqual([0])
    sends[1]?.acknowledge()
    await pass(5_000)
    const again = watch(log.append([forty]))
    await pass(LINGER_MS)
    expect(sends.slice(2).map(partitionsOf)).toEqual([[0], [1]])
    expect(sends[2]?.producer).not.toBe(sends[3]?.producer)
    for (const send of sends.slice(2)) send.acknowledge()
    await pass(0)
    expect([again.is, alarms.active()]).toEqual(['appended', []])
    void log.append([forty])
    await pass(LINGER_MS)
    expect(partitionsOf(sends[4])).toEqual([0, 1])
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
    const memory = memoryProducers()
    let connected: () => void = () => undefined
    memory.connect.answer = () => new Promise((resolve) => (connected = resolve))
    const { log, events } = await opened(ONE, memory)
    await log.stop()
    connected()
    await pass(10_000)
    expect(memory.disconnected).toEqual([1])
    expect(memory.made()).toBe(1)
    expect(events.onUp).not.toHaveBeenCalled()
  })
})

describe('the partition of a message', () => {
  it('depends only on the first characters of its key, and keys are distributed evenly', () => {
    expect(partitionOf('abcdefghijkl-1', 4)).toBe(partitionOf('abcdefghijkl-2', 4))
    const counts = [0, 0, 0, 0]
    for (let id = 0; id < 4000; id++) {
      const key = Buffer.from(String(id * 7919))
        .toString('hex')
        .padStart(12, 'x')
      const at = partitionOf(key, 4)
      counts[at] = (counts[at] ?? 0) + 1
    }
    for (const count of counts) expect(count).toBeGreaterThan(800)
  })
})

async function ended(promise: Promise<Appended>) {
  const state = watch(promise)
  await pass(0)
  return state
}
