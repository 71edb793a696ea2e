/** `chainon completion`: the script that completes command lines in a shell. */
import { Argument, type Command } from 'commander'
import { SHELLS, type Shell } from '../completion.ts'
import { examples, GROUPS } from '../help.ts'

export function register(program: Command): void {
  program
    .command('completion')
    .helpGroup(GROUPS.develop)
    .summary('print the script that completes command lines in a shell')
    .description('Prints a script for the shell, made from the commands and options of this version.')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText(
      'after',
      examples([
        ['source <(chainon completion bash)', 'in this shell; a line for ~/.bashrc, or for ~/.zshrc with zsh'],
        ['chainon completion fish | source', 'a line for ~/.config/fish/config.fish'],
      ]),
    )
    .action(async (shell: Shell) => {
      const { completionScript } = await import('../completion.ts')
      process.stdout.write(completionScript(program, shell))
    })
}
