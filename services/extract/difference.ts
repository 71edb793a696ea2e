/**
 * A run and the one before it have the same pseudonyms, so whoever has both sees who came, who went and whose rows changed, and knows of everybody
 * what both say. Each can be without small cells and the two together not.
 */
import { quote } from '#core/contract/table.ts'
import { builtSources, type CellSource, profileSql, smallPersonsSql } from './cells.ts'
import { readManifest } from './manifest.ts'
import type { SmallCellsPolicy } from './project-schema.ts'
import type { Space } from './small-cells-decision.ts'
import type { TablePlan } from './table-build.ts'

export interface Difference {
  /** The run before. */
  readonly run: string
  /** Persons who came, went, or have other rows. */
  readonly changed: number
  /** Persons in small cells of both runs together who are in none of the run before. */
  readonly persons: number
}

/**
 * @param databases names of that of the run before and of that which is being built
 * @param directory folder of the run before
 */
export async function differenceOf(
  space: Space,
  plans: readonly TablePlan[],
  databases: { readonly before: string; readonly building: string },
  earlier: { readonly run: string; readonly directory: string },
  { k, known }: SmallCellsPolicy,
): Promise<Difference> {
  const built = builtSources(plans, databases.building, known)
  const before = sourcesBefore(earlier.directory, databases.before, known)
  const changed = await space.make('changed', changedSql(await rowsToCompare(space, databases)))
  const changedSource: CellSource = { name: 'changed', from: changed, own: [], event: [] }
  const both = [...built, ...before, changedSource]
  const small = async (name: string, sources: readonly CellSource[]) => {
    const profiles = await space.make('profile', profileSql(sources))
    return space.make(name, smallPersonsSql(sources, profiles, k))
  }
  const [together, alone] = [await small('together', both), await small('alone', before)]
  const [row] = await space.warehouse.rows<{ persons: string }>(
    `SELECT toString(count()) AS persons FROM ${together} AS t LEFT JOIN ${alone} AS a ON a.person_id = t.person_id WHERE a.person_id = ''`,
  )
  return { run: earlier.run, changed: await space.count(changed), persons: Number(row?.persons ?? 0) }
}

/** What was known in the run before, by its manifest. */
function sourcesBefore(directory: string, database: string, known: readonly string[] = []): readonly CellSource[] {
  const read = readManifest(directory)
  const tables = 'manifest' in read ? read.manifest.tables : []
  return tables.map(({ columns, name, small_cells: cells }) => {
    const fixed = columns.filter(({ decision }) => decision !== 'shift')
    const isEvent = (column: (typeof columns)[number]) =>
      column.potential_identifier === 'exact_care_dates' ||
      column.source === '_producer' ||
      known.includes(`${name}.${column.name}`)
    const isOwn = (column: (typeof columns)[number]) =>
      column.potential_identifier !== undefined || cells?.columns.includes(column.name) === true
    return {
      name,
      from: `${quote(database)}.${quote(name)}`,
      own: fixed.filter((column) => !isEvent(column) && isOwn(column)).map((column) => quote(column.name)),
      event: fixed.filter(isEvent).map((column) => quote(column.name)),
    }
  })
}

interface Compared {
  /** SELECT of `person_id`, `h` and `side`, for both runs. */
  readonly sql: string
}

/** Of a table that only one of the runs has, everybody in it has changed. */
async function rowsToCompare(
  { warehouse }: Space,
  { before, building }: { readonly before: string; readonly building: string },
): Promise<readonly Compared[]> {
  const columns = await warehouse.rows<{ database: string; table: string; name: string }>({
    query: `SELECT database, table, name FROM system.columns WHERE database IN ({before:String}, {building:String}) ORDER BY table, position`,
    parameters: { before, building },
  })
  const namesOf = (database: string, table: string) =>
    columns.filter((one) => one.database === database && one.table === table).map(({ name }) => name)
  return [...new Set(columns.map(({ table }) => table))].map((table) => {
    const [old, fresh] = [namesOf(before, table), namesOf(building, table)]
    const common = old.length === 0 ? fresh : fresh.length === 0 ? old : fresh.filter((name) => old.includes(name))
    const side = (database: string, sign: 1 | -1) =>
      `SELECT person_id, sipHash64(toString(tuple(${common.map(quote).join(', ')}))) AS h, toInt8(${sign}) AS side FROM ${quote(database)}.${quote(table)}`
    const sides = [...(fresh.length > 0 ? [side(building, 1)] : []), ...(old.length > 0 ? [side(before, -1)] : [])]
    return { sql: sides.join(' UNION ALL ') }
  })
}

function changedSql(tables: readonly Compared[]): string {
  const rows = tables.map(({ sql }, index) => `SELECT person_id, h, side, ${index} AS t FROM (${sql})`)
  return `SELECT DISTINCT person_id FROM (SELECT person_id FROM (${rows.join(' UNION ALL ')}) GROUP BY person_id, t, h HAVING sum(side) != 0)`
}
