/** The stack under test: components and services under a supervisor of its own, each behind proxies, and more workers on demand. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { COMPONENTS, type ProcessName, type StateRow } from '#core/process/state-file.ts'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { localLogins } from '../../deploy/local/logins.ts'
import type { StackOptions } from '../../deploy/local/stack.ts'
import { liveState } from '../../deploy/local/state.ts'
import { writeEarlierRules } from '../earlier-rules.ts'
import { runOnce, type Service, startService } from '../processes.ts'
import { mountDisks, unmountDisks } from './disks.ts'
import { CLIENTS, type Links, openLinks } from './links.ts'
import { freePorts } from './ports.ts'

const ROOT = join(import.meta.dirname, '../..')
const READY_MS = 180_000

export interface Bench {
  readonly folder: string
  readonly data: string
  readonly links: Links
  /** Addresses without a proxy, for the checker and for what a fault does itself. */
  readonly direct: Readonly<Record<'kafka' | 'registry' | 'redis' | 'clickhouse', string>>
  /** The folder of the contracts that the stack uses; a fault may edit it. */
  readonly feeds: string
  url(name: ProcessName): string
  /** Where its metrics and alarms are. */
  adminUrl(name: ProcessName): string
  state(name: ProcessName): StateRow | undefined
  /** @returns the process's id; undefined while it does not run */
  pid(name: ProcessName): number | undefined
  /** SIGKILL goes to the process's group. @returns its id @throws Error when it does not run */
  kill(name: ProcessName, signal: NodeJS.Signals): number
  /** Waits until the process runs with another id than `before`, and serves. */
  restarted(name: ProcessName, before: number, withinMs?: number): Promise<boolean>
  /** Waits until every process runs. */
  allRunning(withinMs?: number): Promise<boolean>
  readonly supervisor: {
    signal(signal: NodeJS.Signals): void
    /** Kills the supervisor, waits until its processes have ended, and starts it again. */
    killAndStart(): Promise<void>
  }
  /** Starts one more process of a service, behind the `spare` proxies. */
  extra(name: 'gateway' | 'deidentify' | 'curate'): Promise<Service>
  /** Runs `provision` again, for instance after a contract has changed. */
  provision(more?: Readonly<Record<string, string>>): Promise<void>
  stop(): Promise<void>
}

/**
 * @param folder empty folder of this run
 * @param env usually `process.env`
 * @param say receives progress lines
 * @param ownDisks Kafka's and ClickHouse's folders are file systems of their own, where mounting is allowed
 */
