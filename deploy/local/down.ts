/** Stops a stack from outside: through its supervisor when it lives, through the state file when it does not. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigurationError } from '#core/faults/errors.ts'
import { isAlive } from '#core/process/identity.ts'
import { lockHolder } from '#core/process/lock.ts'
import { dataPaths } from './paths.ts'
import { readState } from './state.ts'
import { sweep } from './sweep.ts'
import type { StateRow } from './types.ts'

/** Services have 15 s and parts 15 s; past that the supervisor itself hangs. */
const BUDGET_MS = 40_000

/**
 * @returns the rows of what was running and is stopped now, in the order of stopping; empty when nothing ran
 * @throws ConfigurationError when the stack belongs to a test or load test, which stops it itself
 */
export async function stopStack(data: string): Promise<StateRow[]> {
  const { lockFile } = dataPaths(data)
  const holder = lockHolder(lockFile)
  if (!holder) return sweep(data)
  if (holder.purpose !== 'up') {
    throw new ConfigurationError('This stack is not for `chainon down`', [
      `process ${holder.pid} started it for itself (a test or a load test) and stops it at its end`,
    ])
  }
  const running = readState(dataPaths(data)).filter((row) => isAlive(row.pid, row.identity))
  process.kill(holder.pid, 'SIGTERM')
  const deadline = Date.now() + BUDGET_MS
  while (isAlive(holder.pid, holder.identity)) {
    if (Date.now() > deadline) process.kill(holder.pid, 'SIGKILL')
    await sleep(50)
  }
  await sweep(data)
  return running.reverse()
}
