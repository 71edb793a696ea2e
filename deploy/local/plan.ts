/** Decides from options and the environment what is started: which components are external, which ports, which processes. */

import { join } from 'node:path'
import { KEYS, type Key } from '#core/config/keys.ts'
import { readConfig, readGiven } from '#core/config/read.ts'
import { findJava } from '#core/java/java.ts'
import { COMPONENTS, type ComponentName, SERVICES, type ServiceName } from '#core/process/state-file.ts'
import { clickhouseJournal } from './clickhouse-journal.ts'
import { archiveOptions, type JavaComponent, makeArchives } from './components/class-archive.ts'
import { clickhouse, clickhouseFolder } from './components/clickhouse.ts'
import { type InstalledComponent, installComponents, redisCommand, redisOnPath } from './components/install.ts'
import { type KafkaListener, kafka } from './components/kafka.ts'
import { redis } from './components/redis.ts'
import { registry } from './components/registry.ts'
import { localLogins } from './logins.ts'
import { childEnvironment } from './managed-process.ts'
import { dataPaths, ROOT } from './paths.ts'
import { choosePorts, PORT_KEYS, type PortName, type Ports } from './ports.ts'
import { separateUser } from './separate-user.ts'
import { ADDRESS_VARIABLES, ADMIN_VARIABLES, type ProcessSpec } from './types.ts'

const ADMIN_SERVICES = ['gateway', 'console'] as const

const JAVA_NEED = {
  program: 'Kafka and the schema registry',
  otherwise: 'or name components of your own with KAFKA_BROKERS and SCHEMA_REGISTRY_URL',
} as const

export interface PlanOptions {
  /** Absolute. */
  readonly data: string
  readonly cache: string
  readonly ports: 'default' | 'auto'
  readonly services: readonly ServiceName[]
  readonly env: NodeJS.ProcessEnv
  /** Databases of warehouses in the local ClickHouse; by default the configured one. */
  readonly databases?: readonly string[]
  /** Patterns of the namespaces whose keys in the local Redis the services may use; by default the configured one. */
  readonly namespaces?: readonly string[]
  readonly say: (line: string) => void
  /** More addresses of the local Kafka, for clients behind a proxy. */
  readonly kafkaListeners?: readonly KafkaListener[]
}

export interface Plan {
  /** Components whose address the environment names; they are not started. */
  readonly external: ReadonlyMap<ComponentName, string>
  /** Fetches and prepares what is not in the cache yet; call it before `components()`. */
  install(signal: AbortSignal): Promise<void>
  readonly ports: Ports
  /** For services and commands: the address of each component and service. */
  readonly environment: Readonly<Record<string, string>>
  components(): ProcessSpec[]
  /** @returns variables with which a program logs in to the components that are started here; none for one that has no user of that name */
  login(user: string): Readonly<Record<string, string>>
  /** What a person should know who starts it. */
  readonly warnings: readonly string[]
}

/**
 * @throws ConfigurationError: Java is missing or too old, ports are already used, settings are wrong
 */
