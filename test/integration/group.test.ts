/** The members of a group on real Kafka: whatever each one reads, no partition is left, and a rebalance keeps what does not move. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { type PartitionConsumer, startConsumer } from '#core/worker/consumer.ts'
import { createMembers } from '#core/worker/members.ts'
import { createTopics, produce, testKafka } from '../helpers/kafka.ts'
import { servers } from '../helpers/servers.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-group-'))
const env = servers()
const kafka = testKafka(env)
const logger = pino({ level: 'silent' })
const running: PartitionConsumer[] = []
let group = ''
let topics: readonly [string, string] = ['', '']

beforeEach(async () => {
  group = `group-${Math.random().toString(36).slice(2)}`
  topics = [`${group}.a`, `${group}.b`]
  await createTopics(env, topics, 4)
})
afterAll(async () => {
  await Promise.all(running.map((consumer) => consumer.stop()))
  rmSync(folder, { recursive: true, force: true })
})

/** @returns the epochs of each partition's batches, in order */
async function member(reads: readonly string[]): Promise<ReadonlyMap<string, number[]>> {
  const epochs = new Map<string, number[]>()
  running.push(
    await startConsumer({
      kafka,
      groupId: group,
      topics: reads,
      logger,
      members: createMembers(kafka, group, join(folder, String(running.length)), logger),
      concurrency: 4,
      minBytes: 1,
      maxWaitMs: 50,
      sessionMs: 10_000,
      slowBatchMs: 60_000,
      events: {
        partitionStopped: (_stopped, error) => expect.unreachable(String(error)),
        partitionMoved: () => undefined,
        partitionLost: () => undefined,
        batchSlow: () => undefined,
        batchEnded: () => undefined,
        kafkaUnreachable: () => undefined,
        kafkaReached: () => undefined,
      },
      async onBatch(batch) {
        const { topic, partition, epoch, messages } = batch
        const key = `${topic}:${partition}`
        epochs.set(key, [...(epochs.get(key) ?? []), epoch])
        const last = BigInt(messages.at(-1)?.offset ?? 0)
        await batch.commit(last + 1n)
        batch.advance(last)
      },
    }),
  )
  return epochs
}

async function produceToAll(): Promise<void> {
  for (const topic of topics)
    await produce(
      env,
      topic,
      [0, 1, 2, 3].map((partition) => ({ partition, value: 'x' })),
    )
}
const WAIT = { interval: 50 }

it('members that read different topics leave no partition unread', async () => {
  const [a, b] = topics
  const all = [a, b].flatMap((topic) => [0, 1, 2, 3].map((partition) => `${topic}:${partition}`))
  const read = [await member([a]), await member([a, b]), await member([a])]
  await produceToAll()
  await expect
    .poll(() => read.flatMap((epochs) => [...epochs.keys()]).toSorted(), WAIT)
    .toEqual(expect.arrayContaining(all))
  for (const only of [read[0], read[2]])
    expect([...(only?.keys() ?? [])].filter((key) => key.startsWith(b))).toEqual([])
})

it('a partition that does not move in a rebalance keeps its epoch', async () => {
  const first = await member(topics)
  await produceToAll()
  await expect.poll(() => first.size, WAIT).toBe(8)
  const second = await member(topics)
  await expect
    .poll(async () => {
      await produceToAll()
      return second.size
    }, WAIT)
    .toBe(4)
  const stayed = [...first].filter(([key]) => !second.has(key))
  expect(stayed).toHaveLength(4)
  await expect.poll(() => stayed.every(([, epochs]) => epochs.length > 1), WAIT).toBe(true)
  for (const [, epochs] of stayed) expect(new Set(epochs).size).toBe(1)
})
