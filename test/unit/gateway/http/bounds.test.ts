import { PassThrough, Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
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
    for (const encoding of ['identity', 'gzip', 'zstd'] as const) {
      const share = sharesOf(10_000).shares.open('a')
      const bytes = Buffer.alloc(20_000, ' ')
      const sent = { identity: bytes, gzip: gzipSync(bytes), zstd: zstdCompressSync(bytes) }[encoding]
      const source = Readable.from([sent])
      const body = readBody(source, encoding, { maxBodyBytes: 1_000_000, pace: PACE }, (held) =>
        share?.growTo(held) === undefined ? undefined : new ProblemError('too-many-in-flight'),
      )
      await expect(body).rejects.toMatchObject({ problemCode: 'too-many-in-flight' })
    }
  })

  test('a client that disconnects ends the reading', async () => {
    for (const encoding of ['identity', 'gzip', 'zstd'] as const) {
      const source = new PassThrough()
      const body = readBody(source, encoding, { maxBodyBytes: 1_000_000, pace: PACE }, FITS)
      source.write((encoding === 'zstd' ? zstdCompressSync('{}') : gzipSync('{}')).subarray(0, 5))
      await setImmediate()
      source.destroy()
      await expect(body).rejects.toMatchObject({ problemCode: 'malformed-body' })
    }
  })
})

describe('zstd', () => {
  const read = (pieces: readonly Buffer[], maxBodyBytes = 100_000_000) =>
    readBody(Readable.from(pieces, { objectMode: false }), 'zstd', { maxBodyBytes, pace: PACE }, FITS)
  const damaged = { problemCode: 'truncated-zstd' }
  const [one, two] = [zstdCompressSync(Buffer.alloc(1000, 'a')), zstdCompressSync(Buffer.from('second'))]
  const SKIPPED = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4])

  test('a body of several frames is read whole, however it is cut', async () => {
    const all = Buffer.concat([SKIPPED, one, two, SKIPPED, two])
    const expected = `${'a'.repeat(1000)}secondsecond`
    expect(String(await read([all]))).toBe(expected)
    expect(String(await read([...all].map((byte) => Buffer.of(byte))))).toBe(expected)
    for (let at = 1; at < all.length; at++)
      expect(String(await read([all.subarray(0, at), all.subarray(at)])), String(at)).toBe(expected)
  })

  test('what is cut, changed at its end, or no zstd is refused', async () => {
    for (let length = 0; length < one.length; length++)
      await expect(read([one.subarray(0, length)]), String(length)).rejects.toMatchObject(damaged)
    for (const rest of ['x', 'xxxxxxxx', '{"a":1}'])
      for (const pieces of [[Buffer.concat([one, Buffer.from(rest)])], [one, Buffer.from(rest)]])
        await expect(read(pieces)).rejects.toMatchObject(damaged)
    await expect(read([Buffer.concat([one, two.subarray(0, -1)])])).rejects.toMatchObject(damaged)
  })

  test('a window of more than 8 MB is refused, and one of 8 MB is read; a body that is too large when decompressed ends the reading', async () => {
    // A frame without a size of its content, of one raw block (RFC 8878, 3.1.1): window descriptor, then the block's size.
    const inWindow = (log: number) =>
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, (log - 10) << 3, (3 << 3) | 1, 0, 0, ...Buffer.from('abc')])
    expect(String(await read([inWindow(23)]))).toBe('abc')
    await expect(read([inWindow(24)])).rejects.toMatchObject(damaged)
    await expect(read([Buffer.concat([one, inWindow(31)])])).rejects.toMatchObject(damaged)
    const bomb = zstdCompressSync(Buffer.alloc(50_000_000))
    expect(bomb.length).toBeLessThan(10_000)
    await expect(read([bomb], 1_000_000)).rejects.toMatchObject({ problemCode: 'body-too-large' })
    // Empty frames, in one piece: each would cost a decoder.
    const empty = zstdCompressSync(Buffer.alloc(0))
    await expect(read([Buffer.concat(Array.from({ length: 5000 }, () => empty))])).rejects.toMatchObject(damaged)
    const bombs = Buffer.concat(Array.from({ length: 50 }, () => zstdCompressSync(Buffer.alloc(100_000))))
    await expect(read([bombs], 1_000_000)).rejects.toMatchObject({ problemCode: 'body-too-large' })
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
