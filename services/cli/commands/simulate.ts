/** `chainon simulate`: records of simulated hospitals, streamed to the local gateway or written to files. */
import type { Command } from 'commander'
import { examples, GROUPS } from '../help.ts'
import { runWithKeys } from '../synthetic-keys.ts'

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('simulate')
    .helpGroup(GROUPS.data)
    .summary('stream the records of simulated French hospitals')
    .description('Options: `chainon simulate --help`.')
    .option('--data-dir <folder>', 'data folder of the stack (default: CHAINON_DATA_DIR, else .chainon)')
    .allowUnknownOption()
    .allowExcessArguments()
    // The service defines its options; a second list here could differ from it.
    .helpOption(false)
    .addHelpText(
      'after',
      examples([
        ['chainon simulate', '3 hospitals, 50 records a second, until Ctrl-C'],
        ['chainon simulate --records 1000000 --patients 25000 --rate 0 --profile load', 'a load test'],
        [
          'chainon simulate --records 100000 --truth truth.ndjson --out feeds',
          'files, and the true person of each identity',
        ],
      ]),
    )
    .action(async (options: { dataDir?: string }, self: Command) => {
      await runWithKeys(env, 'simulate', self.args, options)
    })
}
