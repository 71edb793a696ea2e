/** The MLLP listeners of the gateway: each at its own address, for the sender and the key that the operator declared. */
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import type { KeyStore } from '#core/keys/store.ts'
import type { Logins } from '../http/logins.ts'
import type { Refused } from '../http/observe.ts'
import type { Pace } from '../http/pace.ts'
import type { ShareLimits, Shares } from '../http/shares.ts'
import { type Connection, serveConnection } from './connection.ts'
import type { MllpEvents } from './events.ts'
import { handleMessage, type MessageDependencies } from './handle-message.ts'
import type { ListenerSettings } from './listeners-file.ts'
import { type ConnectionLogin, loginOf } from './login.ts'

/** Of one listener; interface engines have few, and keep them open. */
const MAX_CONNECTIONS = 256
/** How long a stop waits for messages that are being stored. */
const DRAIN_MS = 10_000

export interface MllpDependencies extends MessageDependencies {
  readonly keys: KeyStore
  readonly logins: Pick<Logins, 'require' | 'refused'>
  readonly listeners: readonly ListenerSettings[]
  readonly shares: Shares
  readonly limits: ShareLimits & { readonly pace: Pace }
  readonly refused: Refused
  readonly events: MllpEvents
}

/** What `GET /health` says of a listener. */
export interface ListenerHealth {
  readonly listener: string
  readonly port: number
  readonly connections: number
}

export interface Mllp {
  /** @throws ConfigurationError when an address cannot be used; then none of them listens */
  start(): Promise<void>
  health(): readonly ListenerHealth[]
  /** Accepts no connection any more, finishes the messages that were received, acknowledges them, and ends the connections. */
  stop(): Promise<void>
}

export function createMllp(dependencies: MllpDependencies): Mllp {
  const running: Running[] = []
  async function stop(): Promise<void> {
    await Promise.all(running.map((one) => one.stop()))
    running.length = 0
  }
  return {
    stop,
    async start() {
      for (const settings of dependencies.listeners) {
        try {
          running.push(await startListener(dependencies, settings))
        } catch (error) {
          await stop()
          const problem = `${settings.host}:${settings.port}: ${errorCode(error)} (CHAINON_MLLP_FILE, ${settings.name})`
          throw new ConfigurationError('The gateway cannot listen', [problem])
        }
      }
    },
    health: () => running.map((one) => one.health()),
  }
}

interface Running {
  health(): ListenerHealth
  stop(): Promise<void>
}

async function startListener(dependencies: MllpDependencies, settings: ListenerSettings): Promise<Running> {
  const { name, host, port, tls } = settings
  const { events, keys, logins, shares, limits, refused, maxRecordBytes, logger } = dependencies
  const open = new Map<Socket, Connection>()
  /** A failure of a certificate is that of its sender; one of the listener's own key is the operator's. */
  const login = (socket: Socket): ConnectionLogin => {
    const result = loginOf(keys, settings.apiKey, socket)
    if (result.kind === 'failed' && settings.apiKey === undefined)
      logins.refused(socket.remoteAddress ?? '', result.reason, result.keyId)
    return result
  }
  const close = (socket: Socket) => {
    // An error event without a listener would end the process.
    socket.on('error', () => undefined)
    socket.destroy()
  }
  const onSocket = (socket: Socket) => {
    const first = login(socket)
    if (first.kind === 'failed' && settings.apiKey === undefined) return close(socket)
    /** While its key is not in force a listener has a share of its own, and accepts nothing. */
    const share = shares.open(first.kind === 'failed' ? `listener ${name}` : first.access.producer)
    if (!share) {
      logger.warn({ event: 'mllp-connection-refused', listener: name, limit: limits.producerConnections })
      return close(socket)
    }
    const connection = serveConnection(
      {
        listener: name,
        share,
        limits,
        refused,
        maxMessageBytes: maxRecordBytes,
        events,
        handle: (message, claim) => handleMessage(dependencies, settings, login(socket), message, claim),
      },
      socket,
      () => {
        open.delete(socket)
        events.connections(name, open.size)
      },
    )
    open.set(socket, connection)
    events.connections(name, open.size)
  }
  const server = tls ? createTlsServer(tls, onSocket) : createServer(onSocket)
  server.maxConnections = MAX_CONNECTIONS
  // A sender without the certificate that is asked for; its socket is closed.
  server.on('tlsClientError', (error: Error) =>
    logger.warn({ event: 'mllp-tls-failed', listener: name, code: errorCode(error) }),
  )
  server.on('drop', () => logger.warn({ event: 'mllp-connection-refused', listener: name, limit: MAX_CONNECTIONS }))
  await listening(server, host, port)
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  events.connections(name, 0)
  logger.info({ event: 'mllp-listening', listener: name, host, port: bound, tls: tls !== undefined })
  return {
    health: () => ({ listener: name, port: bound, connections: open.size }),
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const connection of open.values()) connection.drain()
      const timer = setTimeout(() => {
        for (const connection of open.values()) connection.destroy()
      }, DRAIN_MS)
      await closed
      clearTimeout(timer)
    },
  }
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
