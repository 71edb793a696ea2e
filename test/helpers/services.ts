/** Services for one test, as processes on the shared servers: those of `chainon up`, in a namespace that no other test uses. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { createKey } from '#core/keys/admin.ts'
import { type LedgerCounts, type LedgerRow, sumCounts } from '#core/ledger/row.ts'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import type { Alarm } from '#core/telemetry/alarms.ts'
import { serviceReady } from '../../deploy/local/probes.ts'
import { writeEarlierRules } from '../../loadtest/earlier-rules.ts'
import { openLedger } from '../../services/cli/ledger-source.ts'
import { runToEnd } from './gateway.ts'
import { clientLogin, type Isolated, isolated, withLogin } from './servers.ts'

const ROOT = join(import.meta.dirname, '../..')
const LEDGER_SECONDS = 180

export type ServiceName = 'gateway' | 'deidentify' | 'linker' | 'curate'

export interface ServiceProcess {
  readonly name: ServiceName
  readonly url: string
  /** Where its metrics and alarms are. */
  readonly adminUrl: string
  readonly child: ChildProcess
  /** The complete log. */
  log(): string
  /** @throws while it does not listen yet */
  health(): Promise<unknown>
  alarms(): Promise<readonly Alarm[]>
  /** Prometheus text. */
  metrics(): Promise<string>
  /** SIGTERM; @returns the exit status */
  stop(): Promise<number | null>
}

/** @throws Error when it ends before it is ready */
async function ready(service: ServiceProcess): Promise<ServiceProcess> {
  while (!(await serviceReady(`${service.url}/health`).catch(() => false))) {
    const { exitCode } = service.child
    if (exitCode !== null) throw new Error(`${service.name} ended with ${exitCode}:\n${service.log().slice(-2000)}`)
    await sleep(50)
  }
  return service
}

async function launchService(name: ServiceName, env: Readonly<Record<string, string>>): Promise<ServiceProcess> {
  const url = `http://127.0.0.1:${await freePort()}`
  const adminUrl = name === 'gateway' ? `http://127.0.0.1:${await freePort()}` : url
  const ports = { CHAINON_HTTP_PORT: new URL(url).port, CHAINON_ADMIN_PORT: new URL(adminUrl).port }
  const { child, log } = spawnService(name, { ...env, ...ports })
  const text = async (path: string) => (await fetch(`${adminUrl}${path}`)).text()
  return {
    name,
    url,
    adminUrl,
    child,
    log,
    health: async () => JSON.parse(await text('/health')) as unknown,
    alarms: async () => JSON.parse(await text('/alarms')) as Alarm[],
    metrics: () => text('/metrics'),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM')
        await once(child, 'exit')
      }
      return child.exitCode
    },
  }
}

/** For a service that does not start, on purpose. */
export async function failingService(
  name: ServiceName,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly status: number | null; readonly log: string }> {
  const { child, log } = spawnService(name, { ...env, CHAINON_HTTP_PORT: String(await freePort()) })
  await once(child, 'close')
  return { status: child.exitCode, log: log() }
}

function spawnService(name: string, env: Readonly<Record<string, string>>): { child: ChildProcess; log: () => string } {
  const secrets = env.CHAINON_SECRETS_DIR ? { CHAINON_SECRETS_DIR: join(env.CHAINON_SECRETS_DIR, name) } : {}
  const child = spawn(
    ...stopWithParent(join(ROOT, 'node_modules/.bin/node'), [join(ROOT, 'services', name, 'main.ts')], 'KILL'),
    {
      cwd: ROOT,
      env: { ...process.env, ...withLogin(name, env), ...secrets },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  // When the test process ends before `stop`, the child is killed too.
  const killChild = (): void => void child.kill('SIGKILL')
  process.once('exit', killChild)
  child.once('close', () => process.off('exit', killChild))
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString()
  })
  return { child, log: () => log }
}

