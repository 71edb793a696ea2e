/** The rules around kafkajs that need no broker: which epoch may process a batch, and commits during a stop. */
import type { EachBatchPayload, Kafka } from 'kafkajs'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { type PartitionBatch, startConsumer } from '#core/worker/consumer.ts'

type Listener = (event: { payload: unknown }) => void

/** A client in memory: it joins, rebalances and delivers batches when the test calls it, and stores commits. */
async function harness(onBatch: (batch: PartitionBatch) => Promise<void>) {
  const listeners = new Map<string, Listener>()
  const commits: string[] = []
  let eachBatch: ((payload: EachBatchPayload) => Promise<void>) | undefined
  const client = {
    events: { GROUP_JOIN: 'join', REBALANCING: 'rebalancing', FETCH_START: 'fetch', CRASH: 'crash' },
    on: (name: string, listener: Listener) => listeners.set(name, listener),
    connect: async () => undefined,
    subscribe: async () => undefined,
    run: async (options: { eachBatch: typeof eachBatch }) => {
      eachBatch = options.eachBatch
    },
    paused: () => [],
    resume: () => undefined,
    pause: () => undefined,
    disconnect: async () => undefined,
    commitOffsets: async ([commit]: [{ offset: string }]) => void commits.push(commit.offset),
  }
  const stopped: unknown[] = []
  const consumer = await startConsumer({
    kafka: { consumer: () => client } as unknown as Kafka,
    groupId: 'g',
    topics: ['t'],
    logger: pino({ level: 'silent' }),
    concurrency: 1,
    minBytes: 1,
    maxWaitMs: 1,
    onBatch,
    onStopped: (_topic, _partition, error) => stopped.push(error),
    fail: (error) => stopped.push(error),
  })
  return {
    consumer,
    commits,
    stopped,
    join: (partitions: readonly number[]) =>
      listeners.get('join')?.({ payload: { memberAssignment: { t: partitions } } }),
    rebalance: () => listeners.get('rebalancing')?.({ payload: {} }),
    deliver: (partition: number) =>
      eachBatch?.({
        batch: { topic: 't', partition, messages: [{ offset: '5' }] },
        heartbeat: async () => undefined,
        resolveOffset: () => undefined,
      } as unknown as EachBatchPayload) ?? Promise.reject(new Error('not running')),
  }
}

const REJOIN = { type: 'REBALANCE_IN_PROGRESS' }

describe('startConsumer', () => {
  it('does not process what was fetched of a partition that is no longer assigned', async () => {
    const seen: number[] = []
    const h = await harness(async ({ partition }) => void seen.push(partition))
    h.join([0, 1])
    await h.deliver(1)
    h.join([0])
    await h.deliver(1)
    await h.deliver(0)
    expect(seen).toEqual([1, 0])
    await h.consumer.stop()
  })

  it('joins again before it processes a batch when its assignment is not certain', async () => {
    const epochs: number[] = []
    const h = await harness(async (batch) => {
      epochs.push(batch.epoch)
      if (epochs.length === 1) h.rebalance()
      batch.assertOwned()
    })
    h.join([0])
    // The client continues with what it fetched before, unless the batch ends with an error that makes it join.
    await expect(h.deliver(0)).rejects.toMatchObject(REJOIN)
    await expect(h.deliver(0)).rejects.toMatchObject(REJOIN)
    expect(epochs).toHaveLength(1)
    h.join([0])
    await h.deliver(0)
    expect(epochs).toHaveLength(2)
    expect(h.stopped).toEqual([])
    await h.consumer.stop()
  })

  it('does nothing that depends on a commit during a stop: the client would drop the commit without an error', async () => {
    let inserted = false
    const h = await harness(async (batch) => {
      void h.consumer.stop()
      await batch.commit(5n, 'intent')
      inserted = true
    })
    h.join([0])
    await h.deliver(0)
    expect(inserted).toBe(false)
    expect(h.commits).toEqual([])
    expect(h.stopped).toEqual([])
  })
})
