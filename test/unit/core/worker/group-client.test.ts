/** What a worker does when its kafkajs client gives up: with clients in memory, each of which ends as the test says. */
import type { EachBatchPayload, Kafka } from 'kafkajs'
import { pino } from 'pino'
import { afterEach, expect, it } from 'vitest'
import { type GroupClient, type Membership, startGroupClient } from '#core/worker/group-client.ts'

type Listener = (event: { payload: unknown }) => void

interface FakeClient {
  crash(): void
  join(): void
  deliver(): Promise<void>
  heartbeat(): void
  readonly calls: string[]
}

interface Harness {
  readonly clients: readonly FakeClient[]
  readonly lost: readonly unknown[]
  readonly joined: readonly string[]
  readonly memberships: readonly Membership[]
  /** False for each time that the group was silent, true for each that it answered again. */
  readonly heard: readonly boolean[]
  readonly group: GroupClient
}

const FINAL = Object.assign(new Error('the members of a group have different protocols'), { retriable: false })
const running: GroupClient[] = []
afterEach(async () => {
  for (const group of running.splice(0)) await group.stop()
})

/** @param connects whether the nth client can connect */
async function harness(connects: (n: number) => boolean = () => true, sessionMs = 10_000): Promise<Harness> {
  const clients: FakeClient[] = []
  const lost: unknown[] = []
  const joined: string[] = []
  const memberships: Membership[] = []
  const heard: boolean[] = []
  const consumer = () => {
    const n = clients.length
    const listeners = new Map<string, Listener>()
    const calls: string[] = []
    let eachBatch: ((payload: EachBatchPayload) => Promise<void>) | undefined
    clients.push({
      calls,
      crash: () => listeners.get('crash')?.({ payload: { error: FINAL, restart: false } }),
      join: () => listeners.get('join')?.({ payload: { memberId: `m${n}`, memberAssignment: { t: [0] } } }),
      heartbeat: () => listeners.get('heartbeat')?.({ payload: {} }),
      deliver: async () => eachBatch?.({} as EachBatchPayload),
    })
    return {
      events: { GROUP_JOIN: 'join', REBALANCING: 'rebalancing', HEARTBEAT: 'heartbeat', CRASH: 'crash' },
      on: (name: string, listener: Listener) => listeners.set(name, listener),
      async connect() {
        if (!connects(n)) throw new Error('refused')
      },
      subscribe: async () => undefined,
      async run(options: { eachBatch: typeof eachBatch }) {
        eachBatch = options.eachBatch
      },
      pause: () => void calls.push('pause'),
      resume: () => void calls.push('resume'),
      seek: () => void calls.push('seek'),
      disconnect: async () => void calls.push('disconnect'),
      commitOffsets: async () => void calls.push('commit'),
    }
  }
  const group = await startGroupClient({
    kafka: { consumer } as unknown as Kafka,
    groupId: 'g',
    topics: ['t'],
    assigner: () => ({
      name: 'none',
      version: 0,
      assign: async () => [],
      protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
    }),
    logger: pino({ level: 'silent' }),
    concurrency: 1,
    minBytes: 1,
    maxWaitMs: 1,
    sessionMs,
    rebalanceMs: 60_000,
    heartbeatMs: 1000,
    onBatch: async (_payload, membership) => void memberships.push(membership),
    onJoined: (memberId) => void joined.push(memberId),
    onRebalancing: () => undefined,
    onLost: (error) => void lost.push(error),
    onSilent: () => void heard.push(false),
    onAnswered: () => void heard.push(true),
    isBusy: () => false,
  })
  running.push(group)
  return { clients, lost, joined, memberships, heard, group }
}

it('joins with a new client when one gives up for good', async () => {
  const h = await harness()
  h.clients[0]?.join()
  expect(h.group.isJoined).toBe(true)
  h.clients[0]?.crash()
  expect(h.group.isJoined).toBe(false)
  expect(h.lost).toEqual([FINAL])
  expect(h.clients[0]?.calls).toEqual(['disconnect'])
  await expect.poll(() => h.clients.length).toBe(2)
  h.clients[1]?.join()
  expect(h.group.isJoined).toBe(true)
  expect(h.joined).toEqual(['m0', 'm1'])
})

it('tries until a client connects, and says so at each try', async () => {
  const h = await harness((n) => n === 0 || n === 3)
  h.clients[0]?.join()
  h.clients[0]?.crash()
  await expect.poll(() => h.clients.length, { timeout: 10_000 }).toBe(4)
  expect(h.lost).toHaveLength(3)
  expect(h.clients[1]?.calls, 'its connections are closed').toEqual(['disconnect'])
})

it('the first connection is of the caller: it waits for Kafka at its start', async () => {
  await expect(harness(() => false)).rejects.toThrow('refused')
})

it('nothing of a client that was given up counts: no batch, no commit, no event', async () => {
  const h = await harness()
  h.clients[0]?.join()
  await h.clients[0]?.deliver()
  h.clients[0]?.crash()
  // kafkajs may still run what it fetched, and would commit it under a membership that another worker has now.
  await expect(
    h.memberships[0]?.commit([{ topic: 't', partition: 0, offset: 5n, metadata: 'intent' }]),
  ).rejects.toMatchObject({ name: 'Revoked' })
  expect(h.clients[0]?.calls).not.toContain('commit')
  await h.clients[0]?.deliver()
  expect(h.memberships).toHaveLength(1)
  h.clients[0]?.join()
  h.clients[0]?.crash()
  expect(h.joined).toEqual(['m0'])
  expect(h.lost).toHaveLength(1)
})

it('while it has not joined, positions and pauses have no effect: kafkajs would throw', async () => {
  const h = await harness()
  h.group.pause('t', 0)
  h.group.seek('t', 0, 5n)
  h.group.resume('t', 0)
  expect(h.clients[0]?.calls).toEqual([])
  h.clients[0]?.join()
  h.group.pause('t', 0)
  h.group.seek('t', 0, 5n)
  h.group.resume('t', 0)
  expect(h.clients[0]?.calls).toEqual(['pause', 'seek', 'resume'])
})

it('says when the group does not answer for as long as a session, once, and when it answers again', async () => {
  const h = await harness(() => true, 500)
  h.clients[0]?.join()
  await expect.poll(() => h.heard).toEqual([false])
  await new Promise((resolve) => setTimeout(resolve, 1500))
  h.clients[0]?.heartbeat()
  h.clients[0]?.heartbeat()
  expect(h.heard).toEqual([false, true])
  expect(h.lost).toEqual([])
})

it('a stop ends the tries', async () => {
  const h = await harness((n) => n === 0)
  h.clients[0]?.join()
  h.clients[0]?.crash()
  await h.group.stop()
  const tried = h.clients.length
  await new Promise((resolve) => setTimeout(resolve, 600))
  expect(h.clients.length).toBe(tried)
})
