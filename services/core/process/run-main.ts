/** For every main.ts: signals, unknown errors, exit statuses. */
import { logLevel } from '../config/read.ts'
import { ChainonError, describeUnreachable, exitStatus } from '../faults/errors.ts'
import { createLogger, type Logger, safeError } from '../telemetry/logger.ts'

export interface Running {
  /** Finishes the work under way and releases every resource. */
  stop(): Promise<void>
}

const STOP_BUDGET_MS = 12_000

/**
 * Runs a service until SIGTERM or SIGINT, or until it fails. A failure is one log line on stderr, with a message for people; the exit
 * status is 75 for a dependency, 78 for the configuration, 70 for a bug.
 *
 * @param env the environment, which only a main.ts reads
 */
export function runMain(service: string, env: NodeJS.ProcessEnv, start: (logger: Logger) => Promise<Running>): void {
  const logger = createLogger(service, logLevel(env))
  let running: Running | undefined
  let ending = false
  const end = (status: number) => {
    if (ending) return
    ending = true
    const timer = setTimeout(() => process.exit(status || 75), STOP_BUDGET_MS)
    timer.unref()
    Promise.resolve(running?.stop())
      .catch((error: unknown) => logger.error({ event: 'stop-failed', err: safeError(error) }))
      .finally(() => process.exit(status))
  }
  const fail = (error: unknown) => {
    const status = exitStatus(error)
    logger.fatal(
      { event: 'failed', status, err: safeError(error) },
      error instanceof ChainonError ? error.message : (describeUnreachable(error) ?? 'an unexpected error'),
    )
    end(status)
  }
  process.on('SIGTERM', () => end(0))
  process.on('SIGINT', () => end(0))
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', fail)
  start(logger).then((started) => {
    running = started
    logger.info({ event: 'started' })
  }, fail)
}
