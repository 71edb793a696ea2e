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
  return { ...gateway, other, send, connections, port: Number(new URL(url).port) }
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

test.fails('connections that announce bodies and send nothing take no bytes from anyone', async () => {
  const { port, key, other, send } = await listening({ maxInFlightBytes: 4_000, maxBodyBytes: 1_000 })
  for (let at = 0; at < 4; at++) await announce(port, key, 1_000)
  expect((await send(other, 900)).status).toBe(202)
  expect((await send(key, 900)).status).toBe(202)
})

test.fails('the bodies of one producer leave bytes for the others', async () => {
  const { state, key, other, send } = await listening({ maxInFlightBytes: 4_000, maxBodyBytes: 1_000 })
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
})

test.fails('what is not HTTP is answered and its connection closed, though the sender keeps its side open', async () => {
  const { port, connections } = await listening()
  const socket = await open(port)
  socket.write('no request\r\n\r\n')
  expect(String(await once(socket, 'data'))).toContain('400 Bad Request')
  await expect.poll(connections, { timeout: 2_000 }).toBe(0)
})

test.fails('a body that is answered before it has come is not waited for without limit', async () => {
  const { port, key, connections } = await listening({ maxBodyBytes: 1_000 })
  const socket = await open(port)
  socket.write(
    `POST /v1/feeds/observation/records HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/x-ndjson\r\nContent-Length: 2000\r\n\r\n`,
  )
  expect(String(await once(socket, 'data'))).toContain('413 Payload Too Large')
  await expect.poll(connections, { timeout: 2_000 }).toBe(0)
})
