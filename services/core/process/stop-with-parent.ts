/** Programs other than Chainon's must end with the process that started them, even when it ends by kill -9. */
import { spawnSync } from 'node:child_process'

let setpriv: boolean | undefined
/**
 * On Linux the kernel sends the signal to the program when its parent ends. On other systems the next start or `chainon down` finds
 * the program through the state file. Node processes of the local stack load `deploy/local/stop-with-parent.mjs` instead.
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
