/**
 * The `chainon` command. To add a command: write `commands/<name>.ts` that exports `register(program, env)`, and name it in
 * `commands/index.ts`; no other file changes. Conventions:
 * - put it into a group with `.helpGroup(GROUPS.…)`, and add examples with `.addHelpText('after', examples(…))`;
 * - import large modules (Kafka, ClickHouse clients) inside the action, so that `chainon --help` stays fast;
 * - get the environment from `resolveEnvironment(env)` (environment.ts): it contains the addresses of the local stack;
 * - a command that belongs to another service calls `runService()` (run-service.ts), and contains no logic;
 * - stdout is for results, stderr for everything else. Throw ChainonError to fail, or set `process.exitCode` (1: a finding).
 */
import { Command, CommanderError } from 'commander'
import { readConfig } from '#core/config/read.ts'
import { ChainonError, exitStatus } from '#core/faults/errors.ts'
import type { ExitCode } from '#core/faults/exit-codes.ts'
import { VERSION } from '#core/version.ts'
import { endOnClosedPipe } from './closed-pipe.ts'
import { commands } from './commands/index.ts'
import { examples } from './help.ts'

const EXIT_USAGE = 2 satisfies ExitCode

const program = new Command('chainon')
  .description('Streaming ingestion gateway for health data.')
  .version(VERSION)
  .showHelpAfterError('(`chainon --help` lists the commands)')
  .showSuggestionAfterError()
  .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
  .exitOverride()
  .addHelpText(
    'after',
    examples([
      ['chainon up', 'start the local stack; Ctrl-C stops it'],
      ['chainon status', 'what runs where, from another terminal'],
      ['chainon <command> --help', 'options and examples of a command'],
    ]),
  )

endOnClosedPipe([process.stdout, process.stderr])
// Before every command: without this check, a misspelt variable would leave its default in force without a message.
program.hook('preAction', () => void readConfig('chainon', [], process.env))
for (const register of commands) register(program, process.env)

try {
  await program.parseAsync(process.argv)
} catch (error) {
  process.exitCode = report(error)
}

/** @returns the exit status */
function report(error: unknown): ExitCode {
  // Commander has printed its own message already; a request for help is no error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE
  if (error instanceof ChainonError) process.stderr.write(`chainon: ${error.message}\n`)
  else
    process.stderr.write(
      `chainon: an error of Chainon itself\n${error instanceof Error ? error.stack : String(error)}\n`,
    )
  return exitStatus(error)
}
