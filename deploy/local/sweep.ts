/** Stops the processes that a killed supervisor left. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive } from '#core/process/identity.ts'
import { COMPONENTS, SERVICES, type StateRow } from '#core/process/state-file.ts'
import { dataPaths } from './paths.ts'
import { readState, writeState } from './state.ts'

const SERVICE_BUDGET_MS = 15_000
const COMPONENT_BUDGET_MS = 15_000

/**
 * Stops every running process of the state file, services first. Only for a data folder whose supervisor does not run.
 *
 * @returns the rows of what was stopped
 */
export async function sweep(data: string): Promise<StateRow[]> {
  const paths = dataPaths(data)
  const rows = readState(paths)
  const alive = rows.filter((row) => isAlive(row.pid, row.identity))
  const group = (names: readonly string[]) => alive.filter((row) => names.includes(row.name))
  await stopAll(group(SERVICES), SERVICE_BUDGET_MS)
  await stopAll(group(COMPONENTS), COMPONENT_BUDGET_MS)
  if (rows.some((row) => row.state !== 'stopped')) {
    const since = new Date().toISOString()
    const stopped = rows.map(
      (row): StateRow => ({ ...row, pid: null, identity: null, state: 'stopped', since, message: '' }),
    )
    try {
      writeState(paths, stopped)
    } catch {
      // The disk is full or read-only: a reader of the file checks the pids and sees that the processes have ended.
    }
  }
  return alive.reverse()
}

/** SIGTERM, then SIGKILL to those that still run after the budget. The identity is checked again before each signal. */
async function stopAll(rows: readonly StateRow[], budgetMs: number): Promise<void> {
  signalAll(rows, 'SIGTERM')
  const deadline = Date.now() + budgetMs
  while (rows.some((row) => isAlive(row.pid, row.identity))) {
    if (Date.now() > deadline) signalAll(rows, 'SIGKILL')
    await sleep(50)
  }
}

function signalAll(rows: readonly StateRow[], signal: NodeJS.Signals): void {
  for (const row of rows) {
    if (row.pid === null || !isAlive(row.pid, row.identity)) continue
    try {
      process.kill(row.pid, signal)
    } catch {
      // It has ended meanwhile.
    }
  }
}
