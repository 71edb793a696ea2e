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
    .option('--write', 'write the pages and files that are made from the code instead')
    .addHelpText('after', examples([['chainon config | grep KAFKA', 'the settings of Kafka']]))
    .action(async (options: { write?: true }) => {
      if (!options.write) return void process.stdout.write(configurationPage())
      const { rightsPage } = await import('#core/config/rights-document.ts')
      const { EDITOR_SCHEMA_FILE, editorSchema } = await import('#core/contract/editor-schema.ts')
      const { REFERENCE_FILE, referencePage } = await import('#core/contract/reference/page.ts')
      writeFileSync(join(ROOT, 'deploy', 'CONFIGURATION.md'), configurationPage())
      writeFileSync(join(ROOT, 'deploy', 'RIGHTS.md'), rightsPage())
      writeFileSync(join(ROOT, EDITOR_SCHEMA_FILE), `${JSON.stringify(editorSchema(), null, 2)}\n`)
      const { EXIT_CODES_FILE, exitCodesPage } = await import('../exit-codes-page.ts')
      writeFileSync(join(ROOT, EXIT_CODES_FILE), exitCodesPage(program))
      writeFileSync(join(ROOT, REFERENCE_FILE), referencePage())
    })
}
