/**
 * How many persons of a table stand in a small cell: with fewer than k persons in all that share the values of its quasi-identifiers. And which of
 * these columns to leave out until nobody does: always the one that leaves the fewest, so that the same table gives the same answer.
 */
import { quote } from '#core/contract/table.ts'
import type { TablePlan } from './table-build.ts'
import type { Warehouse } from './warehouse.ts'

export interface SmallCells {
  readonly k: number
  /** Quasi-identifiers of the table. */
  readonly columns: string[]
  /** Persons in small cells as the table is. */
  readonly persons: number
  /** In this order; each with the persons that are then left in small cells. */
  readonly leave_out: { readonly column: string; readonly persons: number }[]
}

/** @returns columns of the table that can be known of a person from elsewhere: its potential identifiers and traits */
export function quasiIdentifiers({ columns, contract }: TablePlan): readonly string[] {
  const traits = new Set(contract.fields.filter(({ privacy }) => privacy.class === 'trait').map(({ as }) => as))
  return columns.kept
    .filter(({ decided, source }) => decided !== undefined || traits.has(source))
    .map(({ name }) => name)
}

/** @param count persons in small cells of these columns; of none: of the whole table */
export async function measureSmallCells(
  columns: readonly string[],
  k: number,
  count: (columns: readonly string[]) => Promise<number>,
): Promise<SmallCells> {
  const all = await count(columns)
  const leaveOut: { column: string; persons: number }[] = []
  let kept = columns
  let persons = all
  while (persons > 0 && kept.length > 0) {
    let best: { column: string; persons: number } | undefined
    for (const column of kept) {
      const left = await count(kept.filter((one) => one !== column))
      // Of equal ones the first of the table.
      if (best === undefined || left < best.persons) best = { column, persons: left }
    }
    if (best === undefined) break
    const { column } = best
    leaveOut.push(best)
    persons = best.persons
    kept = kept.filter((one) => one !== column)
  }
  return { k, columns: [...columns], persons: all, leave_out: leaveOut }
}

/** @param target quoted name of the finished table */
export function countSmallCells(
  warehouse: Warehouse,
  target: string,
  k: number,
): (columns: readonly string[]) => Promise<number> {
  return async (columns) => {
    const [row] = await warehouse.rows<{ persons: string }>(smallCellsSql(target, columns, k))
    return Number(row?.persons ?? 0)
  }
}

/** Of a large cell no more than k persons are held in memory. */
export function smallCellsSql(target: string, columns: readonly string[], k: number): string {
  return `SELECT toString(uniqExact(person)) AS persons FROM (
    SELECT arrayJoin(persons) AS person FROM (
      SELECT groupUniqArray(${k})(person_id) AS persons FROM ${target} GROUP BY ${columns.length === 0 ? 'tuple()' : columns.map(quote).join(', ')} HAVING length(persons) < ${k}
    )
  ) SETTINGS max_bytes_before_external_group_by = 1000000000`
}
