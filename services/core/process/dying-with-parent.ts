/** Programs that are not ours must not outlive the process that started them, even when it ends by kill -9. */
import { spawnSync } from 'node:child_process'

let setpriv: boolean | undefined
/**
 * On Linux a program that is not ours is told by the kernel when its parent dies. Elsewhere the next start or `chainon down` finds
 * it through the state file. Node processes of the local stack have die-with-parent.mjs.
 */
export function dyingWithParent(
  command: string,
  args: readonly string[],
  signal: 'TERM' | 'KILL' = 'TERM',
): [string, readonly string[]] {
  if (args[0] === '--import') return [command, args]
  setpriv ??= process.platform === 'linux' && spawnSync('setpriv', ['--pdeathsig', 'TERM', '--', 'true']).status === 0
  return setpriv ? ['setpriv', ['--pdeathsig', signal, '--', command, ...args]] : [command, args]
}
