/** Describes an error for people, without what was sent: messages of parsers and databases may quote a value. */

/** @returns why a connection or a request failed, as a short phrase to follow the dependency's name and a colon */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  const code = codeOf(error)
  if (error.name === 'TimeoutError' || code === 'ETIMEDOUT') return 'no answer in time'
  if (code === 'ECONNREFUSED') return 'connection refused'
  if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET') return 'connection closed'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'unknown host name'
  if (code !== undefined && /^\d+$/.test(code)) return `ClickHouse rejected the query (code ${code})`
  if (error.name.startsWith('KafkaJS')) return 'no answer from Kafka'
  return code ? `failed (${code})` : 'failed'
}

/** @returns the code of a system error, for instance `ENOSPC`, or `error` when there is none; never a message */
export function errorCode(error: unknown): string {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined
  return typeof code === 'string' ? code : 'error'
}

function codeOf(error: Error): string | undefined {
  const own = (error as { code?: unknown }).code
  if (typeof own === 'string') return own
  return error.cause instanceof Error ? codeOf(error.cause) : undefined
}
