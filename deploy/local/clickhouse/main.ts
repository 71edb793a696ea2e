/**
 * The local ClickHouse: the real engine (npm `chdb`) behind ClickHouse's HTTP interface. README.md lists its features and limits.
 * Prints one JSON line on stdout when it serves; errors are lines on stderr.
 * Exit codes: 0 stopped, 70 a bug, 78 configuration, a port that is already used, or a data folder that cannot be used.
 */
import { accessSync, constants, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { type FrontConfig, frontConfig } from './config.ts'
import { writeEngineConfig } from './engine-config.ts'
import { type Logins, makeLogins, readLogins } from './logins.ts'
import { type Role, readRoles } from './roles.ts'
import type { Engine } from './sessions.ts'
import { tellFront, toSupervisor } from './told.ts'

function stop(code: number, message: string): never {
  process.stderr.write(`clickhouse: ${message}\n`)
  process.exit(code)
}

function orStop<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof ConfigurationError) stop(78, error.message)
    throw error
  }
}

function prepareFolder(config: FrontConfig): void {
  try {
    mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })
    accessSync(config.dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const code = errorCode(error)
    stop(
      78,
      `cannot write in ${config.dataDir} (${code}); correct that, or set CHAINON_CLICKHOUSE_DATA_DIR to another folder`,
    )
  }
}

async function openEngine(config: FrontConfig, roles: readonly Role[]): Promise<Engine> {
  // Loaded here, because the engine's library reads its environment when it is loaded.
  const { Engine } = await import('./sessions.ts')
  const folder = join(config.dataDir, 'engine')
  const { dataDir, memoryLimitBytes } = config
  const configure = (settings: readonly string[]) => writeEngineConfig({ dataDir, memoryLimitBytes, roles, settings })
  try {
    return await Engine.open(folder, configure, config.sessions, config.queue)
  } catch {
    stop(
      78,
      `cannot open ${folder}: another process uses it (stop that one, or set CHAINON_CLICKHOUSE_DATA_DIR to another folder), or its files cannot be read; the lines above are the engine's reason`,
    )
  }
}

/** @throws ConfigurationError */
function loginsOf(config: FrontConfig, roles: readonly Role[]): Logins {
  if (config.usersFile !== '') return readLogins(config.usersFile)
  return makeLogins(
    join(config.dataDir, 'logins'),
    roles.map(({ name }) => name),
  )
}

async function main(): Promise<void> {
  const config = orStop(() => frontConfig(process.env))
  // The engine too writes files with records.
  process.umask(0o077)
  // A running statement uses a thread of libuv's pool; files, ping and gzip need some more.
  process.env.UV_THREADPOOL_SIZE = String(config.sessions + 6)
  prepareFolder(config)
  const roles = readRoles(config.databases)
  const logins = orStop(() => loginsOf(config, roles))
  const engine = await openEngine(config, roles)
  const { Spool } = await import('./spool.ts')
  const { createFront } = await import('./server.ts')
  const spool = new Spool(join(config.dataDir, 'spool'))
  const supervisor = config.journalDescriptor === 0 ? undefined : toSupervisor(config.journalDescriptor)
  const told = supervisor && tellFront((line) => supervisor.write(line))
  const server = createFront({ engine, spool, maxBodyBytes: config.maxBodyBytes, logins, roles, told })

  let stopping = false
  const shutDown = async (): Promise<void> => {
    if (stopping) return
    stopping = true
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeIdleConnections()
    const drained = await engine.close(config.stopMs)
    if (!drained) {
      process.stderr.write(`clickhouse: statements still run after ${config.stopMs} ms; they are aborted\n`)
      // process.exit would wait for the engine's threads.
      process.kill(process.pid, 'SIGKILL')
    }
    // The answers of the last statements are still being sent.
    setTimeout(() => server.closeAllConnections(), 500).unref()
    await closed
    await told?.stop()
    await supervisor?.end()
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => void shutDown())
  }

  server.once('error', (error) => {
    const code = errorCode(error)
    const where = `${config.host}:${config.port}`
    stop(
      78,
      `cannot listen on ${where} (${code}); stop the program that uses it, or set CHAINON_CLICKHOUSE_PORT to another port`,
    )
  })
  server.listen(config.port, config.host, () => {
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : config.port
    const ready = { ready: true, url: `http://${config.host}:${port}`, port, pid: process.pid, version: engine.version }
    process.stdout.write(`${JSON.stringify(ready)}\n`)
  })
}

main().catch((error: unknown) => stop(70, error instanceof Error ? (error.stack ?? error.message) : 'unknown error'))
