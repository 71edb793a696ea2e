/** What `chainon feeds diff` and `chainon feeds check` say of the changes of a contract. */
import type { AvroRecordSchema } from '#core/contract/avro-schemas.ts'
import { schemaChanges } from '#core/contract/compatibility.ts'
import type { ContractChange } from '#core/contract/contract-changes.ts'
import { aligned } from '#core/terminal/table.ts'

/** @returns a line for each change, the reason below a line that is not compatible */
export function changeLines(changes: readonly ContractChange[]): readonly string[] {
  const rows = changes.map(({ field, problem, text, what }) => [
    `    ${problem === undefined ? ' ' : '!'} ${field ?? '(record)'}`,
    what,
    text,
  ])
  const lines = aligned(rows).trimEnd().split('\n')
  return changes.flatMap(({ problem }, at) => [
    lines[at] ?? '',
    ...(problem === undefined ? [] : [`        not compatible: ${problem}`]),
  ])
}

export function verdict(changes: readonly ContractChange[]): string {
  const bad = changes.filter(({ problem }) => problem !== undefined).length
  if (changes.length === 0) return 'no changes'
  const count = `${changes.length} change${changes.length === 1 ? '' : 's'}`
  return bad === 0 ? `${count}, compatible` : `${count}, ${bad} not compatible`
}

export function isCompatible(changes: readonly ContractChange[]): boolean {
  return changes.every(({ problem }) => problem === undefined)
}

/**
 * Every version of a subject stays in the log, so a new schema must read them all; the changes are those since the last one.
 * @param versions of the subject, the oldest first
 */
export function changesSince(
  versions: readonly AvroRecordSchema[],
  schema: AvroRecordSchema,
): readonly ContractChange[] {
  const last = versions.at(-1)
  if (!last) return []
  const changes = schemaChanges(last, schema)
  const known = new Set(changes.map(({ field, problem }) => `${field}: ${problem}`))
  const older = versions.slice(0, -1).flatMap((version, at) =>
    schemaChanges(version, schema)
      .filter(({ field, problem }) => problem !== undefined && !known.has(`${field}: ${problem}`))
      .map((change) => ({ ...change, text: `since version ${at + 1}: ${change.text}` })),
  )
  return [...changes, ...older]
}
