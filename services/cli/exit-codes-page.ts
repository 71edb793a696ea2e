/** docs/exit-codes.md: the table of exit statuses, and what each command says of its own. */
import type { Command } from 'commander'
import { EXIT_CODES } from '#core/faults/exit-codes.ts'

export const EXIT_CODES_FILE = 'docs/exit-codes.md'

/** @param program with all of its commands */
export function exitCodesPage(program: Command): string {
  const rows = Object.entries(EXIT_CODES).map(([code, meaning]) => `| ${code} | ${meaning} |`)
  const said = commandsOf(program).flatMap(([path, command]) => {
    const sentence = exitSentence(command)
    return sentence === undefined ? [] : [`| \`${path}\` | ${sentence} |`]
  })
  return `# Exit statuses

Made from \`services/core/faults/exit-codes.ts\` and the help of the commands by \`chainon config --write\`; a test compares them with the code.

| status | meaning |
| --- | --- |
${rows.join('\n')}

A command that runs another program (a service, the load of a sample) ends with its status, or with 128 and the number of the signal that ended it. When what reads the output ends
first (\`chainon ... | head -1\`), the command ends without a message. No command prints colours, on a terminal or elsewhere, so \`NO_COLOR\` and \`FORCE_COLOR\` change nothing.

| command | what its status says |
| --- | --- |
${said.join('\n')}
`
}

/** @returns every command below, with the words that call it */
export function commandsOf(command: Command, path = command.name()): readonly (readonly [string, Command])[] {
  return command.commands.flatMap((one) => {
    const own = `${path} ${one.name()}`
    return [[own, one] as const, ...commandsOf(one, own)]
  })
}

/** @returns what the description says of the status, in one line */
function exitSentence(command: Command): string | undefined {
  const text = command.description().replaceAll(/\s+/g, ' ')
  return /Exits with [^.]*(?:\.(?!\s|$)[^.]*)*\./.exec(text)?.[0]
}
