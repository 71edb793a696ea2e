import type { Admin } from 'kafkajs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchRetention } from '#core/retention/watch.ts'
import { createAlarms } from '#core/telemetry/alarms.ts'
import { createMetrics } from '#core/telemetry/metrics.ts'

const HOUR = 3_600_000

/** One partition of each feed, in memory: the times of its records by offset, and what the group committed. */
function memoryKafka() {
  const state = {
    down: false,
    times: { a: [] as number[], b: [] as number[] } as Record<string, number[]>,
    committed: {} as Record<string, number>,
    broken: '',
  }
  const feedOf = (topic: string) => topic.slice('n.identified.'.length)
  const admin = {
    describeConfigs: async ({ resources }: { resources: { name: string }[] }) => ({
      resources: resources.map(({ name }) => ({
        resourceName: name,
        configEntries: [{ configName: 'retention.ms', configValue: String(HOUR) }],
      })),
    }),
    fetchOffsets: async ({ topics }: { topics: string[] }) =>
      topics.map((topic) => ({
        topic,
        partitions: [{ partition: 0, offset: String(state.committed[feedOf(topic)] ?? -1) }],
      })),
    fetchTopicOffsets: async (topic: string) => {
      const high = String(state.times[feedOf(topic)]?.length ?? 0)
      return [{ partition: 0, low: '0', high, offset: high }]
    },
    fetchTopicOffsetsByTimestamp: async (topic: string, time: number) => {
      if (feedOf(topic) === state.broken) throw new Error('no leader')
      const times = state.times[feedOf(topic)] ?? []
      const at = times.findIndex((one) => one >= time)
      return [{ partition: 0, offset: String(at === -1 ? times.length : at) }]
    },
  }
  return {
    state,
    admin: {
      async use<T>(work: (client: Admin) => Promise<T>) {
        if (state.down) throw new Error('down')
        return work(admin as unknown as Admin)
      },
      close: async () => undefined,
    },
  }
}

let clock: () => void
beforeEach(() => {
  vi.useFakeTimers()
  clock = () => vi.useRealTimers()
})
afterEach(() => clock())

function start(limit: number | undefined = 0.9) {
  const kafka = memoryKafka()
  const alarms = createAlarms()
  const metrics = createMetrics('test')
  const watch = watchRetention({ admin: kafka.admin, namespace: 'n.', feeds: ['a', 'b'], alarms, metrics, limit })
  const ids = () => alarms.active().map(({ id }) => id)
  return { ...kafka, alarms, ids, watch, wait: (ms: number) => vi.advanceTimersByTimeAsync(ms) }
}

test('the age of the oldest unread record decides, not the age of the log', async () => {
  const { state, ids, watch, wait } = start()
  const now = Date.now()
  state.times.a = [now - 0.95 * HOUR, now - 0.6 * HOUR, now]
  state.committed.a = 0
  await wait(3_100)
  expect(watch.isNearRetention('a')).toBe(true)
  expect(ids()).toEqual(['retention-half:a:0', 'backlog-near-retention:a'])
  state.committed.a = 1
  await wait(3_100)
  expect(watch.isNearRetention('a')).toBe(false)
  expect(ids()).toEqual(['retention-half:a:0'])
  state.committed.a = 2
  await wait(3_100)
  expect(ids()).toEqual([])
  await watch.stop()
})

test('while Kafka does not answer, what was known before decides, and its age goes on growing', async () => {
  const { state, ids, watch, wait } = start()
  state.times.a = [Date.now() - 0.8 * HOUR]
  await wait(3_100)
  state.down = true
  await wait(20_000)
  expect(ids()).toEqual(['retention-half:a:0', 'retention-unknown'])
  expect(watch.isNearRetention('a')).toBe(false)
  await wait(0.11 * HOUR)
  expect(watch.isNearRetention('a'), 'the record is now older than the limit, and nobody knows that it was read').toBe(
    true,
  )
  expect(watch.isNearRetention('b')).toBe(false)
  state.down = false
  state.committed.a = 1
  await wait(3_100)
  expect(watch.isNearRetention('a')).toBe(false)
  expect(ids()).toEqual([])
  await watch.stop()
})

test('a feed that alone cannot be read does not hide the others', async () => {
  const { state, alarms, ids, watch, wait } = start()
  state.broken = 'a'
  state.times.b = [Date.now() - 0.7 * HOUR]
  await wait(20_000)
  expect(ids()).toEqual(['retention-half:b:0', 'retention-unknown'])
  expect(alarms.active().at(-1)?.message).toContain('of a expire is not known')
  await watch.stop()
})
