/** The tables that a rotation makes for itself, and how far it is. */
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { quote } from '#core/contract/table.ts'
import { CREATE_STAGING, PROGRESS, STAGING } from './statements.ts'
import { refused, rowsOf, storedTables } from './tables.ts'

/**
 * Makes the tables of the rotation to a version; those of another one are dropped.
 *
 * @param copied the copies are complete, and rows may have been replaced
 * @returns how far an earlier attempt was
 * @throws ChainonError key-rotation-refused when complete copies are not there any more
 */
export async function openStaging(
  clickhouse: ClickHouseClient,
  version: number,
  copied: boolean,
): Promise<ReadonlyMap<string, number>> {
  if (copied) {
    const left = (await storedTables(clickhouse)).has(PROGRESS) ? await readProgress(clickhouse) : new Map()
    if (left.get('version') === version) return left
    throw refused(['its copies are lost: restore ClickHouse from the backup of before the rotation'])
  }
  for (const query of CREATE_STAGING) await clickhouse.command({ query })
  const progress = await readProgress(clickhouse)
  if (progress.get('version') === version) return progress
  await dropStaging(clickhouse)
  for (const query of CREATE_STAGING) await clickhouse.command({ query })
  await note(clickhouse, 'version', version)
  return new Map()
}

export async function readProgress(clickhouse: ClickHouseClient): Promise<ReadonlyMap<string, number>> {
  const rows = await rowsOf<{ name: string; value: string }>(
    clickhouse,
    `SELECT name, toString(max(p.value)) AS value FROM ${PROGRESS} AS p GROUP BY name`,
  )
  return new Map(rows.map(({ name, value }) => [name, Number(value)]))
}

/** Notes how far the rotation is; a higher value counts. */
export async function note(clickhouse: ClickHouseClient, name: string, value: number): Promise<void> {
  await clickhouse.insert({ table: PROGRESS, values: [{ name, value }], format: 'JSONEachRow' })
}

/** @returns whether there were any */
export async function dropStaging(clickhouse: ClickHouseClient): Promise<boolean> {
  const names = [...(await storedTables(clickhouse)).keys()].filter((name) => name.startsWith(STAGING))
  for (const name of names) await clickhouse.command({ query: `DROP TABLE IF EXISTS ${quote(name)} SYNC` })
  return names.length > 0
}
