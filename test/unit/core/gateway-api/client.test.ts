/** The gateway's client against an HTTP server in this process that answers what a gateway may answer. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { ChainonError } from '#core/faults/errors.ts'
import { type GatewayClientOptions, gatewayClient, idempotencyKey, retryAfterMs } from '#core/gateway-api/client.ts'

interface Seen {
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}
type Reply = { status: number; body?: unknown; headers?: Record<string, string> } | 'hang-up'

const closers: (() => void)[] = []
afterEach(() => closers.splice(0).forEach((close) => close()))

/** @param replies one for each request, the last one again and again */
async function gateway(replies: readonly Reply[], delayMs = 0) {
  const seen: Seen[] = []
  let underWay = 0
  let most = 0
  const server = createServer((request, response) => {
    underWay++
    most = Math.max(most, underWay)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const reply = replies[Math.min(seen.length, replies.length - 1)] ?? 'hang-up'
      const raw = Buffer.concat(chunks)
      seen.push({ url: request.url ?? '', headers: request.headers, body: gunzipSync(raw).toString() })
      setTimeout(() => {
        underWay--
        if (reply === 'hang-up') {
          request.socket.destroy()
          return
        }
        response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers })
        response.end(JSON.stringify(reply.body ?? {}))
      }, delayMs)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = (more: Partial<GatewayClientOptions> = {}) => {
    const made = gatewayClient({ url, key: 'k', random: () => 0.1, ...more })
    closers.push(() => made.close())
    return made
  }
  closers.push(() => server.close())
  return { seen, client, most: () => most }
}

const RECEIPT = { receipt_id: `rcp_${'r'.repeat(22)}`, feed: 'patient', accepted: 2, rejected: 0, errors: [] }
const ACCEPTED = { status: 202, body: RECEIPT }

test('sends NDJSON, compressed, with key and idempotency key, and reads the receipt', async () => {
  const { seen, client } = await gateway([ACCEPTED])
  const outcome = await client().pushRecords('patient', { body: '{"a":1}\n{"a":2}\n' })
  expect(outcome).toEqual({ kind: 'accepted', receipt: RECEIPT })
  expect(seen[0]).toMatchObject({
    url: '/v1/feeds/patient/records',
    body: '{"a":1}\n{"a":2}\n',
    headers: { authorization: 'Bearer k', 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
  })
  expect(seen[0]?.headers['idempotency-key']).toBe(idempotencyKey('/v1/feeds/patient/records', '{"a":1}\n{"a":2}\n'))
})

test('sends a batch again, under the same key, after 503, 429, 409 and a lost connection', async () => {
  const { seen, client } = await gateway([{ status: 503 }, { status: 429 }, { status: 409 }, 'hang-up', ACCEPTED])
  const reasons: string[] = []
  const outcome = await client({ onRetry: (reason) => reasons.push(reason) }).pushBundle({ body: '{}' })
  expect(outcome.kind).toBe('accepted')
  expect(reasons.slice(0, 3)).toEqual(['503', '429', '409'])
  expect(reasons).toHaveLength(4)
  expect(new Set(seen.map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
})

test('waits as long as Retry-After says', async () => {
  const { client } = await gateway([{ status: 429, headers: { 'retry-after': '1' } }, ACCEPTED])
  const waits: number[] = []
  await client({ onRetry: (_reason, ms) => waits.push(ms) }).pushBundle({ body: '{}' })
  expect(waits[0]).toBeGreaterThanOrEqual(1000)
  expect(waits[0]).toBeLessThan(1200)
  expect(retryAfterMs('100000')).toBe(60_000)
  expect(retryAfterMs('Wed, 21 Oct 2026 07:28:00 GMT')).toBe(0)
})

test('stops within its bounds, and the error does not contain the batch', async () => {
  const { client } = await gateway([{ status: 503 }])
  const failing = client({ maxAttempts: 3 }).pushRecords('patient', { body: '{"name":"MARTIN"}' })
  await expect(failing).rejects.toThrow(ChainonError)
  await expect(failing).rejects.toThrow(/3 attempts \(last: 503\)/)
  await expect(failing).rejects.not.toThrow(/MARTIN/)
})

test('sends a batch that was accepted in part again under the same key, and says at the end what is missing', async () => {
  const problem = { type: 'urn:chainon:problem:partition-unavailable', title: 'Later.', status: 503, detail: 'Later.' }
  const counts = { code: 'partition-unavailable', accepted: 1, rejected: 0, unavailable: 1, unavailable_indexes: [1] }
  const partly = { status: 503, body: { ...problem, ...counts, feed: 'patient', errors: [] } }
  const { seen, client } = await gateway([partly, ACCEPTED, partly])
  const reasons: string[] = []
  const one = client({ onRetry: (reason) => reasons.push(reason), maxAttempts: 2 })
  expect(await one.pushRecords('patient', { body: '{}\n{}' })).toEqual({ kind: 'accepted', receipt: RECEIPT })
  expect(reasons).toEqual(['partition-unavailable'])
  expect(seen[1]).toMatchObject({ body: seen[0]?.body })
  expect(seen[1]?.headers['idempotency-key']).toBe(seen[0]?.headers['idempotency-key'])
  await expect(one.pushRecords('patient', { body: '{}\n{}' })).rejects.toMatchObject({
    code: 'partition-unavailable',
    accepted: 1,
    unavailableIndexes: [1],
  })
})

test('reports what the gateway rejected, and does not send again', async () => {
  const errors = [{ index: 0, pointer: '/sex', rule: 'enum', detail: 'The value is not one of the allowed symbols.' }]
  const problem = { type: 'urn:chainon:problem:all-rejected', title: 'No record', status: 422, detail: 'All of them.' }
  const { seen, client } = await gateway([{ status: 422, body: { ...problem, code: 'all-rejected', errors } }])
  const outcome = await client().pushRecords('patient', { body: '{}' })
  expect(outcome).toEqual({ kind: 'rejected', status: 422, code: 'all-rejected', title: 'No record', errors })
  expect(seen).toHaveLength(1)
})

test('has no more requests under way than `concurrency`', async () => {
  const { client, most } = await gateway([ACCEPTED], 20)
  const one = client({ concurrency: 2 })
  await Promise.all(Array.from({ length: 8 }, (_, i) => one.pushBundle({ body: String(i) })))
  expect(most()).toBe(2)
})
