/** How the programs that a command starts one after the other, or beside each other, end and write. */
import { ChainonError, describeUnreachable, exitStatus } from '../faults/errors.ts'
import { type Logger, safeError } from '../telemetry/logger.ts'

/** Sets the exit status. @param run @returns the status where nothing failed */
export async function runStep(logger: Pick<Logger, 'fatal'>, run: () => Promise<number>): Promise<void> {
  process.exitCode = await run().catch((error: unknown) => {
    // Of a bug only its place: its message could have a value.
    if (!(error instanceof ChainonError)) logger.fatal({ event: 'failed', err: safeError(error) })
    const text =
      error instanceof ChainonError ? error.message : (describeUnreachable(error) ?? 'an error of Chainon itself')
    process.stderr.write(`chainon: ${text}\n`)
    return exitStatus(error)
  })
}

/** Resolves when the next step, or a terminal, has taken it. */
export function writeOut(text: string): Promise<void> {
  return new Promise((resolve, reject) => process.stdout.write(text, (error) => (error ? reject(error) : resolve())))
}
