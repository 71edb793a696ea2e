/** Stops what a killed supervisor left: nothing half-started stays behind. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive } from '#core/process/identity.ts'
import { dataPaths } from './paths.ts'
import { readState, writeState } from './state.ts'
import { PARTS, SERVICES, type StateRow } from './types.ts'

const SERVICE_BUDGET_MS = 15_000
const PART_BUDGET_MS = 15_000

/**
 * Stops every living process of the state file, services first. Only for a data folder without a living supervisor.
 *
 * @returns the rows of what was stopped
 */
export async function sweep(data: string): Promise<StateRow[]> {
  const paths = dataPaths(data)
  const rows = readState(paths)
  const alive = rows.filter((row) => isAlive(row.pid, row.identity))
  const group = (names: readonly string[]) => alive.filter((row) => names.includes(row.name))
  await stopAll(group(SERVICES), SERVICE_BUDGET_MS)
  await stopAll(group(PARTS), PART_BUDGET_MS)
  if (rows.some((row) => row.state !== 'stopped')) {
    const since = new Date().toISOString()
    const over = rows.map(
      (row): StateRow => ({ ...row, pid: null, identity: null, state: 'stopped', since, message: '' }),
    )
    try {
      writeState(paths, over)
    } catch {
      // The disk is full or read-only now: whoever reads the file sees that the processes are gone.
    }
  }
  return alive.reverse()
}

/** SIGTERM, then SIGKILL to those that are still there after the budget. Each signal checks again whom it reaches. */
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
      // It ended in between.
    }
  }
}
