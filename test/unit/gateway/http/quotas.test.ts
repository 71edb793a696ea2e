/** Quotas of a producer in its answers, and what is left of them and of idempotency while Redis does not answer. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { createKey } from '#core/keys/admin.ts'
import type { Limits } from '../../../../services/gateway/app.ts'
import { createDegraded } from '../../../../services/gateway/http/degraded.ts'
import { createQuotas } from '../../../../services/gateway/http/rate-limit.ts'
import type { Used } from '../../../../services/gateway/ingest/quotas.ts'
import { harness, observation } from '../harness.ts'

const JSON_TYPE = 'application/json'

async function gatewayWith(quotas: Partial<Limits['quotas']> = {}) {
  const all = { windowSeconds: 60, requests: 100, records: 100, bytes: 100_000, ...quotas }
  const gateway = await harness({ quotas: all })
  onTestFinished(() => gateway.close())
  const { key: other } = createKey(gateway.folder, 'chu-other', '')
  const send = (records: number, headers: Record<string, string> = {}) =>
    gateway.post(
      'observation',
      JSON_TYPE,
      JSON.stringify(Array.from({ length: records }, (_, at) => observation(at))),
      headers,
    )
  const count = async (name: string) => new RegExp(`${name}[^\n]*\\} (\\d+)`).exec(await gateway.metrics.scrape())?.[1]
  return { ...gateway, send, count, other }
}

test('an answer says the quotas and what is left of them, by the fields of the draft', async () => {
  const { send } = await gatewayWith({ bytes: 1_000_000 })
  await send(3)
  const { headers } = await send(1)
  expect(headers['ratelimit-policy']).toBe(
    '"requests";q=100;w=60, "records";q=100;qu="records";w=60, "bytes";q=1000000;qu="content-bytes";w=60',
  )
  expect(headers.ratelimit).toMatch(/^"requests";r=98;t=30, "records";r=97;t=30, "bytes";r=999\d\d\d;t=30$/)
})

test.each([
  ['requests', 2],
  ['records', 4],
  ['bytes', 500],
] as const)(
  'beyond its %s a producer is answered 429 until the window ends, and others are not',
  async (unit, quota) => {
    const { send, count, other, written } = await gatewayWith({ [unit]: quota })
    expect((await send(2)).statusCode).toBe(202)
    expect((await send(2)).statusCode).toBe(202)
    const over = await send(1)
    expect([over.statusCode, over.headers['retry-after'], over.json()]).toMatchObject([
      429,
      '30',
      { code: 'quota-exceeded', detail: expect.stringContaining(`${quota} ${unit}`) },
    ])
    expect(over.headers.ratelimit).toContain(`"${unit}";r=0;t=30`)
    expect(await count(`refused_total\\{[^}]*reason="quota-${unit}"`)).toBe('1')
    expect((await send(1, { authorization: `Bearer ${other}` })).statusCode).toBe(202)
    expect(written).toHaveLength(5)
  },
)

test('what was read is counted with the next request of its producer, or soon without one', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const calls: (Used & { readonly producer: string })[] = []
  const store = {
    add: async (producer: string, used: Used) => {
      calls.push({ producer, ...used })
      return { ...used, secondsLeft: 30 }
    },
  }
  const degraded = { attempt: async <T>(_part: string, call: () => Promise<T>) => await call() }
  const limits = { windowSeconds: 60, requests: 9, records: 9, bytes: 9 }
  const quotas = createQuotas(store, limits, degraded, () => undefined)
  quotas.used('a', 1, 2)
  quotas.used('a', 3, 4)
  quotas.used('b', 5, 6)
  await quotas.begin('a')
  await vi.advanceTimersByTimeAsync(1_000)
  expect(calls).toEqual([
    { producer: 'a', requests: 1, records: 4, bytes: 6 },
    { producer: 'b', requests: 0, records: 5, bytes: 6 },
  ])
})

test('without Redis records are taken, with and without a key, and the answer says what was not checked', async () => {
  const { send, state, written, count } = await gatewayWith()
  state.redisDown = true
  const key = { 'idempotency-key': 'k' }
  const answers = [await send(1, key), await send(1, key), await send(1)]
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 202, 202])
  expect(answers.map(({ headers }) => [headers['chainon-degraded'], headers.ratelimit])).toEqual([
    ['idempotency, quotas', undefined],
    ['idempotency, quotas', undefined],
    ['quotas', undefined],
  ])
  expect(written).toHaveLength(3)
  expect(await count('degraded_total\\{[^}]*part="idempotency"')).toBe('2')
  state.redisDown = false
  await expect.poll(async () => (await send(1)).headers['chainon-degraded']).toBeUndefined()
})

test('Redis that does not answer is asked by one request, and then again after a pause', async () => {
  let now = 0
  let calls = 0
  const gateway = await gatewayWith()
  const degraded = createDegraded(gateway.metrics, 1_000, () => now)
  const call = async () => {
    calls++
    if (now < 2_000) throw new Error('away')
    return 'answer'
  }
  const results = []
  for (now of [0, 1, 999, 1_000, 2_000]) results.push(await degraded.attempt('quotas', call))
  expect([results, calls]).toEqual([[undefined, undefined, undefined, undefined, 'answer'], 3])
})

test('the answer that is kept has the counts and the first errors', async () => {
  const { post } = await gatewayWith({ records: 10_000, bytes: 10_000_000 })
  const send = () => post('observation', JSON_TYPE, JSON.stringify(Array(500).fill({})), { 'idempotency-key': 'k' })
  const first = (await send()).json()
  const again = await send()
  expect(again.headers['idempotency-replayed']).toBe('true')
  expect([first.errors.length, again.json()]).toEqual([
    1000,
    { ...first, errors: first.errors.slice(0, 20), truncated: true },
  ])
})
