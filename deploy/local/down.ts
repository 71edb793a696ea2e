/** Stops a stack from another process: through its supervisor when that runs, else through the state file. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigurationError } from '#core/faults/errors.ts'
import { isAlive } from '#core/process/identity.ts'
import { lockHolder } from '#core/process/lock.ts'
import type { StateRow } from '#core/process/state-file.ts'
import { dataPaths } from './paths.ts'
import { readState } from './state.ts'
import { sweep } from './sweep.ts'

/** Services have 15 s and components 15 s to stop; after that the supervisor itself hangs. */
const BUDGET_MS = 40_000

/**
 * @returns the rows of what was running and is stopped now, in the order in which they stopped; empty when nothing ran
 * @throws ConfigurationError when the stack belongs to a test or load test, which stops it itself
 */
export async function stopStack(data: string): Promise<StateRow[]> {
  const { lockFile } = dataPaths(data)
  const holder = lockHolder(lockFile)
  if (!holder) return sweep(data)
  if (holder.purpose !== 'up') {
    throw new ConfigurationError('`chainon down` cannot stop this stack', [
      `process ${holder.pid} (a test or a load test) started it, and stops it when it ends`,
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
