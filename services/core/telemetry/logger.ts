/** JSON lines on stderr. What is logged are names, rules, counts and offsets; no call site logs a record. */
import { type Logger as PinoLogger, pino } from 'pino'
import { type LogStream, logStream } from './log-stream.ts'

export type Logger = PinoLogger

/**
 * No call site logs these; this is the second lock. A producer may be one doctor, and a producer may number its records and stays by what
 * identifies a patient.
 */
const NEVER_LOGGED = ['producer', '_producer', 'record_id', 'encounter_id', 'patient_ipp']

/** @param stream where the lines go; stderr by default */
export function createLogger(service: string, level: string, stream: LogStream = logStream(2)): Logger {
  return pino(
    {
      level,
      base: { service },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: NEVER_LOGGED.flatMap((name) => [name, `*.${name}`]),
      serializers: { err: (error: unknown) => (safeErrors.has(error as object) ? error : safeError(error)) },
    },
    // Not pino's own destination: its flush after a fatal line retries for ever on a full disk, so that the process never ends.
    stream,
  )
}

/**
 * An error for a log: its kind, code and stack, without its message. Messages of parsers and encoders may quote the
 * value that they could not read, so only errors of Chainon and of connections keep their message.
 */
export function safeError(error: unknown): Record<string, unknown> {
  const safe = describe(error)
  safeErrors.add(safe)
  return safe
}

/** What `safeError` already returned: the serializer receives it again. */
const safeErrors = new WeakSet<object>()

function describe(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error }
  const code = (error as { code?: unknown }).code
  // A system error's code is upper case letters (ECONNREFUSED). ClickHouse's is a number, and its message quotes statements; Node's
  // own begins with ERR_, and its message quotes the argument.
  const system = typeof code === 'string' && /^E(?!RR_)[A-Z0-9_]+$/.test(code)
  const ours = error.name === 'ChainonError' || error.name.startsWith('KafkaJS') || system
  return {
    type: error.name,
    ...(code === undefined ? {} : { code }),
    ...(ours ? { message: error.message.slice(0, 500) } : {}),
    ...(error.cause === undefined ? {} : { cause: describe(error.cause) }),
    stack: framesOf(error)
      ?.split('\n')
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 8)
      .map((line) => line.trim()),
  }
}

/** The stack after the message that it begins with: a message of several lines may have one that looks like a frame. */
function framesOf({ stack, message }: Error): string | undefined {
  const at = stack?.indexOf(message) ?? -1
  return at === -1 ? stack : stack?.slice(at + message.length)
}
