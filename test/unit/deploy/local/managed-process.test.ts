/** One process of the stack, with real child processes: small programs that serve, crash, or ignore the stop signal. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import { identityOf } from '#core/process/identity.ts'
import type { StateRow } from '#core/process/state-file.ts'
import { logPath } from '../../../../deploy/local/log-file.ts'
import { childEnvironment, ManagedProcess } from '../../../../deploy/local/managed-process.ts'
import type { ProcessSpec } from '../../../../deploy/local/types.ts'

let folder: string
let managed: ManagedProcess[]
const at = (name: string): string => join(folder, name)
const log = (): string => readFileSync(logPath(folder, 'redis'), 'utf8')

/** Its pid in the file `ready` says that it serves; it then runs until it is stopped. */
const SERVE = `require('node:fs').writeFileSync('READY', String(process.pid)); setInterval(() => undefined, 1000);`
const STOP_WELL = `process.on('SIGTERM', () => { console.log('goodbye'); process.exit(0) });`
/** Counts its starts in a file; the number is in `starts`. */
const COUNT = `const fs = require('node:fs'); fs.appendFileSync('STARTS', '.'); const starts = fs.readFileSync('STARTS').length;`

/** A process that runs a program of Node; READY and STARTS in the program are files of the test's folder. */
function manage(program: string, more: Partial<ProcessSpec> = {}) {
  const rows: StateRow[] = []
  const text = program
    .replaceAll("'READY'", JSON.stringify(at('ready')))
    .replaceAll("'STARTS'", JSON.stringify(at('starts')))
  const spec: ProcessSpec = {
    name: 'redis',
    url: 'redis://127.0.0.1:1',
    command: process.execPath,
    args: ['-e', text],
    env: {},
    ready: async () => {
      const pid = existsSync(at('ready')) ? Number(readFileSync(at('ready'), 'utf8')) : 0
      return pid > 0 && pid === one.row.pid
    },
    readyTimeoutMs: 5000,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 5000,
    ...more,
  }
  const one: ManagedProcess = new ManagedProcess(spec, folder, () => rows.push(one.row))
  managed.push(one)
  return { one, rows }
}

async function until(what: string, look: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (look()) return
    await sleep(10)
  }
  throw new Error(`it did not happen: ${what}`)
}

const starts = (): number => (existsSync(at('starts')) ? readFileSync(at('starts'), 'utf8').length : 0)
const isRunning = (pid: number): boolean => identityOf(pid) !== null

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-process-'))
  managed = []
})
afterEach(async () => {
  for (const one of managed) await one.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe('start', () => {
  it('resolves when the process serves, and the row names the process', async () => {
    const { one, rows } = manage(`${SERVE}${STOP_WELL}`)
    await one.start()
    const pid = Number(readFileSync(at('ready'), 'utf8'))
    expect(one.row).toMatchObject({ state: 'running', pid, restarts: 0, message: '', identity: identityOf(pid) })
    expect(new Set(rows.map(({ state }) => state))).toEqual(new Set(['starting', 'running']))
  })

  it('writes both outputs to the log, and keeps the log of the last run', async () => {
    writeFileSync(logPath(folder, 'redis'), 'of the last run\n')
    const { one } = manage(`console.log('to stdout'); console.error('to stderr'); ${SERVE}${STOP_WELL}`)
    await one.start()
    expect(log()).toBe('to stdout\nto stderr\n')
    expect(readFileSync(`${logPath(folder, 'redis')}.1`, 'utf8')).toBe('of the last run\n')
  })

  it('passes the settings to the process, without the variables of the launcher', async () => {
    const { one } = manage(`console.log(process.env.CHAINON_TEST_VALUE); ${SERVE}${STOP_WELL}`, {
      env: { CHAINON_TEST_VALUE: 'given' },
    })
    await one.start()
    expect(log()).toBe('given\n')
    const environment = childEnvironment({ PATH: '/bin', _CHAINON_LAUNCHER_PID: '1' }, { A: 'b' })
    expect(environment).toEqual({ A: 'b', _CHAINON_SUPERVISED: '1', PATH: '/bin' })
  })

  it('prepares before every try, and fails with the last lines of the log after three', async () => {
    let prepared = 0
    const { one } = manage(`${COUNT} console.log('no space for try ' + starts); process.exit(3)`, {
      prepare: async () => void prepared++,
    })
    const error = await one.start().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ChainonError)
    expect(error).toMatchObject({ code: 'dependency-unavailable' })
    expect(String(error)).toContain('redis did not start: it ended with status 3')
    expect(String(error)).toContain('no space for try 3')
    expect([starts(), prepared]).toEqual([3, 3])
    expect(one.row).toMatchObject({ state: 'failed', pid: null, message: 'it ended with status 3' })
  })

  it('does not retry after a configuration error', async () => {
    const { one } = manage(`${COUNT} console.log('CHAINON_X must be a number'); process.exit(78)`)
    const error = await one.start().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ConfigurationError)
    expect((error as ConfigurationError).problems).toEqual(['CHAINON_X must be a number'])
    expect(starts()).toBe(1)
    expect(one.row.state).toBe('failed')
  })

  it('kills a process that does not serve in time', async () => {
    const { one } = manage(`${COUNT} setInterval(() => undefined, 1000)`, { readyTimeoutMs: 150 })
    await expect(one.start()).rejects.toThrow('it was killed by SIGKILL')
  })

  it('says so when the program cannot be run', async () => {
    const { one } = manage('', { command: at('no-such-program'), args: [] })
    await expect(one.start()).rejects.toThrow('its program could not be run')
  })

  it('ignores an answer when its process has ended: another program may have the port', async () => {
    const { one } = manage('process.exit(3)', { ready: () => sleep(2500, true) })
    await expect(one.start()).rejects.toThrow('it ended with status 3')
  })
})

