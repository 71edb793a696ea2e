/** Free ports that stay the same while the components behind them restart. */
import { createServer, type Server } from 'node:net'

/** Below the range of outgoing connections, so that none takes the port of a component that is down. */
const LOW = 12_000
const HIGH = 19_999
const given = new Set<number>()

/** @returns as many free ports of 127.0.0.1, none twice in this process */
export async function freePorts(count: number): Promise<number[]> {
  const held: Server[] = []
  const ports: number[] = []
  while (ports.length < count) {
    const port = LOW + Math.floor(Math.random() * (HIGH - LOW))
    if (given.has(port)) continue
    const server = createServer()
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(true))
    })
    if (!free) continue
    given.add(port)
    held.push(server)
    ports.push(port)
  }
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
