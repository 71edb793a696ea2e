import { PassThrough, Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { readBody } from '../../../../services/gateway/http/body.ts'
import { createInFlight } from '../../../../services/gateway/http/in-flight.ts'
import { harness, observation } from '../harness.ts'

describe('bytes in flight', () => {
  test('are counted, bounded and released once', () => {
    const seen: number[] = []
    const inFlight = createInFlight(100, (bytes) => seen.push(bytes))
    const first = inFlight.reserve(60)
    expect(inFlight.reserve(41)).toBeUndefined()
    const second = inFlight.reserve(20)
    expect([first?.growTo(80), first?.growTo(81), first?.growTo(10)]).toEqual([true, false, true])
    first?.release()
    first?.release()
    second?.release()
    expect([inFlight.bytes, seen.at(-1), Math.max(...seen)]).toEqual([0, 0, 100])
  })

  test('a body that exceeds them while it is read is answered 429, also during decompression', async () => {
    for (const encoding of ['identity', 'gzip'] as const) {
      const inFlight = createInFlight(10_000, () => undefined)
      const ticket = inFlight.reserve(0)
      if (!ticket) throw new Error('no free bytes')
      const bytes = Buffer.alloc(20_000, ' ')
      const body = readBody(Readable.from([encoding === 'gzip' ? gzipSync(bytes) : bytes]), encoding, 1_000_000, ticket)
      await expect(body).rejects.toMatchObject({ problemCode: 'too-many-in-flight' })
    }
  })

  test('a client that disconnects ends the reading', async () => {
    for (const encoding of ['identity', 'gzip'] as const) {
      const source = new PassThrough()
      const ticket = createInFlight(10_000, () => undefined).reserve(0)
      if (!ticket) throw new Error('no free bytes')
      const body = readBody(source, encoding, 1_000_000, ticket)
      source.write(gzipSync('{}').subarray(0, 5))
      await setImmediate()
      source.destroy()
      await expect(body).rejects.toMatchObject({ problemCode: 'malformed-body' })
    }
  })
})

test('beyond the bound the gateway answers 429 with Retry-After, and accepts records again when bytes are free', async () => {
  const gateway = await harness({ maxInFlightBytes: 1000, maxBodyBytes: 800 })
  let free: () => void = () => undefined
  gateway.state.acknowledgement = new Promise((resolve) => {
    free = resolve
  })
  const line = JSON.stringify(observation(1))
  const url = await gateway.app.listen({ host: '127.0.0.1', port: 0 })
  const post = () =>
    fetch(`${url}/v1/feeds/observation/records`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/x-ndjson' },
      body: `${line}\n`.repeat(4),
    })
  const first = post()
  await expect.poll(async () => (await gateway.metrics.scrape()).match(/inflight_bytes\S* (\d+)/)?.[1]).not.toBe('0')
  const second = await post()
  expect([second.status, second.headers.get('retry-after')]).toEqual([429, '1'])
  await second.arrayBuffer()
  free()
  expect((await first).status).toBe(202)
  await expect.poll(async () => (await post()).status).toBe(202)
  await gateway.close()
})
