/** The local stack as a library, for tests and load tests: the same supervisor as `chainon up`, in the caller's process. */

import { type ProcessName, SERVICES, type ServiceName, type StateRow } from '#core/process/state-file.ts'
import { componentsFolder, dataFolder } from './paths.ts'
import { Supervisor, type SupervisorOptions } from './supervisor.ts'

export interface StackOptions
  extends Pick<SupervisorOptions, 'kafkaListeners' | 'databases' | 'namespaces' | 'serviceEnvironment'> {
  /** Data folder of this stack alone; made when missing, never removed. */
  readonly dataDir: string
  /** `auto` (the default) uses free ports. */
  readonly ports?: 'auto' | 'default'
  /** Services to start after `provision`; `none` starts the components only, without `provision`. */
  readonly services: readonly ServiceName[] | 'all' | 'none'
  /** Usually `process.env`: ports, external components, the cache of components; the processes inherit it. */
  readonly env: NodeJS.ProcessEnv
  /** Receives progress lines; silent by default. */
  readonly say?: (line: string) => void
}

export interface Stack {
  /** KAFKA_BROKERS, SCHEMA_REGISTRY_URL, REDIS_URL, CLICKHOUSE_URL, CHAINON_DATA_DIR, CHAINON_<SERVICE>_URL..., and the administrators of the components. */
  readonly env: Readonly<Record<string, string>>
  /** @returns variables with which a program logs in to the components */
  login(user: string): Readonly<Record<string, string>>
  url(name: ProcessName): string
  /** Where its metrics and alarms are. */
  adminUrl(name: ProcessName): string
  /** @throws Error when it does not run now */
  pid(name: ProcessName): number
  /** Sends a signal; the supervisor restarts a process that ends by it. */
  kill(name: ProcessName, signal: NodeJS.Signals): void
  state(): StateRow[]
  stop(): Promise<void>
}

/** @throws ConfigurationError or ChainonError, with nothing left running */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { env } = options
  const services = options.services === 'all' ? SERVICES : options.services === 'none' ? [] : options.services
  const supervisor = new Supervisor({
    data: dataFolder(env, options.dataDir),
    cache: componentsFolder(env),
    ports: options.ports ?? 'auto',
    services,
    env,
    purpose: 'embedded',
    say: options.say ?? (() => undefined),
    ...(options.databases ? { databases: options.databases } : {}),
    ...(options.namespaces ? { namespaces: options.namespaces } : {}),
    ...(options.kafkaListeners ? { kafkaListeners: options.kafkaListeners } : {}),
    ...(options.serviceEnvironment ? { serviceEnvironment: options.serviceEnvironment } : {}),
  })
  await supervisor.start()
  const urlOf = (name: ProcessName) => {
    const row = supervisor.rows().find((one) => one.name === name)
    if (!row?.url) throw new Error(`this stack does not run ${name}`)
    return { url: row.url, adminUrl: row.admin_url ?? row.url }
  }
  return {
    env: { ...supervisor.environment, ...supervisor.login('admin') },
    login: (user) => supervisor.login(user),
    url: (name) => urlOf(name).url,
    adminUrl: (name) => urlOf(name).adminUrl,
    pid: (name) => {
      const { pid, state } = supervisor.process(name).row
      if (pid === null) throw new Error(`${name} does not run now (${state})`)
      return pid
    },
    kill: (name, signal) => supervisor.process(name).kill(signal),
    state: () => supervisor.rows(),
    stop: () => supervisor.stop(),
  }
}
