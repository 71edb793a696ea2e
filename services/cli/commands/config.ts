/** `chainon config`: every setting, from the table that the services read. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { configurationPage } from '#core/config/document.ts'
import { ROOT } from '../../../deploy/local/paths.ts'
import { examples, GROUPS } from '../help.ts'

export function register(program: Command): void {
  program
    .command('config')
    .helpGroup(GROUPS.develop)
    .summary('list every setting')
    .description('Prints every environment variable with its type, default and meaning, as Markdown.')
    .option('--write', 'write deploy/CONFIGURATION.md instead')
    .addHelpText('after', examples([['chainon config | grep KAFKA', 'the settings of Kafka']]))
    .action((options: { write?: true }) => {
      if (options.write) writeFileSync(join(ROOT, 'deploy', 'CONFIGURATION.md'), configurationPage())
      else process.stdout.write(configurationPage())
    })
}
