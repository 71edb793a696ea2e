/** What one producer, or a sender without a key, can take from the others: on a gateway that really listens. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createKey } from '#core/keys/admin.ts'
import type { Limits } from '../../../../services/gateway/app.ts'
import { harness, observation } from '../harness.ts'

async function listening(limits: Partial<Limits> = {}) {
  const gateway = await harness(limits)
  onTestFinished(() => gateway.close())
  const url = await gateway.app.listen({ host: '127.0.0.1', port: 0 })
  const { key: other } = createKey(gateway.folder, 'chu-other', '')
  const connections = () =>
    new Promise<number>((resolve, reject) =>
      gateway.app.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    )
  /** @param body a number of bytes of NDJSON of one valid record, padded */
  const send = (key: string, bytes: number) =>
    fetch(`${url}/v1/feeds/observation/records`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' },
      body: JSON.stringify(observation(1)).padEnd(bytes),
    })
  /** Why requests and connections were ended. */
  const reasons = async () =>
    [...(await gateway.metrics.scrape()).matchAll(/refused_total\{[^}]*reason="([^"]+)"/g)].map(([, reason]) => reason)
  const inFlight = async () => Number(/inflight_bytes\S* (\d+)/.exec(await gateway.metrics.scrape())?.[1])
  return { ...gateway, other, send, connections, reasons, inFlight, port: Number(new URL(url).port) }
}

/** A sender that never closes its side of the connection. */
async function open(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Announces a body; what comes of it is the caller's. The gateway has seen the headers when this resolves. */
async function announce(port: number, key: string, bytes: number): Promise<Socket> {
  const socket = await open(port)
  socket.write(
    [
      'POST /v1/feeds/observation/records HTTP/1.1',
      'Host: localhost',
      `Authorization: Bearer ${key}`,
      'Content-Type: application/x-ndjson',
      `Content-Length: ${bytes}`,
      'Expect: 100-continue',
      '\r\n',
    ].join('\r\n'),
  )
  await once(socket, 'data')
  return socket
}

test('connections that announce bodies and send nothing take no bytes from anyone', async () => {
  const { port, key, other, send } = await listening({ maxInFlightBytes: 4_000, maxBodyBytes: 1_000 })
  for (let at = 0; at < 4; at++) await announce(port, key, 1_000)
  expect((await send(other, 900)).status).toBe(202)
  expect((await send(key, 900)).status).toBe(202)
})

test('the bodies of one producer leave bytes for the others', async () => {
  const { state, key, other, send, reasons } = await listening({
    maxInFlightBytes: 6_000,
    producerInFlightBytes: 4_000,
    maxBodyBytes: 1_000,
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  state.acknowledgement = promise
  let refused = 0
  const own = Array.from({ length: 4 }, async () => {
    const { status } = await send(key, 950)
    if (status === 429) refused++
  })
  await expect.poll(() => state.waiting + refused).toBe(4)
  const before = state.waiting
  const foreign = send(other, 900)
  while (state.waiting === before && (await Promise.race([foreign, sleep(5)])) === undefined);
  resolve()
  await Promise.all(own)
  expect((await foreign).status).toBe(202)
  expect(refused).toBeGreaterThan(0)
  expect(await reasons()).toContain('producer-bytes')
})

test('what is not HTTP is answered and its connection closed, though the sender keeps its side open', async () => {
  const { port, connections } = await listening()
  const socket = await open(port)
  socket.write('no request\r\n\r\n')
  expect(String(await once(socket, 'data'))).toContain('400 Bad Request')
  await expect.poll(connections).toBe(0)
})

test('a body that is answered before it has come is not waited for without limit', async () => {
  const { port, key, connections } = await listening({ maxBodyBytes: 1_000 })
  const socket = await open(port)
  socket.write(
    `POST /v1/feeds/observation/records HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/x-ndjson\r\nContent-Length: 2000\r\n\r\n`,
  )
  expect(String(await once(socket, 'data'))).toContain('413 Payload Too Large')
  await expect.poll(connections).toBe(0)
})

const QUICK = { totalMs: 60_000, windowMs: 100, minBytesPerSecond: 1_000 }

test('a body that stops coming is answered with the rate it needs; its bytes are released and its connection is closed', async () => {
  const { port, key, connections, reasons, inFlight } = await listening({ pace: QUICK })
  const socket = await announce(port, key, 2_000)
  socket.write(' '.repeat(1_500))
  await expect.poll(inFlight).toBe(1_500)
  const answer = String(await once(socket, 'data'))
  expect(answer).toMatch(/^HTTP\/1.1 408 .*"code":"upload-too-slow"/s)
  expect(answer).toContain('1000 bytes per second')
  await expect.poll(connections).toBe(0)
  expect([await inFlight(), await reasons()]).toEqual([0, ['slow-rate']])
})

test('a body that comes at the rate, and never ends, is ended by its time', async () => {
  const { port, key, connections, reasons } = await listening({ pace: { ...QUICK, totalMs: 300 } })
  const socket = await announce(port, key, 900_000)
  const drip = setInterval(() => socket.write(' '.repeat(200)), 20)
  onTestFinished(() => clearInterval(drip))
  expect(String(await once(socket, 'data'))).toContain('within 0.3 s')
  clearInterval(drip)
  await expect.poll(connections).toBe(0)
  expect(await reasons()).toEqual(['slow-total'])
})

test('headers that do not come end their connection, and so does one that says nothing', async () => {
  const { port, connections, reasons } = await listening({ headerMs: 200 })
  const [silent, slow] = [await open(port), await open(port)]
  slow.write('GET / HTTP/1.1\r\nHost: localhost\r\n')
  const answers = await Promise.all([silent, slow].map((socket) => once(socket, 'data')))
  for (const answer of answers) expect(String(answer)).toMatch(/^HTTP\/1.1 408 .*within 0.2 s/s)
  await expect.poll(connections).toBe(0)
  expect(await reasons()).toEqual(['slow-headers'])
})

test('a producer has its number of connections with a request under way, and others have theirs', async () => {
  const { port, key, other, send, reasons } = await listening({ producerConnections: 2 })
  const own = [await announce(port, key, 100), await announce(port, key, 100)]
  const third = await send(key, 900)
  expect([third.status, third.headers.get('retry-after')]).toEqual([429, '1'])
  expect(await third.json()).toMatchObject({ code: 'producer-share', detail: expect.stringContaining('2 connections') })
  expect((await send(other, 900)).status).toBe(202)
  expect(await reasons()).toEqual(['producer-connections'])
  own[0]?.destroy()
  await expect.poll(async () => (await send(key, 900)).status).toBe(202)
})

test('what is made of a body counts, too; a request that could not even be alone is too large, and not one to send again', async () => {
  const { key, post, inFlight } = await listening({ maxInFlightBytes: 100_000, producerInFlightBytes: 100_000 })
  const small = `${JSON.stringify(observation(1))}\n`
  const headers = { authorization: `Bearer ${key}` }
  const many = await post('observation', 'application/x-ndjson', small.repeat(400), headers)
  expect([many.statusCode, many.json().code]).toEqual([413, 'body-too-large'])
  expect(await inFlight()).toBe(0)
  expect((await post('observation', 'application/x-ndjson', small.repeat(20), headers)).statusCode).toBe(202)
})
