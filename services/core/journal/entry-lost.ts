import { safeError } from '../telemetry/logger.ts'

/** What a command says when the access journal has no room for an entry, or cannot be written. */
export function entryLost(error: unknown): void {
  const why = error === undefined ? 'its spool is full' : JSON.stringify(safeError(error))
  process.stderr.write(`chainon: the access journal lacks an entry: ${why}\n`)
}
