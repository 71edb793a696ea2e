/** `GET /v1/events` over a real connection: what a listener reads, and what ends it. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type EventOptions, failureEvents, type ToldFailure } from '#core/gateway-api/event-client.ts'
import { newReceiptId } from '#core/gateway-api/receipt-id.ts'
import { createKey, revokeKey } from '#core/keys/admin.ts'
import { harness } from '../harness.ts'

type Gateway = Awaited<ReturnType<typeof harness>>
let gateway: Gateway
let url: string
beforeEach(async () => {
  gateway = await harness()
  url = await gateway.app.listen({ host: '127.0.0.1', port: 0 })
})
afterEach(() => gateway.close())

const RECEIPT = newReceiptId(Date.now())
function fails(id: number, producer = 'chu-test', at = Date.now()) {
  gateway.state.failures.push({
    position: { at, id: BigInt(id) },
    producer,
    state: 'rejected',
    feed: 'observation',
    rule: 'no-such-rule',
    pointer: '/code',
    receiptId: RECEIPT,
    indexes: [id],
    receivedAt: at,
  })
}

async function told(count: number, options: Partial<EventOptions> = {}): Promise<readonly ToldFailure[]> {
  const stopping = new AbortController()
  const found: ToldFailure[] = []
  for await (const one of failureEvents({ url, key: gateway.key, after: '0-0', signal: stopping.signal, ...options })) {
    found.push(one)
    if (found.length === count) stopping.abort()
  }
  return found
}

test('a listener is told of its own records, and goes on after an event', async () => {
  fails(1)
  fails(2, 'chu-other')
  fails(3)
  const both = await told(2)
  expect(both.map(({ event }) => event)).toMatchObject([
    {
      state: 'rejected',
      receipt_id: RECEIPT,
      indexes: [1],
      feed: 'observation',
      rule: 'no-such-rule',
      pointer: '/code',
    },
    { indexes: [3] },
  ])
  expect(await told(1, { after: both[0]?.id ?? '' })).toEqual([both[1]])
})

test('the gateway that stops ends its streams, and a client connects again after the last event', async () => {
  fails(1)
  const retries: string[] = []
  const stopping = new AbortController()
  const found: number[] = []
  const reading = (async () => {
    const options = { url, key: gateway.key, after: '0-0', signal: stopping.signal }
    for await (const { event } of failureEvents({ ...options, onRetry: (reason) => retries.push(reason) }))
      found.push(...event.indexes)
  })()
  await expect.poll(() => found).toEqual([1])
  await gateway.app.close()
  await expect.poll(() => retries).toContain('ended')
  stopping.abort()
  await reading
  expect(found).toEqual([1])
})

test('a wrong key, a key without the scope and an id that is none are refused, and not tried again', async () => {
  const writes = createKey(gateway.folder, 'chu-writes', '', { scopes: ['write:*'] }).key
  const revoked = createKey(gateway.folder, 'chu-gone', '')
  revokeKey(gateway.folder, revoked.id)
  await expect(told(1, { key: writes })).rejects.toThrow(/key-scope/)
  await expect(told(1, { key: revoked.key })).rejects.toThrow(/revoked-key/)
  await expect(told(1, { after: 'yesterday' })).rejects.toThrow(/bad-query/)
})
