/** Readiness probes: a process is ready when it serves, not when it listens. Each ends within a second. */
import { connect } from 'node:net'

const PROBE_TIMEOUT_MS = 1_000

/** @returns whether the address answers a GET with 200, to this login when one is given */
export async function httpReady(
  url: string,
  login?: { readonly user: string; readonly password: string },
): Promise<boolean> {
  const basic = login && Buffer.from(`${login.user}:${login.password}`).toString('base64')
  const headers = basic ? { authorization: `Basic ${basic}` } : {}
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) })
  await response.body?.cancel()
  return response.status === 200
}

/** @returns whether a service of Chainon has started; a degraded one works, one that waits for another is to wait, and neither must be started again for it */
export async function serviceReady(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) })
  const { status } = (await response.json()) as { status?: unknown }
  return status === 'ok' || status === 'degraded' || status === 'standby'
}

/** Redis answers PING with an error while it loads its log, and to whoever is not logged in. */
export async function redisReady(port: number, user: string, password: string): Promise<boolean> {
  const answer = await request(port, Buffer.from(`AUTH ${user} ${password}\r\nPING\r\n`), 10)
  return answer.toString('latin1').startsWith('+OK\r\n+PONG')
}

/** ApiVersions, version 0, without a client id: a broker listens before it serves, and answers this when it serves. */
export async function kafkaReady(port: number): Promise<boolean> {
  const correlation = 7
  const message = Buffer.alloc(14)
  message.writeInt32BE(10, 0)
  message.writeInt16BE(18, 4)
  message.writeInt16BE(0, 6)
  message.writeInt32BE(correlation, 8)
  message.writeInt16BE(-1, 12)
  const answer = await request(port, message, 10)
  return answer.readInt32BE(4) === correlation && answer.readInt16BE(8) === 0
}

/** Sends a request and waits for that many bytes of the answer. */
function request(port: number, message: Buffer, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0)
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(message))
    socket.setTimeout(PROBE_TIMEOUT_MS, () => socket.destroy(new Error('no answer')))
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk])
      if (answer.length < bytes) return
      resolve(answer)
      socket.destroy()
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('closed')))
  })
}