describe('a process that ends by itself', () => {
  it('is restarted, and the row says why', async () => {
    const { one } = manage(`${SERVE}${STOP_WELL}`)
    await one.start()
    const first = one.row.pid ?? 0
    one.kill('SIGKILL')
    await until('it runs again', () => one.row.state === 'running' && one.row.pid !== first)
    expect(one.row).toMatchObject({ restarts: 1, message: 'restarted: it was killed by SIGKILL' })
    expect([isRunning(first), isRunning(one.row.pid ?? 0)]).toEqual([false, true])
  })

  it('is restarted after a wait that doubles', async () => {
    const { one, rows } = manage(`${COUNT} if (starts > 1) process.exit(3); ${SERVE}${STOP_WELL}`)
    await one.start()
    one.kill('SIGKILL')
    await until('it failed three times', () => starts() >= 4)
    await one.stop()
    const waits = rows.map(({ message }) => /restarts in ([\d.]+) s/.exec(message)?.[1]).filter(Boolean)
    expect(waits.slice(0, 3)).toEqual(['0.2', '0.4', '0.8'])
  })

  it('with a wrong configuration is shown as failed, and waits longer before the next try', async () => {
    const { one } = manage(
      `${COUNT} if (starts > 1) { console.log('no such key'); process.exit(78) } ${SERVE}${STOP_WELL}`,
    )
    await one.start()
    one.kill('SIGKILL')
    await until('it failed', () => one.row.state === 'failed')
    expect(one.row.message).toBe('its configuration is wrong: no such key; restarts in 30 s')
  })
})

describe('stop', () => {
  it('sends the stop signal, waits, and does not restart the process', async () => {
    const { one } = manage(`${COUNT} ${SERVE}${STOP_WELL}`)
    await one.start()
    const pid = one.row.pid ?? 0
    await one.stop()
    expect(log()).toBe('goodbye\n')
    expect(one.row).toMatchObject({ state: 'stopped', pid: null, restarts: 0 })
    expect(isRunning(pid)).toBe(false)
    await sleep(300)
    expect(starts()).toBe(1)
  })

  it('kills a process that does not end in time, and the processes that it started', async () => {
    const child = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'])`
    const { one } = manage(`process.on('SIGTERM', () => console.log('no')); console.log(${child}.pid); ${SERVE}`, {
      stopTimeoutMs: 200,
    })
    await one.start()
    const pid = one.row.pid ?? 0
    const grandchild = Number.parseInt(log(), 10)
    expect(isRunning(grandchild)).toBe(true)
    const startedAt = Date.now()
    await one.stop()
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(190)
    expect(log()).toContain('no')
    await until('both ended', () => !isRunning(pid) && !isRunning(grandchild))
  })

  it('ends a start that is under way', async () => {
    const { one } = manage(`${COUNT} setInterval(() => undefined, 1000)`)
    const started = one.start().catch((thrown: unknown) => thrown)
    await until('it was started', () => starts() === 1)
    await one.stop()
    expect(await started).toMatchObject({ message: 'stopped' })
    expect(one.row).toMatchObject({ state: 'stopped', pid: null })
  })

  it('ends the wait before the next try', async () => {
    const { one } = manage(`${COUNT} if (starts > 1) process.exit(78); ${SERVE}${STOP_WELL}`)
    await one.start()
    one.kill('SIGKILL')
    await until('it waits for 30 s', () => one.row.state === 'failed')
    const startedAt = Date.now()
    await one.stop()
    expect(Date.now() - startedAt).toBeLessThan(1000)
    expect(one.row.state).toBe('stopped')
  })
})
