/** `chainon status`: what runs where, checked now. */
import type { Command } from 'commander'
import { dataFolder } from '../../../deploy/local/paths.ts'
import { liveState } from '../../../deploy/local/state.ts'
import { stateTable } from '../../../deploy/local/table.ts'
import { examples, GROUPS } from '../help.ts'

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('status')
    .helpGroup(GROUPS.stack)
    .summary('show what runs where')
    .description('Shows each process of the local stack, checked now. Exits with 1 when one does not run.')
    .option('--json', 'an array of objects with name, pid, url, state (and restarts, since, message)')
    .option('--data-dir <folder>', 'data folder of the stack (default: CHAINON_DATA_DIR, else .chainon)')
    .addHelpText('after', examples([['chainon status --json | jq -r ".[].state"', 'for scripts']]))
    .action((options: { json?: true; dataDir?: string }) => {
      const rows = liveState(dataFolder(env, options.dataDir))
      if (options.json) {
        const plain = rows.map(({ identity: _identity, ...row }) => row)
        process.stdout.write(`${JSON.stringify(plain, null, 2)}\n`)
      } else {
        process.stdout.write(stateTable(rows))
      }
      if (rows.some((row) => row.state !== 'running' && row.state !== 'external')) process.exitCode = 1
    })
}
