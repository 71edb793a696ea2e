/** A stream is cut the same way wherever its chunks end; and the name of a receipt is its number. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newReceiptId, readReceiptId, receiptIdOf } from '#core/gateway-api/receipt-id.ts'
import { splitEvents } from '#core/gateway-api/server-sent-events.ts'

async function events(chunks: readonly Buffer[]) {
  async function* all() {
    yield* chunks
  }
  const found: unknown[] = []
  for await (const one of splitEvents(all())) found.push(one)
  return found
}

const STREAM = [
  ': hello',
  '',
  'event: failure',
  'id: 1-2',
  'data: {"a":"é"}',
  '',
  ': heartbeat',
  'id: 7-8',
  '',
  'data:no space',
  'data: two',
  'retry: 5',
  '',
  'data: cut',
]
const EVENTS = [
  { id: '1-2', name: 'failure', data: '{"a":"é"}' },
  { id: '7-8', name: 'message', data: '' },
  { id: '7-8', name: 'message', data: 'no space\ntwo' },
]

test('events, ids without data, comments, in chunks of any size and with each end of line', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('\n', '\r\n', '\r'), fc.integer({ min: 1, max: 40 }), async (end, size) => {
      const bytes = Buffer.from(STREAM.join(end))
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      )
      expect(await events(chunks)).toEqual(EVENTS)
    }),
  )
  await expect(events([Buffer.alloc(2 * 1024 * 1024, 'x')])).rejects.toThrow(/too long/)
})

test('a receipt is found again by the number that ClickHouse stores', () => {
  for (let at = 0; at < 50; at++) {
    const id = newReceiptId(at === 0 ? 0 : Date.now())
    const { number } = readReceiptId(id) ?? { number: '' }
    expect(receiptIdOf(BigInt(number).toString(16))).toBe(id)
  }
})