export async function makePlan(options: PlanOptions): Promise<Plan> {
  const { data, cache, env } = options
  const {
    CHAINON_PARTITIONS: partitions,
    JAVA_HOME: javaHome,
    CLICKHOUSE_DATABASE: database,
    CHAINON_NAMESPACE: namespace,
  } = readConfig('chainon', ['CHAINON_PARTITIONS', 'JAVA_HOME', 'CLICKHOUSE_DATABASE', 'CHAINON_NAMESPACE'], env)
  const given = readGiven(
    'chainon',
    [...Object.values(ADDRESS_VARIABLES), ...Object.values(ADMIN_VARIABLES), ...PORT_KEYS, 'CHAINON_FEEDS_DIR'],
    env,
  )
  const external = new Map<ComponentName, string>()
  for (const component of COMPONENTS) {
    const address = given[ADDRESS_VARIABLES[component]]
    if (address !== undefined) external.set(component, typeof address === 'string' ? address : address.join(','))
  }
  const own = COMPONENTS.filter((component) => !external.has(component))
  const javaComponents = own.filter(isJava)
  const java = javaComponents.length > 0 ? findJava({ ...JAVA_NEED, home: javaHome, env }) : { command: '', build: '' }
  const toInstall = own.filter(
    (component) =>
      component === 'kafka' || component === 'registry' || (component === 'redis' && redisOnPath(env) === undefined),
  )
  const names: PortName[] = [...own, ...options.services]
  if (own.includes('kafka')) names.push('kafka-controller')
  for (const name of ADMIN_SERVICES) if (options.services.includes(name)) names.push(`${name}-admin`)
  const ports = await choosePorts(names, options.ports, given)
  const separate = own.includes('clickhouse') ? separateUser(clickhouseFolder(data)) : undefined
  const user = separate && 'uid' in separate ? separate : undefined
  const describe = (component: ComponentName, at: string, on: Ports, jvm: readonly string[]): ProcessSpec => {
    const spec = componentSpec(component, at, on, jvm)
    return { ...spec, env: childEnvironment(withoutSecrets(env), spec.env) }
  }
  const componentSpec = (component: ComponentName, at: string, on: Ports, jvm: readonly string[]): ProcessSpec => {
    switch (component) {
      case 'kafka': {
        const { kafka: port, 'kafka-controller': controllerPort } = on
        const listeners = at === data ? (options.kafkaListeners ?? []) : []
        const settings = { port, controllerPort, partitions: String(partitions), listeners, own: env }
        return kafka({ java: java.command, jvm, cache, data: at, logins: dataPaths(at).kafkaLogins, ...settings })
      }
      case 'registry':
        return registry({
          java: java.command,
          jvm,
          cache,
          data: at,
          logins: dataPaths(at).registryLogins,
          port: on.registry,
        })
      case 'redis':
        return redis({
          command: redisCommand(cache, env),
          data: at,
          logins: dataPaths(at).redisLogins,
          namespaces: options.namespaces ?? [namespace],
          port: on.redis,
        })
      case 'clickhouse':
        return clickhouse({
          data: at,
          port: on.clickhouse,
          user,
          databases: options.databases ?? [database],
          journal: clickhouseJournal(at, options.say),
        })
    }
  }
  const jvm = (component: ComponentName) => (isJava(component) ? archiveOptions(cache, component, java.build) : [])
  const trial = async (component: JavaComponent, at: string, options: readonly string[]) => {
    const names: PortName[] = component === 'kafka' ? ['kafka', 'kafka-controller'] : [component]
    return describe(component, at, await choosePorts(names, 'auto', {}), options)
  }
  const at = (component: ComponentName, local: string) => external.get(component) ?? local
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
  for (const name of ADMIN_SERVICES) {
    const variable = ADMIN_VARIABLES[name]
    const started = options.services.includes(name)
    environment[variable] = (started ? undefined : given[variable]) ?? `http://127.0.0.1:${ports[`${name}-admin`]}`
  }
  return {
    external,
    install: async (signal) => {
      await installComponents(cache, toInstall as InstalledComponent[], env, signal)
      await makeArchives(cache, java.build, javaComponents, trial, signal)
    },
    ports,
    environment,
    login: (name) => localLogins(own, data, name),
    warnings: separate && 'why' in separate ? [sameUser(separate.why)] : [],
    components: () => own.map((component) => describe(component, data, ports, jvm(component))),
  }
}

const sameUser = (why: string) =>
  `ClickHouse runs as the same user as the services, and could read their secrets (${why})`

/** A component needs none, and ClickHouse runs statements of others. */
function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const secret = (name: string) => name in KEYS && 'secret' in KEYS[name as Key]
  return Object.fromEntries(Object.entries(env).filter(([name]) => !secret(name)))
}

const isJava = (component: ComponentName): component is JavaComponent =>
  component === 'kafka' || component === 'registry'

/** @returns a URL or broker list without a user and password in it, to be shown */
export function shown(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//')
}
