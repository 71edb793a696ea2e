/** The idempotency store's own rules, on the real Redis: what a request that was accepted in part leaves behind, and for how long. */
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { hmacSha256 } from '#core/crypto/hmac.ts'
import { type IdempotencyStore, idempotencyStore } from '../../services/gateway/ingest/idempotency.ts'
import { quotaStore } from '../../services/gateway/ingest/quotas.ts'
import { testRedis } from '../helpers/redis.ts'
import { type Isolated, isolated } from '../helpers/servers.ts'

const HOURS = 2
const LEASE_MS = 8_000
let place: Isolated
let redis: Redis
let store: IdempotencyStore

beforeAll(() => {
  place = isolated()
  redis = testRedis(place.env)
  store = idempotencyStore(redis, place.namespace, HOURS, hmacSha256(Buffer.alloc(32, 1)))
})
afterAll(async () => {
  await redis.quit()
  place.remove()
})

async function started(key: string, fingerprint = 'f') {
  const begun = await store.begin('chu', key, fingerprint)
  if (begun.kind !== 'started') throw new Error(begun.kind)
  return begun
}
/** The one key that the test made, in Redis. */
async function stored(): Promise<string> {
  const [name = '', ...others] = await redis.keys(`${place.namespace}idem:*`)
  expect(others).toEqual([])
  return name
}

test('progress is kept for as long as an answer, and the next request continues from it', async () => {
  const first = await started('a')
  expect(first.progress).toBe('')
  await first.lease.release('p1')
  expect(await redis.pttl(await stored())).toBeGreaterThan(LEASE_MS)
  expect(await store.begin('chu', 'a', 'other')).toEqual({ kind: 'mismatch' })
  const second = await started('a')
  expect(second.progress).toBe('p1')
  expect((await store.begin('chu', 'a', 'f')).kind).toBe('in-flight')

  // Nothing new: what came before stays.
  await second.lease.release('')
  const third = await started('a')
  expect(third.progress).toBe('p1')
  await third.lease.finish(202, '{}')
  expect(await store.begin('chu', 'a', 'f')).toEqual({ kind: 'replay', status: 202, body: '{}' })
  expect(await redis.hexists(await stored(), 'progress')).toBe(0)
  await redis.del(await stored())
})

test('a gateway that is killed while it continues a request loses its lease, and not the progress', async () => {
  await (await started('b')).lease.release('p1')
  const killed = await started('b')
  const name = await stored()
  expect(await redis.pttl(name), 'the key outlives the lease').toBeGreaterThan(LEASE_MS)
  expect((await store.begin('chu', 'b', 'f')).kind).toBe('in-flight')
  const until = Number(await redis.hget(name, 'until'))
  await redis.hset(name, 'until', until - LEASE_MS)
  const next = await started('b')
  expect(next.progress).toBe('p1')
  // The killed one was only slow: it has no lease any more, and changes nothing.
  await killed.lease.release('p2')
  await killed.lease.finish(202, 'late')
  expect((await store.begin('chu', 'b', 'f')).kind).toBe('in-flight')
  await next.lease.release('p3')
  expect((await started('b')).progress).toBe('p3')
  await redis.del(name)
})

test('a gateway that is killed blocks its keys for seconds; one that works keeps them for as long as it works', async () => {
  const running = await started('d')
  const name = await stored()
  onTestFinished(async () => void (await redis.del(name)))
  expect(await redis.pttl(name)).toBeLessThanOrEqual(10_000)
  const before = Number(await redis.hget(name, 'until'))
  await expect.poll(async () => Number(await redis.hget(name, 'until')), { timeout: 5_000 }).toBeGreaterThan(before)
  await running.lease.release('')
  expect(await redis.keys(`${place.namespace}idem:*`)).toEqual([])
})

test('a request without effect frees its key', async () => {
  await (await started('c')).lease.release('')
  expect(await redis.keys(`${place.namespace}idem:*`)).toEqual([])
  await started('c')
  expect(await redis.pttl(await stored()), 'a first request has its lease only').toBeLessThanOrEqual(LEASE_MS)
})

test('two gateways count the quotas of a producer together, until the window ends; Redis does not have its name', async () => {
  const mac = hmacSha256(Buffer.alloc(32, 1))
  const [first, second] = [redis, redis].map((one) => quotaStore(one, place.namespace, 86_400, mac))
  await first?.add('chu-paris', { requests: 1, records: 0, bytes: 0 })
  await first?.add('chu-paris', { requests: 0, records: 7, bytes: 900 })
  await second?.add('chu-lyon', { requests: 1, records: 1, bytes: 1 })
  const used = await second?.add('chu-paris', { requests: 1, records: 0, bytes: 0 })
  expect(used).toMatchObject({ requests: 2, records: 7, bytes: 900 })
  const names = await redis.keys(`${place.namespace}quota:*`)
  expect(names).toHaveLength(2)
  expect(names.join()).not.toContain('chu')
  for (const name of names) {
    const seconds = await redis.ttl(name)
    expect([seconds > 0, seconds <= 86_400]).toEqual([true, true])
  }
  expect(used?.secondsLeft).toBeLessThanOrEqual(86_400)
})
