/** The position of the warehouse: read before and after a build, so that the manifest says which records it can contain. */
import { quote } from '#core/contract/table.ts'
import type { LedgerSnapshot } from './manifest.ts'
import type { Warehouse } from './warehouse.ts'

/** @returns one past the highest origin offset by feed and partition, or null when the warehouse has no ledger */
export async function readLedgerSnapshot(warehouse: Warehouse): Promise<LedgerSnapshot | null> {
  const [present] = await warehouse.rows<{ n: number }>({
    query:
      "SELECT toUInt8(count()) AS n FROM system.tables WHERE database = {database:String} AND name = 'ledger_batch'",
    parameters: { database: warehouse.database },
  })
  if (present?.n !== 1) return null
  const rows = await warehouse.rows<{ feed: string; partition: number; reached: string }>(
    `SELECT toString(feed) AS feed, partition, toString(max(to_offset)) AS reached
     FROM ${quote(warehouse.database)}.ledger_batch GROUP BY feed, partition ORDER BY feed, partition`,
  )
  const snapshot: Record<string, Record<string, number>> = {}
  for (const { feed, partition, reached } of rows) {
    snapshot[feed] = { ...snapshot[feed], [String(partition)]: Number(reached) }
  }
  return snapshot
}
