import { PassThrough, Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { readBody } from '../../../../services/gateway/http/body.ts'
import { createShares } from '../../../../services/gateway/http/shares.ts'
import { ProblemError } from '../../../../services/gateway/problem.ts'
import { harness, observation } from '../harness.ts'

const PACE = { totalMs: 60_000, windowMs: 60_000, minBytesPerSecond: 1 }
const FITS = () => undefined

function sharesOf(maxInFlightBytes: number, producerInFlightBytes = maxInFlightBytes, producerConnections = 10) {
  const seen: number[] = []
  const refused: string[] = []
  const limits = { maxInFlightBytes, producerInFlightBytes, producerConnections }
  const shares = createShares(
    limits,
    (bytes) => seen.push(bytes),
    (limit) => refused.push(limit),
  )
  return { shares, seen, refused }
}

describe('bytes in flight', () => {
  test('are counted, bounded and released once', () => {
    const { shares, seen } = sharesOf(100)
    const first = shares.open('a')
    const second = shares.open('b')
    expect([first?.growTo(60), second?.growTo(41)]).toEqual([undefined, 'total-bytes'])
    second?.growTo(20)
    expect([first?.growTo(80), first?.growTo(81), first?.growTo(10)]).toEqual([undefined, 'total-bytes', undefined])
    first?.release()
    first?.release()
    second?.empty()
    expect(shares.bytes).toBe(0)
    second?.release()
    expect([shares.bytes, seen.at(-1), Math.max(...seen)]).toEqual([0, 0, 100])
  })

  test('of one producer, and its connections, have bounds of their own; each refusal says which', () => {
    const { shares, refused } = sharesOf(100, 60, 2)
    const [first, second] = [shares.open('a'), shares.open('a')]
    expect([first?.growTo(40), second?.lacks(21), second?.growTo(21), second?.growTo(20)]).toEqual([
      undefined,
      'producer-bytes',
      'producer-bytes',
      undefined,
    ])
    expect(shares.open('a')).toBeUndefined()
    const other = shares.open('b')
    expect([other?.growTo(41), other?.growTo(40)]).toEqual(['total-bytes', undefined])
    second?.release()
    expect([shares.open('a')?.growTo(10), first?.growTo(50)]).toEqual([undefined, undefined])
    expect(refused).toEqual(['producer-bytes', 'producer-bytes', 'producer-connections', 'total-bytes'])
  })

  test('a body that exceeds them while it is read is answered 429, also during decompression', async () => {
    for (const encoding of ['identity', 'gzip'] as const) {
      const share = sharesOf(10_000).shares.open('a')
      const bytes = Buffer.alloc(20_000, ' ')
      const source = Readable.from([encoding === 'gzip' ? gzipSync(bytes) : bytes])
      const body = readBody(source, encoding, { maxBodyBytes: 1_000_000, pace: PACE }, (held) =>
        share?.growTo(held) === undefined ? undefined : new ProblemError('too-many-in-flight'),
      )
      await expect(body).rejects.toMatchObject({ problemCode: 'too-many-in-flight' })
    }
  })

  test('a client that disconnects ends the reading', async () => {
    for (const encoding of ['identity', 'gzip'] as const) {
      const source = new PassThrough()
      const body = readBody(source, encoding, { maxBodyBytes: 1_000_000, pace: PACE }, FITS)
      source.write(gzipSync('{}').subarray(0, 5))
      await setImmediate()
      source.destroy()
      await expect(body).rejects.toMatchObject({ problemCode: 'malformed-body' })
    }
  })
})

test('beyond the bound the gateway answers 429 with Retry-After, and accepts records again when bytes are free', async () => {
  const gateway = await harness({ maxInFlightBytes: 8000, maxBodyBytes: 6000 })
  let free: () => void = () => undefined
  gateway.state.acknowledgement = new Promise((resolve) => {
    free = resolve
  })
  const line = JSON.stringify(observation(1)).padEnd(5000)
  const url = await gateway.app.listen({ host: '127.0.0.1', port: 0 })
  const post = () =>
    fetch(`${url}/v1/feeds/observation/records`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/x-ndjson' },
      body: line,
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
