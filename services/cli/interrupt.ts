/** Ctrl-C in a command that sends: it ends at once, on a line of its own, and says how to go on. What was acknowledged is saved already. */
import { constants } from 'node:os'
import type { ExitCode } from '#core/faults/exit-codes.ts'

const INTERRUPTED_STATUS = 130 satisfies ExitCode
/** What a shell says of a program that the signal has ended. */
const TERMINATED_STATUS = 128 + constants.signals.SIGTERM

/**
 * @param last ends what is drawn, and returns what is said
 * @returns a function after which a signal is no longer caught
 */
export function onInterrupt(last: () => string): () => void {
  const interrupted = () => {
    process.stderr.write(`Interrupted. ${last()}\n`)
    process.exit(INTERRUPTED_STATUS)
  }
  const terminated = () => {
    process.stderr.write(`Ended. ${last()}\n`)
    process.exit(TERMINATED_STATUS)
  }
  process.once('SIGINT', interrupted)
  process.once('SIGTERM', terminated)
  return () => {
    process.off('SIGINT', interrupted)
    process.off('SIGTERM', terminated)
  }
}