export async function startBench(
  folder: string,
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
  ownDisks: boolean,
): Promise<Bench> {
  const data = join(folder, 'data')
  const feeds = join(folder, 'feeds')
  cpSync(join(ROOT, 'schemas/feeds'), feeds, { recursive: true })
  // So that the workers have records to reject: with their rules a gateway accepts none.
  const earlier = join(folder, 'feeds-of-gateway')
  const ofGateway = { CHAINON_FEEDS_DIR: earlier }
  writeEarlierRules(feeds, earlier)
  const disks = ownDisks ? mountDisks(data) : []
  const [kafka = 0, controller = 0, registry = 0, redis = 0, clickhouse = 0, ...served] = await freePorts(10)
  const [gateway = 0, deidentify = 0, linker = 0, curate = 0, console = 0] = served
  const links = await openLinks({ kafka, registry, redis, clickhouse, gateway }, freePorts)
  const stackEnv: NodeJS.ProcessEnv = {
    ...env,
    CHAINON_FEEDS_DIR: feeds,
    CHAINON_LOG_LEVEL: 'info',
    CHAINON_PORT_KAFKA: String(kafka),
    CHAINON_PORT_KAFKA_CONTROLLER: String(controller),
    CHAINON_PORT_REGISTRY: String(registry),
    CHAINON_PORT_REDIS: String(redis),
    CHAINON_PORT_CLICKHOUSE: String(clickhouse),
    CHAINON_PORT_GATEWAY: String(gateway),
    CHAINON_PORT_DEIDENTIFY: String(deidentify),
    CHAINON_PORT_LINKER: String(linker),
    CHAINON_PORT_CURATE: String(curate),
    CHAINON_PORT_CONSOLE: String(console),
  }
  const options: Omit<StackOptions, 'env'> = {
    dataDir: data,
    ports: 'auto',
    services: 'all',
    kafkaListeners: links.listeners,
    serviceEnvironment: Object.fromEntries(
      CLIENTS.filter((client) => client !== 'spare').map((client) => [
        client,
        { ...links.environment(client), ...(client === 'gateway' ? ofGateway : {}) },
      ]),
    ),
  }
  const direct = {
    kafka: `127.0.0.1:${kafka}`,
    registry: `http://127.0.0.1:${registry}/apis/ccompat/v7`,
    redis: `redis://127.0.0.1:${redis}`,
    clickhouse: `http://127.0.0.1:${clickhouse}`,
  }
  const extras = new Set<Service>()
  let child: ChildProcess | undefined

  async function startSupervisor(): Promise<void> {
    const log = openSync(join(folder, 'supervisor.log'), 'a', 0o600)
    const started = spawn(
      ...stopWithParent(
        process.execPath,
        [join(import.meta.dirname, 'supervisor/main.ts'), JSON.stringify(options)],
        'KILL',
      ),
      { cwd: ROOT, detached: true, env: stackEnv, stdio: ['pipe', 'pipe', log] },
    )
    child = started
    const ready = new Promise<void>((resolve, reject) => {
      started.stdout?.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('ready')) resolve()
      })
      started.once('exit', (code, signal) =>
        reject(new Error(`the supervisor ended with ${code ?? signal}; see supervisor.log`)),
      )
    })
    await Promise.race([
      ready,
      sleep(READY_MS, undefined, { ref: false }).then(() =>
        Promise.reject(new Error('the stack was not ready in time')),
      ),
    ])
  }

  const state = (name: ProcessName) => liveState(data).find((row) => row.name === name)
  const running = (row: StateRow | undefined) => row?.state === 'running' && row.pid !== null
  const bench: Bench = {
    folder,
    data,
    links,
    direct,
    feeds,
    url: (name) => state(name)?.url ?? '',
    adminUrl: (name) => state(name)?.admin_url ?? state(name)?.url ?? '',
    state,
    pid: (name) => state(name)?.pid ?? undefined,
    kill(name, signal) {
      const pid = state(name)?.pid
      if (!pid) throw new Error(`${name} does not run now`)
      process.kill(signal === 'SIGKILL' ? -pid : pid, signal)
      return pid
    },
    async restarted(name, before, withinMs = 60_000) {
      return await until(() => {
        const row = state(name)
        return running(row) && row?.pid !== before
      }, withinMs)
    },
    allRunning: (withinMs = 60_000) => until(() => liveState(data).every(running), withinMs),
    supervisor: {
      signal: (signal) => void child?.kill(signal),
      async killAndStart() {
        const old = child
        const before = liveState(data).flatMap(({ pid }) => (pid === null ? [] : [pid]))
        if (old && old.exitCode === null && old.signalCode === null) {
          old.kill('SIGKILL')
          await once(old, 'exit')
        }
        await until(() => before.every((pid) => !exists(pid)), 30_000)
        await startSupervisor()
      },
    },
    async extra(name) {
      const service = await startService(
        name,
        {
          ...stackEnv,
          ...links.environment('spare'),
          ...(name === 'gateway' ? ofGateway : {}),
          ...localLogins(COMPONENTS, data, name),
          CHAINON_DATA_DIR: data,
        },
        data,
      )
      const kept: Service = {
        ...service,
        async stop() {
          extras.delete(kept)
          await service.stop()
        },
      }
      extras.add(kept)
      return kept
    },
    async provision(more = {}) {
      writeEarlierRules(feeds, earlier)
      await runOnce(['services/provision/main.ts'], {
        ...stackEnv,
        KAFKA_BROKERS: direct.kafka,
        SCHEMA_REGISTRY_URL: direct.registry,
        CLICKHOUSE_URL: direct.clickhouse,
        ...localLogins(COMPONENTS, data, 'provision'),
        CHAINON_DATA_DIR: data,
        ...more,
      })
    },
    async stop() {
      for (const service of extras) {
        if (exists(service.pid)) process.kill(service.pid, 'SIGKILL')
      }
      if (child && child.exitCode === null && child.signalCode === null) {
        child.kill('SIGCONT')
        child.kill('SIGTERM')
        await once(child, 'exit')
      }
      await links.close()
      unmountDisks(disks)
    },
  }
  say(`starting the stack in ${data}, with ${links.names.length} proxies and ${disks.length} disks of its own`)
  try {
    await startSupervisor()
  } catch (error) {
    await bench.stop()
    throw error
  }
  return bench
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** @returns whether the condition was met in time; it is asked every 50 ms */
export async function until(condition: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  for (const end = performance.now() + withinMs; ; ) {
    if (await Promise.resolve(condition()).catch(() => false)) return true
    if (performance.now() > end) return false
    await sleep(50)
  }
}
