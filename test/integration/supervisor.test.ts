/**
 * The supervisor, with Redis as the only component that it starts (the others are the shared servers, so `external`): it handles
 * all processes in the same way, and the shared stack starts all four.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { identityOf } from '#core/process/identity.ts'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { dataPaths, node24, ROOT } from '../../deploy/local/paths.ts'
import { startStack } from '../../deploy/local/stack.ts'
import { liveState, readState } from '../../deploy/local/state.ts'
import { servers } from '../helpers/servers.ts'

const CHAINON = join(ROOT, 'services', 'cli', 'chainon.mjs')
const COMPONENTS_ONLY = ['up', '--components-only', '--ports', 'auto', '--data-dir']

interface Ended {
  readonly status: number | null
  readonly output: string
}

let folder: string
let started: ChildProcess[]

/** The shared servers for all components except Redis. */
function onlyRedis(): NodeJS.ProcessEnv {
  const { REDIS_URL: _redis, REDIS_USERNAME: _user, REDIS_PASSWORD: _password, ...shared } = servers()
  const { CHAINON_DATA_DIR: _data, CHAINON_FEEDS_DIR: _feeds, ...others } = shared
  const { REDIS_URL: _own, ...rest } = process.env
  return { ...rest, ...others }
}

function chainon(
  args: readonly string[],
  env: NodeJS.ProcessEnv = onlyRedis(),
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(...stopWithParent(node24(), [CHAINON, ...args], 'KILL'), {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = new Promise<Ended>((resolve) => child.on('close', (status) => resolve({ status, output })))
  return { child, ended }
}

async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  for (let tries = 0; tries < 400; tries++) {
    const found = look()
    if (found) return found
    await sleep(50)
  }
  throw new Error(`it did not happen: ${what}`)
}

const redisRow = () => liveState(folder).find((row) => row.name === 'redis')
const runningPid = () =>
  until('redis runs', () => (redisRow()?.state === 'running' ? (redisRow()?.pid ?? undefined) : undefined))

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-case-'))
  started = []
})

afterEach(async () => {
  for (const child of started) if (child.exitCode === null) child.kill('SIGTERM')
  await until('all commands ended', () =>
    started.every((child) => child.exitCode !== null || child.signalCode !== null),
  )
  rmSync(folder, { recursive: true, force: true })
})

describe('the supervisor', () => {
  it('restarts a killed process, and says so', async () => {
    const stack = await startStack({ dataDir: folder, services: 'none', env: onlyRedis() })
    try {
      const before = stack.pid('redis')
      stack.kill('redis', 'SIGKILL')
      const row = await until('redis runs again', () =>
        stack.state().find((r) => r.name === 'redis' && r.state === 'running' && r.pid !== before),
      )
      expect(row.restarts).toBe(1)
      expect(row.message).toBe('restarted: it was killed by SIGKILL')
      expect(readState(dataPaths(folder)).find((r) => r.name === 'redis')).toEqual(row)
      expect(stack.state().find((r) => r.name === 'kafka')?.state).toBe('external')
    } finally {
      await stack.stop()
    }
    expect(redisRow()?.state).toBe('stopped')
  })

  it('is alone in its data folder, and `down` from another process leaves no process', async () => {
    const up = chainon([...COMPONENTS_ONLY, folder])
    const pid = await runningPid()
    const second = await chainon([...COMPONENTS_ONLY, folder]).ended
    expect(second.status).toBe(78)
    expect(second.output).toContain('Chainon already runs')

    const status = await chainon(['status', '--json', '--data-dir', folder]).ended
    expect(status.status).toBe(1) // no services here
    expect(
      (JSON.parse(status.output) as Array<{ name: string; pid: number }>).find((row) => row.name === 'redis')?.pid,
    ).toBe(pid)

    const down = await chainon(['down', '--data-dir', folder]).ended
    expect(down).toEqual({ status: 0, output: `stopped redis (pid ${pid})\n` })
    expect((await up.ended).status).toBe(0)
    expect(identityOf(pid)).toBeNull()
    expect(existsSync(dataPaths(folder).lockFile)).toBe(false)
  })

  it('leaves no process when it is killed itself', async () => {
    const up = chainon([...COMPONENTS_ONLY, folder])
    const pid = await runningPid()
    up.child.kill('SIGKILL')
    await up.ended
    const down = await chainon(['down', '--data-dir', folder]).ended
    expect(down.status).toBe(0)
    expect(identityOf(pid)).toBeNull()
    expect(redisRow()?.state).toBe('stopped')
    const again = chainon([...COMPONENTS_ONLY, folder])
    await runningPid()
    again.child.kill('SIGINT')
    expect((await again.ended).status).toBe(0)
  })
})

describe('a start that cannot succeed says what to do, and leaves no process', () => {
  it('a port that is already used', async () => {
    const server = createServer()
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        resolve(typeof address === 'object' && address ? address.port : 0)
      })
    })
    const env = { ...onlyRedis(), CHAINON_PORT_REDIS: String(port) }
    const { status, output } = await chainon(['up', '--components-only', '--data-dir', folder], env).ended
    server.close()
    expect(status).toBe(78)
    expect(output).toContain(`port ${port} of redis is already used`)
    expect(output).toContain('CHAINON_PORT_REDIS=<port>')
    expect(output).toContain('--ports auto')
    if (process.platform === 'linux') expect(output).toContain(`by pid ${process.pid}`)
    expect(existsSync(dataPaths(folder).lockFile)).toBe(false)
  })

  it('a data folder that cannot be written', async () => {
    const readOnly = process.getuid?.() === 0 ? '/sys/kernel/chainon' : join(folder, 'read-only')
    if (process.getuid?.() !== 0) mkdirSync(readOnly, { mode: 0o500 })
    const { status, output } = await chainon([...COMPONENTS_ONLY, readOnly]).ended
    expect(status).toBe(78)
    expect(output).toContain(`The data folder ${readOnly} cannot be used`)
    expect(output).toContain('--data-dir')
  })

  it('a Java that is too old', async () => {
    const java = join(folder, 'bin', 'java')
    mkdirSync(join(folder, 'bin'))
    writeFileSync(java, '#!/bin/sh\necho \'openjdk version "11.0.2" 2019-01-15\' >&2\n')
    chmodSync(java, 0o755)
    const { KAFKA_BROKERS: _kafka, JAVA_HOME: _home, ...rest } = onlyRedis()
    const env = { ...rest, PATH: `${join(folder, 'bin')}:${process.env.PATH}` }
    const { status, output } = await chainon([...COMPONENTS_ONLY, folder], env).ended
    expect(status).toBe(78)
    expect(output).toContain('Java is too old')
    expect(output).toContain('is Java 11')
    expect(output).toContain('install Java 17 or newer')
  })

  it('a setting that does not exist', async () => {
    const { status, output } = await chainon([...COMPONENTS_ONLY, folder], { ...onlyRedis(), CHAINON_PARTITION: '4' })
      .ended
    expect(status).toBe(78)
    expect(output).toContain('did you mean CHAINON_PARTITIONS?')
  })
})

describe('the launcher', () => {
  it('passes the exit status on, and lists its commands', async () => {
    expect((await chainon(['no-such-command']).ended).status).toBe(2)
    const help = await chainon(['--help']).ended
    expect(help.status).toBe(0)
    for (const command of ['up', 'status', 'down']) expect(help.output).toContain(command)
    expect(readFileSync(CHAINON, 'utf8').startsWith('#!/usr/bin/env node')).toBe(true)
  })
})
