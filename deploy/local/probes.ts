/** Readiness probes: does it serve, not only listen. Each answers within a second. */
import { connect } from 'node:net'

const PROBE_TIMEOUT_MS = 1_000

/** @returns whether the address answers a GET with 200 */
export async function httpReady(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) })
  await response.body?.cancel()
  return response.status === 200
}

/** Redis answers PING with an error while it loads its log. */
export async function redisReady(port: number): Promise<boolean> {
  const answer = await ask(port, Buffer.from('PING\r\n'), 5)
  return answer.toString('latin1').startsWith('+PONG')
}

/** ApiVersions, version 0, without a client id: a broker listens before it serves, and this one waits until it serves. */
export async function kafkaReady(port: number): Promise<boolean> {
  const correlation = 7
  const request = Buffer.alloc(14)
  request.writeInt32BE(10, 0)
  request.writeInt16BE(18, 4)
  request.writeInt16BE(0, 6)
  request.writeInt32BE(correlation, 8)
  request.writeInt16BE(-1, 12)
  const answer = await ask(port, request, 10)
  return answer.readInt32BE(4) === correlation && answer.readInt16BE(8) === 0
}

/** Sends a request and waits for that many bytes of the answer. */
function ask(port: number, request: Buffer, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0)
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(request))
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