export interface Pipeline {
  readonly place: Isolated
  readonly env: Readonly<Record<string, string>>
  readonly clickhouse: ClickHouseClient
  readonly services: Record<Exclude<ServiceName, 'linker'>, ServiceProcess>
  /** Starts a service again, or a second process of it. */
  start(name: ServiceName, more?: Readonly<Record<string, string>>): Promise<ServiceProcess>
  /** Starts a service, and does not wait until it is ready. */
  launch(name: ServiceName, more?: Readonly<Record<string, string>>): Promise<ServiceProcess>
  /** Sends records of one producer; throws unless all are accepted. */
  push(producer: string, feed: string, records: readonly object[]): Promise<void>
  key(producer: string): string
  /** Waits until nothing is in flight. @returns the ledger @throws Error after 60 s */
  completeLedger(): Promise<readonly LedgerRow[]>
  /** The ledger as it is now, summed over a feed's partitions. */
  sums(feed: string): Promise<LedgerCounts>
  rows<T = Record<string, unknown>>(query: string): Promise<T[]>
  stop(): Promise<void>
}

/**
 * Provisions, then starts the gateway and both workers.
 *
 * @param gateway `earlier-rules`: it has the contracts of before their rules rejected, as while a stricter contract is brought in, and so
 *   accepts what a worker rejects
 */
export async function startPipeline(
  more: Readonly<Record<string, string>> = {},
  gateway: 'present-rules' | 'earlier-rules' = 'present-rules',
): Promise<Pipeline> {
  const place = isolated()
  const env: Readonly<Record<string, string>> = { ...place.env, CHAINON_LOG_LEVEL: 'info', ...more }
  const earlier = join(place.folder, 'earlier-rules')
  if (gateway === 'earlier-rules') writeEarlierRules(more.CHAINON_FEEDS_DIR ?? join(ROOT, 'schemas/feeds'), earlier)
  const ofGateway = gateway === 'earlier-rules' ? { CHAINON_FEEDS_DIR: earlier } : {}
  const running = new Set<ServiceProcess>()
  const launch: Pipeline['launch'] = async (name, extra = {}) => {
    const service = await launchService(name, { ...env, ...(name === 'gateway' ? ofGateway : {}), ...extra })
    running.add(service)
    return service
  }
  const start: Pipeline['start'] = async (name, extra) => ready(await launch(name, extra))
  const startAll = async () => {
    const { status, stderr } = await runToEnd('services/provision/main.ts', [], env)
    if (status !== 0) throw new Error(`provision ended with ${status}:\n${stderr}`)
    return Promise.all([start('gateway'), start('deidentify'), start('curate')])
  }
  const [started, deidentify, curate] = await startAll().catch((error: unknown) => {
    place.remove()
    throw error
  })
  const authority = env.CLICKHOUSE_TLS_CA_FILE
  const clickhouse = createClient({
    ...(authority ? { tls: { ca_cert: readFileSync(authority) } } : {}),
    url: env.CLICKHOUSE_URL ?? '',
    ...clientLogin(env),
    database: place.database,
  })
  const ledger = await openLedger(withLogin('operator', env))
  const keys = new Map<string, string>()
  const key = (producer: string) => {
    const known = keys.get(producer) ?? createKey(place.folder, producer, '').key
    keys.set(producer, known)
    return known
  }
  const services = { gateway: started, deidentify, curate }
  return {
    place,
    env,
    clickhouse,
    services,
    start,
    launch,
    key,
    async push(producer, feed, records) {
      const headers = { authorization: `Bearer ${key(producer)}`, 'content-type': 'application/json' }
      const url = `${services.gateway.url}/v1/feeds/${feed}/records`
      // The gateway reads its keys again within half a second.
      for (;;) {
        const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(records) })
        const text = await answer.text()
        if (answer.status === 401) await sleep(50)
        else if (answer.status === 202 && (JSON.parse(text) as { rejected: number }).rejected === 0) return
        else throw new Error(`the gateway answered ${answer.status}: ${text}`)
      }
    },
    async completeLedger() {
      const { rows, complete } = await ledger.read(LEDGER_SECONDS)
      if (!complete) throw new Error(`in flight: ${JSON.stringify(rows.filter((row) => row.in_flight > 0))}`)
      return rows
    },
    async sums(feed) {
      const { rows } = await ledger.read(0)
      return sumCounts(rows.filter((row) => row.feed === feed))
    },
    rows: async <T>(query: string) => (await clickhouse.query({ query, format: 'JSONEachRow' })).json<T>(),
    async stop() {
      await Promise.all([...running].map((service) => service.stop()))
      await ledger.close()
      await clickhouse.close()
      place.remove()
    },
  }
}

/** @returns a port of 127.0.0.1 that no process uses now */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('no free port')
  return address.port
}
