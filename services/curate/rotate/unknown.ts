/** Pseudonyms where the lineage knows of none: of a contract that is gone, or a table that somebody has added. */
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { type PseudonymTable, writtenColumns } from './lineage.ts'
import { arePseudonyms, looksLikePseudonyms, STAGING } from './statements.ts'
import { countsOf, storedTables } from './tables.ts'

/**
 * @returns what keeps the warehouse from being rotated; empty: nothing. A column that the lineage does not know would keep pseudonyms of the old key.
 * @param mapped false before the log is read: then it is only known what looks like a pseudonym
 */
export async function unknownPseudonyms(
  clickhouse: ClickHouseClient,
  lineage: readonly PseudonymTable[],
  mapped: boolean,
): Promise<readonly string[]> {
  const problems: string[] = []
  const known = new Map(lineage.map((table) => [table.table, new Set(writtenColumns(table))]))
  for (const { name: table, columns } of (await storedTables(clickhouse)).values()) {
    if (table.startsWith(STAGING)) continue
    const texts = columns.filter(({ name, type }) => type.includes('String') && !known.get(table)?.has(name))
    if (texts.length === 0) continue
    const names = texts.map(({ name }) => name)
    const found = await countsOf(clickhouse, looksLikePseudonyms(names, table))
    for (const [index, column] of names.entries()) {
      const like = found[index] ?? 0
      const sure = mapped && like > 0 ? ((await countsOf(clickhouse, arePseudonyms(column, table)))[0] ?? 0) : like
      if (sure === 0) continue
      problems.push(
        `${table}.${column} has ${mapped ? sure : `up to ${sure}`} pseudonyms, and no contract names it as a pseudonym: restore the contract that made it, or remove the column or the table`,
      )
    }
  }
  return problems
}
