/** What a test does in Redis itself, without the services. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'

/** @returns a client with the login of the environment, usually that of the administrator */
export function testRedis(env: Readonly<Record<string, string | undefined>>): Redis {
  const { REDIS_URL: url = '', REDIS_USERNAME: username = '', REDIS_PASSWORD: password = '' } = env
  return new Redis(url, { username, password })
}

/**
 * Every command that the server runs from now on, of all its clients. On a socket of its own: ioredis takes a command that another client sends in the
 * same moment as MONITOR begins for an answer.
 *
 * @param onCommand is told the words, as the server quotes them
 */
export async function monitorRedis(
  env: Readonly<Record<string, string | undefined>>,
  onCommand: (words: readonly string[]) => void,
): Promise<{ stop(): void }> {
  const { REDIS_URL: url = '', REDIS_USERNAME: username = '', REDIS_PASSWORD: password = '' } = env
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.write(`AUTH ${username} ${password}\r\nMONITOR\r\n`)
  let answers = 0
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    createInterface({ input: socket }).on('line', (line) => {
      if (answers < 2 && line !== '+OK') reject(new Error(`the server refuses to be monitored: ${line}`))
      else if (answers < 2) answers++
      else onCommand(Array.from(line.matchAll(/"((?:[^"\\]|\\.)*)"/g), ([, word = '']) => word))
      if (answers === 2) resolve()
    })
  })
  return { stop: () => void socket.destroy() }
}
