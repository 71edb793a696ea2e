/** A connection of kafkajs that waits for nothing must not keep the processor busy. */
import { createRequire } from 'node:module'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { readConfig } from '#core/config/read.ts'
import { KAFKA_KEYS, kafkaClient } from '#core/kafka/client.ts'
import { createLogger } from '#core/telemetry/logger.ts'

interface RequestQueue {
  push(request: object): void
  fulfillRequest(answer: { correlationId: number; payload: unknown; size: number }): void
  maybeThrottle(ms: number): void
}
const Queue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as new (
  options: object,
) => RequestQueue

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a queue without requests sets no timer, and one that is throttled sends when it may', async () => {
  kafkaClient('test', readConfig('test', [...KAFKA_KEYS], {}), createLogger('test', 'fatal'))
  const log = { debug: () => undefined, warn: () => undefined, error: () => undefined }
  const queue = new Queue({
    maxInFlightRequests: 1,
    requestTimeout: 1000,
    clientId: 't',
    broker: 'b',
    logger: log,
    isConnected: () => true,
  })
  const sent: number[] = []
  const push = (correlationId: number) =>
    queue.push({
      entry: {
        correlationId,
        resolve: () => undefined,
        reject: () => undefined,
        apiKey: 3,
        apiName: 'Metadata',
        apiVersion: 1,
      },
      expectResponse: true,
      requestTimeout: 1000,
      sendRequest: () => void sent.push(correlationId),
    })
  push(1)
  push(2)
  expect(sent).toEqual([1])
  queue.fulfillRequest({ correlationId: 1, payload: {}, size: 1 })
  expect(sent).toEqual([1, 2])
  queue.fulfillRequest({ correlationId: 2, payload: {}, size: 1 })
  await vi.advanceTimersByTimeAsync(500)
  expect(vi.getTimerCount()).toBe(0)
  queue.maybeThrottle(200)
  push(3)
  expect(sent).toEqual([1, 2])
  await vi.advanceTimersByTimeAsync(250)
  expect(sent).toEqual([1, 2, 3])
})
