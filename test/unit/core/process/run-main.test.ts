/** How a service ends: with its status, even when its log cannot be written. The log of these services is /dev/full: each write is ENOSPC. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const FULL_DISK = '/dev/full'
/** A process that hangs in the logger does not receive a signal that it could handle. */
const KILL_AFTER_MS = 8_000

async function statusOf(start: string): Promise<number | null> {
  const code = `
    import { runMain } from '#core/process/run-main.ts'
    import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
    runMain('test', {}, async () => { ${start} })`
  const full = openSync(FULL_DISK, 'w')
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'ignore', full],
    timeout: KILL_AFTER_MS,
    killSignal: 'SIGKILL',
  })
  closeSync(full)
  await once(child, 'exit')
  return child.exitCode
}

describe.skipIf(!existsSync(FULL_DISK))('a service whose log is on a full disk', () => {
  it.each([
    ['a dependency', "throw new ChainonError('dependency-unavailable', 'x')", 75],
    ['the configuration', "throw new ConfigurationError('x', ['y'])", 78],
    ['a bug', "throw new Error('x')", 70],
    [
      'a failure after its start',
      "setTimeout(() => { throw new Error('x') }, 10); return { stop: async () => undefined }",
      70,
    ],
  ])(
    'ends with its status: %s',
    async (_why, start, status) => {
      expect(await statusOf(start)).toBe(status)
    },
    20_000,
  )
})
