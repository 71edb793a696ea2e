/** Each fault of the proxy, between a client and a server of this test. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { requestFramer } from '../../../../loadtest/chaos/proxy/framing.ts'
import { FaultProxy } from '../../../../loadtest/chaos/proxy/proxy.ts'

let server: Server
let proxy: FaultProxy
let url = ''
let direct = ''
let done: string[] = []

beforeEach(async () => {
  done = []
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      done.push(request.url ?? '')
      response.end('done')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  direct = `http://127.0.0.1:${port}`
  proxy = new FaultProxy('test', 'http', port)
  url = `http://127.0.0.1:${await proxy.listen(0)}`
})
afterEach(async () => {
  await proxy.close()
  server.closeAllConnections()
  server.close()
})

const post = async (path: string) =>
  fetch(`${url}${path}`, { method: 'POST', body: 'x'.repeat(100_000) }).then(
    (response) => response.text(),
    () => 'failed',
  )
const any = () => true

describe('a proxy', () => {
  it('passes a request and its answer', async () => {
    expect(await post('/a')).toBe('done')
    expect(proxy.counts.requests).toBe(1)
    expect(proxy.inFlight()).toBe(0)
  })

  it('loses the answer after the receiver has sent it', async () => {
    const caught = proxy.trap((label) => label.includes('/a'), 'answer', 5000)
    const answer = post('/a')
    expect((await caught)?.label).toBe('POST /a')
    expect(done).toEqual(['/a'])
    ;(await caught)?.discard()
    expect(await answer).toBe('failed')
  })

  it('keeps a request, and delivers it after its client has gone', async () => {
    const trap = proxy.trap(any, 'request', 5000)
    const answer = post('/late')
    const caught = await trap
    await caught?.complete
    expect(done).toEqual([])
    caught?.cutClient()
    expect(await answer).toBe('failed')
    expect(await caught?.deliverAlone()).toBe(true)
    expect(done).toEqual(['/late'])
  })

  it('discards a request: the receiver never sees it', async () => {
    const trap = proxy.trap(any, 'request', 5000)
    const answer = post('/never')
    ;(await trap)?.discard()
    expect(await answer).toBe('failed')
    expect(done).toEqual([])
  })

  it('lets a request wait while nothing passes, and passes it afterwards', async () => {
    proxy.mode = 'stall'
    const answer = post('/stalled')
    await expect.poll(() => proxy.inFlight()).toBe(1)
    expect(done).toEqual([])
    proxy.mode = 'pass'
    expect(await answer).toBe('done')
  })

  it('refuses connections, and counts them', async () => {
    proxy.mode = 'refuse'
    expect(await post('/refused')).toBe('failed')
    expect(proxy.counts.refused).toBe(1)
    expect(done).toEqual([])
  })

  it('answers 503 itself', async () => {
    proxy.mode = 'unavailable'
    expect((await fetch(url)).status).toBe(503)
    expect(done).toEqual([])
  })

  it('delays: what is sent directly, later, arrives first', async () => {
    proxy.pace = { latencyMs: 300, bytesPerSecond: 1_000_000 }
    const slow = post('/slow')
    await expect.poll(() => proxy.inFlight()).toBe(1)
    await (await fetch(`${direct}/direct`)).text()
    expect(await slow).toBe('done')
    expect(done).toEqual(['/direct', '/slow'])
  })

  it('closes every connection', async () => {
    proxy.mode = 'stall'
    const answer = post('/cut')
    await expect.poll(() => proxy.connections).toBe(1)
    expect(proxy.cutAll()).toBe(1)
    expect(await answer).toBe('failed')
  })
})

describe("the requests in Kafka's bytes", () => {
  const frame = (api: number, id: number, body: number) => {
    const bytes = Buffer.alloc(12 + body)
    bytes.writeInt32BE(8 + body, 0)
    bytes.writeInt16BE(api, 4)
    bytes.writeInt32BE(id, 8)
    return bytes
  }
  const all = Buffer.concat([frame(0, 7, 300), frame(1, 8, 0), frame(8, 9, 5)])

  it.each([1, 3, 11, 100, 1000])('are found in pieces of %i bytes', (size) => {
    const framer = requestFramer('kafka')
    const seen: string[] = []
    for (let at = 0; at < all.length; at += size)
      framer.read(
        all.subarray(at, at + size),
        ({ label, id }) => seen.push(`${label} ${id}`),
        () => seen.push('end'),
      )
    expect(seen).toEqual(['api:0 7', 'end', 'api:1 8', 'end', 'api:8 9', 'end'])
  })
})
