/** How well the columns of two tables join persons who have another pseudonym in each. Pure. */

/** The compared values of each row of a person, by the person; the same person has the same name in both tables, which the join does not use. */
export type Table = ReadonlyMap<string, readonly string[]>

export interface Joined {
  /** Persons of the first table. */
  readonly persons: number
  /** Found by rows whose values one person alone has in each of the tables. */
  readonly byRow: number
  /** Found by all their rows together, where one person alone has them in each of the tables. */
  readonly byAll: number
  /** Joined to somebody else by a row. */
  readonly wrong: number
}

/** A value that several persons have. */
const SEVERAL = Symbol('several')

/** @returns how many persons of `a` a join with `b` finds */
export function joined(a: Table, b: Table): Joined {
  const [rowsA, rowsB] = [ownersOf(a, (rows) => rows), ownersOf(b, (rows) => rows)]
  const [allA, allB] = [ownersOf(a, together), ownersOf(b, together)]
  const [byRow, byAll] = [votes(rowsA, rowsB), votes(allA, allB)]
  return {
    persons: a.size,
    byRow: byRow.right,
    byAll: byAll.right,
    wrong: byRow.wrong,
  }
}

function together(rows: readonly string[]): readonly string[] {
  return rows.length === 0 ? [] : [rows.toSorted().join('\n')]
}

/** @returns who has each value */
function ownersOf(table: Table, keysOf: (rows: readonly string[]) => readonly string[]) {
  const owners = new Map<string, string | typeof SEVERAL>()
  for (const [person, rows] of table)
    for (const key of keysOf(rows)) {
      const known = owners.get(key)
      if (known === undefined) owners.set(key, person)
      else if (known !== person) owners.set(key, SEVERAL)
    }
  return owners
}

type Owners = ReturnType<typeof ownersOf>

/** Each value that has one owner in each table is a vote; a person is joined to whom most of its votes name. */
function votes(a: Owners, b: Owners): { readonly right: number; readonly wrong: number } {
  const byPerson = new Map<string, Map<string, number>>()
  for (const [key, person] of a) {
    const other = b.get(key)
    if (typeof person !== 'string' || typeof other !== 'string') continue
    const counts = byPerson.get(person) ?? new Map<string, number>()
    counts.set(other, (counts.get(other) ?? 0) + 1)
    byPerson.set(person, counts)
  }
  let right = 0
  let wrong = 0
  for (const [person, counts] of byPerson) {
    const [first, second] = [...counts].toSorted(([, x], [, y]) => y - x)
    if (!first || first[1] === second?.[1]) continue
    if (first[0] === person) right++
    else wrong++
  }
  return { right, wrong }
}

/** @returns the distances between the values of a person, in their order: what a constant shift leaves; nothing of a single value */
export function distances(values: readonly number[]): readonly string[] {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted.length < 2 ? [] : [sorted.map((value) => value - (sorted[0] ?? 0)).join(' ')]
}
