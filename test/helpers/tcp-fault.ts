/** A relay before a real server that, while it is held, accepts connections and never answers: as a server that hangs. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface TcpFault {
  readonly port: number
  /** From now on bytes are relayed; connections that were accepted while it was held are closed. */
  release(): void
  close(): Promise<void>
}

/** @param target port on 127.0.0.1 @returns a relay that is held */
export async function heldServer(target: number): Promise<TcpFault> {
  const sockets = new Set<Socket>()
  const silent = new Set<Socket>()
  let held = true
  const server = createServer((client) => {
    sockets.add(client)
    client.on('error', () => undefined)
    client.on('close', () => sockets.delete(client))
    if (held) {
      silent.add(client)
      client.resume()
      return
    }
    const onward = connect(target, '127.0.0.1')
    onward.on('error', () => client.destroy())
    client.on('close', () => onward.destroy())
    onward.on('close', () => client.destroy())
    client.pipe(onward).pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    release() {
      held = false
      for (const socket of silent) socket.destroy()
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
