/** JSON lines on stderr. What is logged are names, rules, counts and offsets; no call site hands over a record. */
import { destination, type Logger as PinoLogger, pino } from 'pino'

export type Logger = PinoLogger

export function createLogger(service: string, level: string): Logger {
  return pino(
    {
      level,
      base: { service },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: safeError },
    },
    destination({ dest: 2, sync: true }),
  )
}

/**
 * An error for a log: its kind, code and stack without its message's tail. Messages of parsers and encoders may quote the
 * value they choked on, so only errors of Chainon and of connections keep theirs.
 */
export function safeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error }
  const code = (error as { code?: unknown }).code
  const ours = error.name === 'ChainonError' || error.name.startsWith('KafkaJS') || typeof code === 'string'
  return {
    type: error.name,
    ...(code === undefined ? {} : { code }),
    ...(ours ? { message: error.message.slice(0, 500) } : {}),
    stack: error.stack
      ?.split('\n')
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 8)
      .map((line) => line.trim()),
  }
}
