/** Which component talks to which, and the proxy between the two. */
import type { KafkaListener } from '../../deploy/local/components/kafka.ts'
import type { Protocol } from './proxy/framing.ts'
import { FaultProxy, OUTRIGHT } from './proxy/proxy.ts'

/** `spare`: second gateways and workers, which share their proxies. */
export const CLIENTS = ['gateway', 'deidentify', 'curate', 'console', 'spare'] as const
export type Client = (typeof CLIENTS)[number]
export type Target = 'kafka' | 'registry' | 'redis' | 'clickhouse'
export type LinkName = `${Client}-${Target}` | 'sender-gateway'

const PROTOCOLS: Readonly<Record<Target, Protocol>> = {
  kafka: 'kafka',
  registry: 'http',
  redis: 'redis',
  clickhouse: 'http',
}

/** What each client talks to. */
const USES: Readonly<Record<Client, readonly Target[]>> = {
  gateway: ['kafka', 'registry', 'redis'],
  deidentify: ['kafka', 'registry'],
  curate: ['kafka', 'registry', 'redis', 'clickhouse'],
  console: ['kafka', 'registry', 'redis', 'clickhouse'],
  spare: ['kafka', 'registry', 'redis', 'clickhouse'],
}

export interface ComponentPorts extends Readonly<Record<Target, number>> {
  readonly gateway: number
}

export interface Links {
  get(name: LinkName): FaultProxy
  readonly names: readonly LinkName[]
  readonly listeners: readonly KafkaListener[]
  /** The addresses of the components as this client sees them. */
  environment(client: Client): Readonly<Record<string, string>>
  readonly gatewayUrl: string
  /** Back to normal in every proxy. */
  heal(): void
  close(): Promise<void>
}

/** @param fresh as many free ports as asked for */
export async function openLinks(ports: ComponentPorts, fresh: (count: number) => Promise<number[]>): Promise<Links> {
  const proxies = new Map<LinkName, FaultProxy>()
  const addresses = new Map<LinkName, number>()
  const listeners: KafkaListener[] = []
  const open = async (name: LinkName, protocol: Protocol, target: number): Promise<number> => {
    const [port = 0] = await fresh(1)
    const proxy = new FaultProxy(name, protocol, target)
    await proxy.listen(port)
    proxies.set(name, proxy)
    addresses.set(name, port)
    return port
  }
  for (const client of CLIENTS) {
    for (const target of USES[client]) {
      const name: LinkName = `${client}-${target}`
      if (target !== 'kafka') {
        await open(name, PROTOCOLS[target], ports[target])
        continue
      }
      // The broker answers with its own address: each client has a listener whose advertised port is its proxy's.
      const [listener = 0] = await fresh(1)
      const advertised = await open(name, 'kafka', listener)
      listeners.push({ name: client.toUpperCase(), port: listener, advertised })
    }
  }
  await open('sender-gateway', 'http', ports.gateway)
  const at = (name: LinkName) => addresses.get(name) ?? 0
  return {
    get(name) {
      const found = proxies.get(name)
      if (!found) throw new Error(`there is no link ${name}`)
      return found
    },
    names: [...proxies.keys()],
    listeners,
    environment(client) {
      const uses = USES[client]
      return {
        KAFKA_BROKERS: `127.0.0.1:${at(`${client}-kafka`)}`,
        ...(uses.includes('registry')
          ? { SCHEMA_REGISTRY_URL: `http://127.0.0.1:${at(`${client}-registry`)}/apis/ccompat/v7` }
          : {}),
        ...(uses.includes('redis') ? { REDIS_URL: `redis://127.0.0.1:${at(`${client}-redis`)}` } : {}),
        ...(uses.includes('clickhouse') ? { CLICKHOUSE_URL: `http://127.0.0.1:${at(`${client}-clickhouse`)}` } : {}),
      }
    },
    gatewayUrl: `http://127.0.0.1:${at('sender-gateway')}`,
    heal() {
      for (const proxy of proxies.values()) {
        proxy.mode = 'pass'
        proxy.pace = OUTRIGHT
      }
    },
    async close() {
      await Promise.all([...proxies.values()].map((proxy) => proxy.close()))
    },
  }
}
