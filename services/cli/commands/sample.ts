/** `chainon sample`: sends the bundled FHIR sample, or generates more of its kind. */
import type { Command } from 'commander'
import { examples, GROUPS } from '../help.ts'
import { runWithKeys } from '../synthetic-keys.ts'

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('sample')
    .helpGroup(GROUPS.data)
    .summary('send the bundled FHIR sample, or generate more with Synthea')
    .description('Options: `chainon sample --help`, `chainon sample push --help`.')
    .option('--data-dir <folder>', 'data folder of the stack (default: CHAINON_DATA_DIR, else .chainon)')
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .addHelpText(
      'after',
      examples([
        ['chainon sample push --wait', 'the bundled sample, two hospitals'],
        ['chainon sample --patients 100 --seed 7 --push', '100 other patients'],
      ]),
    )
    .action(async (options: { dataDir?: string }, self: Command) => {
      await runWithKeys(env, 'sample', self.args, options)
    })
}
