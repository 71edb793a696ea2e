/** Turns options and the environment into what is started where: which parts are external, which ports, which processes. */

import { join } from 'node:path'
import { readConfig, readGiven } from '#core/config/read.ts'
import { findJava } from '#core/java/java.ts'
import { childEnvironment } from './managed-process.ts'
import { archiveOptions, type JavaPart, makeArchives } from './parts/class-archive.ts'
import { clickhouse } from './parts/clickhouse.ts'
import { type InstalledPart, installParts, redisCommand, redisOnPath } from './parts/install.ts'
import { kafka } from './parts/kafka.ts'
import { redis } from './parts/redis.ts'
import { registry } from './parts/registry.ts'
import { ROOT } from './paths.ts'
import { choosePorts, PORT_KEYS, type PortName, type Ports } from './ports.ts'
import { ADDRESS_VARIABLES, PARTS, type PartName, type ProcessSpec, SERVICES, type ServiceName } from './types.ts'

const JAVA_NEED = {
  program: 'Kafka and the schema registry',
  otherwise: 'or give your own parts with KAFKA_BROKERS and SCHEMA_REGISTRY_URL',
} as const

export interface PlanOptions {
  /** Absolute. */
  readonly data: string
  readonly cache: string
  readonly ports: 'default' | 'auto'
  readonly services: readonly ServiceName[]
  readonly env: NodeJS.ProcessEnv
}

export interface Plan {
  /** Given by the environment, so not started. */
  readonly external: ReadonlyMap<PartName, string>
  /** Fetches what is not in the cache yet, and readies it; before `parts()` is called. */
  install(signal: AbortSignal): Promise<void>
  readonly ports: Ports
  /** For services and commands: where everything is. */
  readonly environment: Readonly<Record<string, string>>
  parts(): ProcessSpec[]
}

/**
 * @throws ConfigurationError: Java missing or too old, ports taken, settings wrong
 */
export async function makePlan(options: PlanOptions): Promise<Plan> {
  const { data, cache, env } = options
  const { CHAINON_PARTITIONS: partitions, JAVA_HOME: javaHome } = readConfig(
    'chainon',
    ['CHAINON_PARTITIONS', 'JAVA_HOME'],
    env,
  )
  const given = readGiven('chainon', [...Object.values(ADDRESS_VARIABLES), ...PORT_KEYS, 'CHAINON_FEEDS_DIR'], env)
  const external = new Map<PartName, string>()
  for (const part of PARTS) {
    const address = given[ADDRESS_VARIABLES[part]]
    if (address !== undefined) external.set(part, typeof address === 'string' ? address : address.join(','))
  }
  const own = PARTS.filter((part) => !external.has(part))
  const javaParts = own.filter(isJava)
  const java = javaParts.length > 0 ? findJava({ ...JAVA_NEED, home: javaHome, env }) : { command: '', build: '' }
  const toInstall = own.filter(
    (part) => part === 'kafka' || part === 'registry' || (part === 'redis' && !redisOnPath(env)),
  )
  const names: PortName[] = [...own, ...options.services]
  if (own.includes('kafka')) names.push('kafka-controller')
  const ports = await choosePorts(names, options.ports, given)
  const describe = (part: PartName, at: string, on: Ports, jvm: readonly string[]): ProcessSpec => {
    const spec = partSpec(part, at, on, jvm)
    return { ...spec, env: childEnvironment(env, spec.env) }
  }
  const partSpec = (part: PartName, at: string, on: Ports, jvm: readonly string[]): ProcessSpec => {
    switch (part) {
      case 'kafka': {
        const { kafka: port, 'kafka-controller': controllerPort } = on
        const settings = { port, controllerPort, partitions: String(partitions), own: env }
        return kafka({ java: java.command, jvm, cache, data: at, ...settings })
      }
      case 'registry':
        return registry({ java: java.command, jvm, cache, data: at, port: on.registry })
      case 'redis':
        return redis({ command: redisCommand(cache, env), data: at, port: on.redis })
      case 'clickhouse':
        return clickhouse({ data: at, port: on.clickhouse })
    }
  }
  const jvm = (part: PartName) => (isJava(part) ? archiveOptions(cache, part, java.build) : [])
  const trial = async (part: JavaPart, at: string, options: readonly string[]) => {
    const names: PortName[] = part === 'kafka' ? ['kafka', 'kafka-controller'] : [part]
    return describe(part, at, await choosePorts(names, 'auto', {}), options)
  }
  const at = (part: PartName, local: string) => external.get(part) ?? local
  const environment: Record<string, string> = {
    KAFKA_BROKERS: at('kafka', `127.0.0.1:${ports.kafka}`),
    SCHEMA_REGISTRY_URL: at('registry', `http://127.0.0.1:${ports.registry}/apis/ccompat/v7`),
    REDIS_URL: at('redis', `redis://127.0.0.1:${ports.redis}`),
    CLICKHOUSE_URL: at('clickhouse', `http://127.0.0.1:${ports.clickhouse}`),
    CHAINON_DATA_DIR: data,
    CHAINON_FEEDS_DIR: given.CHAINON_FEEDS_DIR ?? join(ROOT, 'schemas', 'feeds'),
  }
  for (const name of SERVICES) {
    const started = options.services.includes(name)
    const variable = ADDRESS_VARIABLES[name]
    environment[variable] = (started ? undefined : given[variable]) ?? `http://127.0.0.1:${ports[name]}`
  }
  return {
    external,
    install: async (signal) => {
      await installParts(cache, toInstall as InstalledPart[], env, signal)
      await makeArchives(cache, java.build, javaParts, trial, signal)
    },
    ports,
    environment,
    parts: () => own.map((part) => describe(part, data, ports, jvm(part))),
  }
}

const isJava = (part: PartName): part is JavaPart => part === 'kafka' || part === 'registry'

/** @returns a URL or broker list without a user and password in it, to be shown */
export function shown(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//')
}
