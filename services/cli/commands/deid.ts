/** `chainon deid text`: finds and replaces what identifies a person in clinical notes. */
import type { Command } from 'commander'
import { examples, GROUPS } from '../help.ts'
import { runService } from '../run-service.ts'

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('deid')
    .helpGroup(GROUPS.data)
    .summary('find or replace what identifies a person in clinical notes')
    .description('Options: `chainon deid text --help`.')
    .allowUnknownOption()
    .allowExcessArguments()
    // The service defines its options; a second list here could differ from it.
    .helpOption(false)
    .addHelpText(
      'after',
      examples([
        ['chainon deid text --lang fr notes.jsonl', 'spans by offset and kind, a JSON line a note'],
        ['chainon deid text --lang en --replace notes.jsonl', 'the notes with [NAME], [DATE] in place of the spans'],
      ]),
    )
    .action(async (_options: object, self: Command) => {
      await runService(env, 'deidentify', self.args, { main: 'text/main.ts' })
    })
}
