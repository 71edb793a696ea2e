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
    resume: ([{ partitions }]: [{ partitions: number[] }]) => void resumed.push(...partitions),
    pause: ([{ partitions }]: [{ partitions: number[] }]) => void paused.push(...partitions),
    seek: ({ partition, offset }: { partition: number; offset: string }) => void seeks.push(`${partition}@${offset}`),
    disconnect: async () => undefined,
    commitOffsets: async ([commit]: [{ offset: string }]) => void commits.push(commit.offset),
  }
  const stopped: unknown[] = []
  const paused: number[] = []
  const lost: number[] = []
  const slow: number[] = []
  const resumed: number[] = []
  const seeks: string[] = []
  let onJoin = (): void => undefined
  let clients = 0
  const consumer = await startConsumer({
    kafka: {
      consumer: ({
        partitionAssigners: [create],
      }: {
        partitionAssigners: [(given: object) => { protocol(of: object): void }]
      }) => {
        clients++
        const assigner = create({})
        onJoin = () => assigner.protocol({ topics: ['t'] })
        return client
      },
    } as unknown as Kafka,
    groupId: 'g',
    topics: ['t'],
    logger: pino({ level: 'silent' }),
    concurrency: 1,
    minBytes: 1,
    maxWaitMs: 1,
    onBatch,
    members: {
      joined: () => undefined,
      abandoned: () => undefined,
      removeDead: async () => undefined,
      left: () => undefined,
    },
    sessionMs: 10_000,
    slowBatchMs: 50,
    events: {
      partitionStopped: (_stopped, error) => stopped.push(error),
      partitionMoved: () => undefined,
      partitionLost: (_topic, partition) => lost.push(partition),
      batchSlow: (_topic, partition) => slow.push(partition),
      batchEnded: (_topic, partition) => slow.splice(slow.indexOf(partition), 1),
      kafkaUnreachable: () => undefined,
      kafkaReached: () => undefined,
    },
  })
  return {
    consumer,
    commits,
    stopped,
    paused,
    resumed,
    seeks,
    lost,
    slow,
    /** @param requests JoinGroup requests that it took */
    join(partitions: readonly number[], requests = 1) {
      for (let i = 0; i < requests; i++) onJoin()
      listeners.get('join')?.({ payload: { memberId: 'm', memberAssignment: { t: partitions } } })
    },
    rebalance: () => listeners.get('rebalancing')?.({ payload: {} }),
    /** The client gives up for good. */
    crash: () => listeners.get('crash')?.({ payload: { error: new Error('final'), restart: false } }),
    clients: () => clients,
    deliver: (partition: number, heartbeat: () => Promise<void> = async () => undefined) =>
      eachBatch?.({
        batch: { topic: 't', partition, messages: [{ offset: '5' }] },
        heartbeat,
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

  it('ends a batch that began before a rebalance, and joins again before it begins another', async () => {
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

  it('leaves work that waits to the next generation: it may end what it began, and not begin', async () => {
    const h = await harness(async (batch) => {
      batch.assertMayBegin()
      h.rebalance()
      batch.assertOwned()
      batch.assertMayBegin()
      await batch.commit(5n, 'late')
    })
    h.join([0])
    await expect(h.deliver(0)).rejects.toMatchObject(REJOIN)
    expect([h.commits, h.stopped]).toEqual([[], []])
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

  it('keeps the epoch and the position of what did not move', async () => {
    const epochs: string[] = []
    const h = await harness(async (batch) => {
      epochs.push(`${batch.partition}:${batch.epoch}`)
      batch.advance(5n)
    })
    h.join([0, 1])
    await h.deliver(0)
    await h.deliver(1)
    h.join([0])
    await h.deliver(0)
    expect(new Set(epochs).size).toBe(2)
    expect(h.seeks).toEqual(['0@6'])
    expect(h.lost).toEqual([1])
    await h.consumer.stop()
  })

  it('begins everything again when another worker may have owned it in between', async () => {
    const epochs: number[] = []
    const h = await harness(async (batch) => void epochs.push(batch.epoch))
    h.join([0])
    await h.deliver(0)
    h.join([0], 2)
    await h.deliver(0)
    expect(new Set(epochs).size).toBe(2)
    expect(h.seeks).toEqual([])
    await h.consumer.stop()
  })

  it('stops one partition on an error of any kind, and says so until it is tried again', async () => {
    const h = await harness(async ({ partition }) => {
      if (partition === 0) throw new Error('full')
    })
    h.join([0, 1])
    await h.deliver(0)
    await h.deliver(1)
    expect(h.paused).toEqual([0])
    expect(h.consumer.stopped()).toMatchObject([{ topic: 't', partition: 0, code: 'bug', tries: 1 }])
    await h.consumer.stop()
  })

  it('raises an alarm while a batch takes too long', async () => {
    let end = (): void => undefined
    const h = await harness(() => new Promise((resolve) => (end = resolve)))
    h.join([0])
    const delivered = h.deliver(0)
    await expect.poll(() => h.slow).toEqual([0])
    end()
    await delivered
    expect(h.slow).toEqual([])
    await h.consumer.stop()
  })

  it('joins again in the same process when the client gives up for good', async () => {
    const epochs: number[] = []
    const h = await harness(async (batch) => void epochs.push(batch.epoch))
    h.join([0])
    await h.deliver(0)
    h.crash()
    await expect.poll(h.clients).toBe(2)
    h.join([0])
    await h.deliver(0)
    expect(new Set(epochs).size, 'another worker may have owned the partition').toBe(2)
    expect(h.stopped).toEqual([])
    await h.consumer.stop()
  })
})
