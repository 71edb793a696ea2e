/**
 * A program must end with the process that started it, even when that one ends by kill -9: a server of the local stack, and whatever a test or a load
 * test starts (vitest kills its workers when it was killed itself, and none of them can clean up).
 */
import { spawnSync } from 'node:child_process'

let setpriv: boolean | undefined
/**
 * On Linux the kernel sends the signal to the program when its parent ends. On other systems the next start or `chainon down` finds
 * a program of the local stack through the state file. Node processes of the stack load `deploy/local/stop-with-parent.mjs` instead.
 *
 * @returns the command and arguments that start the program so
 */
export function stopWithParent(
  command: string,
  args: readonly string[],
  signal: 'TERM' | 'KILL' = 'TERM',
): [string, readonly string[]] {
  if (args[0] === '--import') return [command, args]
  setpriv ??= process.platform === 'linux' && spawnSync('setpriv', ['--pdeathsig', 'TERM', '--', 'true']).status === 0
  return setpriv ? ['setpriv', ['--pdeathsig', signal, '--', command, ...args]] : [command, args]
}
