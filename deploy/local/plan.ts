/** Turns options and the environment into what is started where: which parts are external, which ports, which processes. */

import { join } from 'node:path'
import { readConfig } from '#core/config/read.ts'
import { archiveOptions, type JavaPart, makeArchives } from './parts/class-archive.ts'
import { clickhouse } from './parts/clickhouse.ts'
import { type InstalledPart, installParts, redisCommand, redisOnPath } from './parts/install.ts'
import { findJava } from './parts/java.ts'
import { kafka } from './parts/kafka.ts'
import { redis } from './parts/redis.ts'
import { registry } from './parts/registry.ts'
import { ROOT } from './paths.ts'
import { choosePorts, type PortName, type Ports } from './ports.ts'
import { PARTS, type PartName, type ProcessSpec, SERVICES, type ServiceName } from './types.ts'

/** The variable that replaces each part by one that runs elsewhere. */
const PART_VARIABLES: Readonly<Record<PartName, string>> = {
  kafka: 'KAFKA_BROKERS',
  registry: 'SCHEMA_REGISTRY_URL',
  redis: 'REDIS_URL',
  clickhouse: 'CLICKHOUSE_URL',
}

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
  const { CHAINON_PARTITIONS: partitions } = readConfig('chainon', ['CHAINON_PARTITIONS'], env)
  const external = new Map<PartName, string>()
  for (const part of PARTS) {
    const given = env[PART_VARIABLES[part]]
    if (given) external.set(part, given)
  }
  const own = PARTS.filter((part) => !external.has(part))
  const javaParts = own.filter(isJava)
  const java = javaParts.length > 0 ? findJava(env) : { command: '', build: '' }
  const toInstall = own.filter(
    (part) => part === 'kafka' || part === 'registry' || (part === 'redis' && !redisOnPath()),
  )
  const names: PortName[] = [...own, ...options.services]
  if (own.includes('kafka')) names.push('kafka-controller')
  const ports = await choosePorts(names, options.ports, env)
  const describe = (part: PartName, at: string, on: Ports, jvm: readonly string[]): ProcessSpec => {
    switch (part) {
      case 'kafka': {
        const { kafka: port, 'kafka-controller': controllerPort } = on
        return kafka({ java: java.command, jvm, cache, data: at, port, controllerPort, partitions: String(partitions) })
      }
      case 'registry':
        return registry({ java: java.command, jvm, cache, data: at, port: on.registry })
      case 'redis':
        return redis({ command: redisCommand(cache), data: at, port: on.redis })
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
    CHAINON_FEEDS_DIR: env.CHAINON_FEEDS_DIR || join(ROOT, 'schemas', 'feeds'),
  }
  for (const name of SERVICES) {
    const started = options.services.includes(name)
    const variable = `CHAINON_${name.toUpperCase()}_URL`
    environment[variable] = (started ? undefined : env[variable]) || `http://127.0.0.1:${ports[name]}`
  }
  return {
    external,
    install: async (signal) => {
      await installParts(cache, toInstall as InstalledPart[], signal)
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
