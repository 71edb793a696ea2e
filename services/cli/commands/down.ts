/** `chainon down`: stops the local stack from another terminal, also when its supervisor was killed. */
import type { Command } from 'commander'
import { stopStack } from '../../../deploy/local/down.ts'
import { dataFolder } from '../../../deploy/local/paths.ts'
import { GROUPS } from '../help.ts'

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('down')
    .helpGroup(GROUPS.stack)
    .summary('stop everything that `chainon up` started')
    .description('Stops the services, then the components, waits for them, and says what it stopped. The data remain.')
    .option('--data-dir <folder>', 'data folder of the stack (default: CHAINON_DATA_DIR, else .chainon)')
    .action(async (options: { dataDir?: string }) => {
      const data = dataFolder(env, options.dataDir)
      const stopped = await stopStack(data)
      for (const row of stopped) process.stdout.write(`stopped ${row.name} (pid ${row.pid})\n`)
      if (stopped.length === 0) process.stdout.write(`Nothing runs in ${data}.\n`)
    })
}
