/** What a decision by k leaves of a table: the order of steps is the production code's, cells are counted in memory. Pure. */
import { takeSteps } from '#core/policies/take-steps.ts'
import type { Table } from './measure.ts'

export interface ByK {
  readonly table: Table
  /** How many of the steps were taken. */
  readonly steps: number
  /** More persons are left in small cells than rows of may be left out: a project would be refused. */
  readonly isRefused: boolean
  /** After the steps, and without what is left out. */
  readonly rows: readonly [number, number]
  readonly persons: readonly [number, number]
}

/**
 * @param levels the same persons, from the table as it is to the coarsest one
 * @param atMost share of the persons in small cells at which their rows are left out in place of a further step
 * @returns the first level that has no more, without rows that fewer than k persons have
 */
export async function decidedByK(levels: readonly Table[], k: number, atMost: number): Promise<ByK> {
  const [first] = levels
  if (!first) throw new Error('there is no table')
  const limit = Math.floor(first.size * atMost)
  const { left: small, taken } = await takeSteps(levels.slice(1), 0, limit, async ({ length }) =>
    smallPersons(levels[length] ?? first, k),
  )
  const chosen = levels[taken.length] ?? first
  const owners = ownersOf(chosen)
  const left = new Map(
    [...chosen]
      .map(([person, rows]) => [person, rows.filter((row) => (owners.get(row)?.size ?? 0) >= k)] as const)
      .filter(([, rows]) => rows.length > 0),
  )
  return {
    table: left,
    steps: taken.length,
    isRefused: small > limit,
    rows: [rowsOf(chosen), rowsOf(left)],
    persons: [chosen.size, left.size],
  }
}

function smallPersons(table: Table, k: number): number {
  const owners = ownersOf(table)
  return [...table.values()].filter((rows) => rows.some((row) => (owners.get(row)?.size ?? 0) < k)).length
}

function ownersOf(table: Table): ReadonlyMap<string, ReadonlySet<string>> {
  const owners = new Map<string, Set<string>>()
  for (const [person, rows] of table)
    for (const row of rows) {
      const known = owners.get(row) ?? new Set<string>()
      owners.set(row, known.add(person))
    }
  return owners
}

const rowsOf = (table: Table) => [...table.values()].reduce((sum, rows) => sum + rows.length, 0)
