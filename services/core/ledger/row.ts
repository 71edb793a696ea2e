/** One row of the ledger, and the one definition of "balanced" that the command, the console and the load test share. */
import Type, { type Static } from 'typebox'

const Records = (description: string) => Type.Integer({ minimum: 0, description })

/** The counts of a row, or of several rows together; all in records. */
export const LEDGER_COUNTS = {
  accepted: Records('Records that Kafka has in the identified topic: one past the last offset.'),
  loaded: Records('Records that were written to ClickHouse.'),
  quarantined: Records('Records that a worker quarantined with the reason.'),
  rejected: Records('Records that a rule of the contract rejected after they were accepted.'),
  lost: Records('Records that an operator accepted as lost, with the reason (chainon gap accept).'),
  in_flight: Records('Accepted records that have no outcome yet.'),
  gaps: Records('Records that no batch accounts for although a later one does, or that Kafka lost. Must be 0.'),
  overlaps: Records('Records that more than one batch accounts for. Must be 0.'),
}

export const LedgerRowSchema = Type.Object({
  feed: Type.String(),
  partition: Type.Integer({ minimum: 0 }),
  ...LEDGER_COUNTS,
})

export type LedgerRow = Readonly<Static<typeof LedgerRowSchema>>
export type LedgerCounts = Pick<LedgerRow, keyof typeof LEDGER_COUNTS>

const NAMES = Object.keys(LEDGER_COUNTS) as (keyof LedgerCounts)[]

/** @returns the counts of all rows together */
export function sumCounts(rows: readonly LedgerCounts[]): LedgerCounts {
  const sumOf = (name: keyof LedgerCounts) => rows.reduce((sum, row) => sum + row[name], 0)
  return Object.fromEntries(NAMES.map((name) => [name, sumOf(name)])) as Record<keyof LedgerCounts, number>
}

/**
 * @returns records by which accepted differs from loaded + quarantined + rejected + lost + in flight and which no gap or overlap
 *   explains; positive: missing, negative: counted twice. Another value than 0 means that the ledger itself is wrong.
 */
export function unexplainedRecords(row: LedgerCounts): number {
  const outcomes = row.loaded + row.quarantined + row.rejected + row.lost
  return row.accepted - outcomes - row.in_flight - row.gaps + row.overlaps
}

/** @returns true when every accepted record of the row is accounted for exactly once */
export function isRowBalanced(row: LedgerCounts): boolean {
  return row.gaps === 0 && row.overlaps === 0 && row.in_flight >= 0 && unexplainedRecords(row) === 0
}

/** @returns true when every row is balanced: a gap in one partition does not cancel an overlap in another */
export function isBalanced(rows: readonly LedgerCounts[]): boolean {
  return rows.every(isRowBalanced)
}
