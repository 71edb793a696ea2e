import { ChainonError } from '../faults/errors.ts'
import { type Logger, safeError } from '../telemetry/logger.ts'

const LOOK_EVERY_MS = 2_000

/**
 * Ends the process (75) when another key comes into force, or a rotation begins: whoever supervises it starts it again, and it begins under what is then
 * in force. A register that does not answer is no reason.
 *
 * @param assertInForce throws key-rotation when the keys of this process are not the right ones any more
 */
export function watchKeys(assertInForce: () => Promise<void>, logger: Logger): NodeJS.Timeout {
  let known = true
  return setInterval(() => {
    assertInForce().then(
      () => {
        known = true
      },
      (error: unknown) => {
        if (error instanceof ChainonError && error.code === 'key-rotation') throw error
        if (known) logger.warn({ event: 'key-unknown', err: safeError(error) })
        known = false
      },
    )
  }, LOOK_EVERY_MS).unref()
}
