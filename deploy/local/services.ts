/** The services of Chainon as processes: each its own `services/<name>/main.ts` under Node 24. */
import { spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { join } from 'node:path'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import type { ServiceName } from '#core/process/state-file.ts'
import { logTail, openLog, rotateAtStart } from './log-file.ts'
import { childEnvironment } from './managed-process.ts'
import { dataPaths, node24, ROOT } from './paths.ts'
import type { Ports } from './ports.ts'
import { serviceReady } from './probes.ts'
import type { ProcessSpec } from './types.ts'

/** @returns Node's arguments for the main.ts of a service under the supervisor */
function nodeArgs(service: string): string[] {
  return ['--import', join(ROOT, 'deploy/local/stop-with-parent.mjs'), join(ROOT, 'services', service, 'main.ts')]
}

/** Node keeps there what it has compiled: a start takes half to two thirds of the processor time. Only the owner may write code into it. */
function compileCache(data: string): Readonly<Record<string, string>> {
  return { NODE_COMPILE_CACHE: dataPaths(data).compileCache }
}

/**
 * @param environment addresses of the components, and the data folder
 * @param ports where each service listens
 * @param own environment of the supervisor
 */
export function service(
  name: ServiceName,
  environment: Readonly<Record<string, string>>,
  ports: Ports,
  own: NodeJS.ProcessEnv,
): ProcessSpec {
  const url = `http://127.0.0.1:${ports[name]}`
  const data = environment.CHAINON_DATA_DIR ?? ''
  const env: Record<string, string> = {
    ...environment,
    ...compileCache(data),
    CHAINON_HTTP_PORT: String(ports[name]),
    CHAINON_SECRETS_DIR: join(data, 'secrets', name),
  }
  const adminPort = name === 'gateway' || name === 'console' ? ports[`${name}-admin`] : undefined
  if (adminPort !== undefined) env.CHAINON_ADMIN_PORT = String(adminPort)
  if (name === 'console') env.CHAINON_SUPERVISOR_STATE_FILE = dataPaths(data).stateFile
  return {
    name,
    url,
    ...(adminPort === undefined ? {} : { adminUrl: `http://127.0.0.1:${adminPort}` }),
    command: node24(),
    args: nodeArgs(name),
    env: childEnvironment(own, env),
    ready: () => serviceReady(`${url}/health`),
    readyTimeoutMs: 60_000,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 15_000,
  }
}

/**
 * Runs `services/provision/main.ts` until it ends: topics, subjects and tables exist before any service starts.
 *
 * @param own environment of the supervisor
 * @throws ConfigurationError when the configuration or a contract is wrong, else ChainonError (dependency)
 */
export async function provision(
  environment: Readonly<Record<string, string>>,
  own: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const data = environment.CHAINON_DATA_DIR ?? ''
  const { logs } = dataPaths(data)
  rotateAtStart(logs, 'provision')
  const log = openLog(logs, 'provision')
  const env = { ...environment, ...compileCache(data), CHAINON_SECRETS_DIR: join(data, 'secrets', 'provision') }
  const child = spawn(node24(), nodeArgs('provision'), {
    cwd: ROOT,
    env: childEnvironment(own, env),
    detached: true,
    stdio: ['ignore', log, log, 'pipe'],
    signal,
    killSignal: 'SIGTERM',
  })
  closeSync(log)
  child.stdio[3]?.on('error', () => undefined)
  const status = await new Promise<number | string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('exit', (code, killedBy) => resolve(code ?? killedBy ?? 1))
  })
  if (status === 0) return
  signal.throwIfAborted()
  const tail = logTail(logs, 'provision', 5)
  if (status === 78) throw new ConfigurationError('Topics, subjects and tables could not be created', tail)
  throw new ChainonError(
    'dependency-unavailable',
    `Topics, subjects and tables could not be created (provision ended with ${status}):\n${tail.join('\n')}\nMore in ${join(logs, 'provision.log')}`,
  )
}
