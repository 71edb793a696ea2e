/** Errors that Chainon throws, and the exit status that each ends a process with. A record's fault is a value, not one of these. */
import { FAULTS, type FaultCode } from './codes.ts'
import type { ExitCode } from './exit-codes.ts'

/** Thrown for what a restart or a person must resolve; contains no value of a record. */
export class ChainonError extends Error {
  override readonly name = 'ChainonError'
  readonly code: FaultCode
  constructor(code: FaultCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** All that is wrong with a configuration or a contract, at once. */
export class ConfigurationError extends ChainonError {
  readonly problems: readonly string[]
  constructor(subject: string, problems: readonly string[]) {
    super('configuration', `${subject}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

/** Exit status of a process that ends with this error: 78 configuration, 75 dependency, 70 a bug. */
export function exitStatus(error: unknown): ExitCode {
  if (!(error instanceof ChainonError)) return describeUnreachable(error) ? 75 : 70
  switch (FAULTS[error.code].blame) {
    case 'configuration':
      return 78
    case 'dependency':
      return 75
    case 'record':
    case 'none':
    case 'request':
      return 1
    case 'programmer':
      return 70
  }
}

/** Messages of ioredis' errors that have neither a name nor a code of their own. */
const REDIS_SILENT: ReadonlySet<string> = new Set(['Command timed out', 'Connection is closed.'])

/** The server answers, and does not know the login, or gives it no right to what was asked. */
function describeRefusal(error: Error): string | null {
  const { type, cause } = error as { type?: unknown; cause?: unknown }
  if (error.name === 'KafkaJSSASLAuthenticationError')
    return 'Kafka rejects the login (KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD)'
  if (typeof type === 'string' && type.endsWith('_AUTHORIZATION_FAILED'))
    return 'Kafka gives the user of KAFKA_SASL_USERNAME no right to this (deploy/RIGHTS.md)'
  if (/^(WRONGPASS|NOAUTH)\b/.test(error.message)) return 'Redis rejects the login (REDIS_USERNAME, REDIS_PASSWORD)'
  if (/^NOPERM\b/.test(error.message))
    return 'Redis gives the user of REDIS_USERNAME no right to this (deploy/RIGHTS.md)'
  return error.name.startsWith('KafkaJS') && cause instanceof Error ? describeRefusal(cause) : null
}

/** @returns a message for the error of a client whose dependency is unreachable; null for any other error */
export function describeUnreachable(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  const refused = describeRefusal(error)
  if (refused) return refused
  if (error.name.startsWith('KafkaJS')) return 'Kafka is unreachable (KAFKA_BROKERS)'
  if (error.name === 'MaxRetriesPerRequestError' || REDIS_SILENT.has(error.message))
    return 'Redis is unreachable (REDIS_URL)'
  const { code, address, port } = error as { code?: unknown; address?: unknown; port?: unknown }
  if (typeof code !== 'string' || !/^E(CONN|HOST|NET|TIMEDOUT|PIPE)/.test(code)) return null
  return `a dependency is unreachable (${typeof address === 'string' ? `${address}:${String(port)}, ` : ''}${code})`
}
