/** Which port each process uses, and which process uses it already when it is not free. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import type { Key } from '#core/config/keys.ts'
import type { Config } from '#core/config/read.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { commandOf } from '#core/process/identity.ts'

/** Default ports; `kafka-controller` belongs to the process `kafka`, `<service>-admin` to the service. */
const DEFAULT_PORTS = {
  kafka: 9092,
  'kafka-controller': 9093,
  registry: 8081,
  redis: 6379,
  clickhouse: 8123,
  gateway: 8080,
  'gateway-admin': 8094,
  console: 8090,
  'console-admin': 8095,
  deidentify: 8091,
  curate: 8092,
  linker: 8093,
} as const
export type PortName = keyof typeof DEFAULT_PORTS
export type Ports = Record<PortName, number>

/** The variable that chooses each port. */
const PORT_VARIABLES = {
  kafka: 'CHAINON_PORT_KAFKA',
  'kafka-controller': 'CHAINON_PORT_KAFKA_CONTROLLER',
  registry: 'CHAINON_PORT_REGISTRY',
  redis: 'CHAINON_PORT_REDIS',
  clickhouse: 'CHAINON_PORT_CLICKHOUSE',
  gateway: 'CHAINON_PORT_GATEWAY',
  'gateway-admin': 'CHAINON_PORT_GATEWAY_ADMIN',
  console: 'CHAINON_PORT_CONSOLE',
  'console-admin': 'CHAINON_PORT_CONSOLE_ADMIN',
  deidentify: 'CHAINON_PORT_DEIDENTIFY',
  curate: 'CHAINON_PORT_CURATE',
  linker: 'CHAINON_PORT_LINKER',
} as const satisfies Record<PortName, Key>

export const PORT_KEYS = Object.values(PORT_VARIABLES)
export type GivenPorts = Partial<Config<(typeof PORT_KEYS)[number]>>

/**
 * Chooses a port for each name and checks that it is free.
 *
 * @param names the processes that will be started
 * @param mode `auto` chooses free ports for all that are not given
 * @param given the ports that the environment chooses
 * @throws ConfigurationError that names every port in use, its process here, the process that uses it and both remedies
 */
export async function choosePorts(
  names: readonly PortName[],
  mode: 'default' | 'auto',
  given: GivenPorts,
): Promise<Ports> {
  const ports: Ports = { ...DEFAULT_PORTS }
  const problems: string[] = []
  const reserved: Server[] = []
  const free: PortName[] = []
  try {
    for (const name of names) {
      const chosen = given[PORT_VARIABLES[name]]
      if (chosen === undefined && mode === 'auto') {
        free.push(name)
        continue
      }
      const port = chosen ?? DEFAULT_PORTS[name]
      ports[name] = port
      const server = await reserve(port)
      if (typeof server === 'string') problems.push(inUseMessage(name, port, server))
      else reserved.push(server)
    }
    for (const name of free) {
      const [port, server] = await reserveFreePort()
      ports[name] = port
      reserved.push(server)
    }
  } finally {
    await Promise.all(reserved.map((server) => new Promise((resolve) => server.close(resolve))))
  }
  if (problems.length > 0) throw new ConfigurationError('The ports are not free', problems)
  return ports
}

function inUseMessage(name: PortName, port: number, code: string): string {
  const user = name === 'kafka-controller' ? 'kafka (its controller)' : name.replace(/(.*)-admin$/, '$1 (its metrics)')
  if (code === 'EACCES')
    return `port ${port} of ${user} may not be used by this user; choose another with ${PORT_VARIABLES[name]}=<port>`
  const holder = portHolder(port)
  const who = holder ? ` by pid ${holder.pid} (${holder.command})` : ''
  return (
    `port ${port} of ${user} is already used${who}; stop that program (another Chainon: \`npx chainon down\`), ` +
    `or choose another port with ${PORT_VARIABLES[name]}=<port> or \`--ports auto\``
  )
}

/** Listens on the port to check that it is free, and to reserve it while the others are chosen. */
function reserve(port: number): Promise<Server | string> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server))
  })
}

/** Below the range that systems use for outgoing connections, so that no other process uses it before this one does. */
async function reserveFreePort(): Promise<[number, Server]> {
  for (let tries = 0; tries < 200; tries++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    const server = await reserve(port)
    if (typeof server !== 'string') return [port, server]
  }
  throw new ConfigurationError('The ports are not free', ['no free port was found between 20000 and 32000'])
}

/** @returns the process that listens on a port, when /proc shows it (Linux, same user or root) */
function portHolder(port: number): { pid: number; command: string } | null {
  const inodes = new Set<string>()
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readLines(table).slice(1)) {
      const fields = line.trim().split(/\s+/)
      const listens = fields[3] === '0A' && Number.parseInt(fields[1]?.split(':')[1] ?? '', 16) === port
      if (listens && fields[9]) inodes.add(`socket:[${fields[9]}]`)
    }
  }
  if (inodes.size === 0) return null
  for (const pid of list('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const fd of list(`/proc/${pid}/fd`)) {
      if (inodes.has(link(`/proc/${pid}/fd/${fd}`))) return { pid: Number(pid), command: commandOf(Number(pid)) }
    }
  }
  return null
}

const readLines = (file: string): string[] => attempt(() => readFileSync(file, 'utf8').split('\n'), [])
const list = (folder: string): string[] => attempt(() => readdirSync(folder), [])
const link = (file: string): string => attempt(() => readlinkSync(file), '')

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}
