/**
 * Persons that few others share what is known with: over all tables of a project together. SQL only.
 *
 * What is known of a person: the profile (the set of its rows of identity in every table: birth, residence, death, sex; to have none is a
 * value too), and one more row of any table, with its dates and its site. A cell is all persons of one profile, or all with the same profile who
 * have such a row. Nulls are values. So a table that few persons have rows in is a small cell, and no set of columns isolates more than all of them.
 */
import { quote } from '#core/contract/table.ts'
import type { OutputColumn } from './columns.ts'
import type { TablePlan } from './table-build.ts'

export interface CellSource {
  /** Of the feed. */
  readonly name: string
  /** SQL after FROM; the rows have a `person_id`. */
  readonly from: string
  /** SQL of what a row says of its person. */
  readonly own: readonly string[]
  /** SQL of what is known of one row. */
  readonly event: readonly string[]
}

export interface KnownColumns {
  readonly own: readonly OutputColumn[]
  readonly event: readonly OutputColumn[]
}

/**
 * A date that is shifted is not known from elsewhere: each project moves it by other days.
 *
 * @param known `feed.column` of columns that the project declares known
 */
export function knownColumns({ columns, contract, name }: TablePlan, known: readonly string[] = []): KnownColumns {
  const traits = new Set(contract.fields.filter(({ privacy }) => privacy.class === 'trait').map(({ as }) => as))
  const own: OutputColumn[] = []
  const event: OutputColumn[] = []
  for (const column of columns.kept) {
    const { decided, domain, source } = column
    if (domain === 'shifted') continue
    if (decided ? decided.identifier !== 'exact_care_dates' : traits.has(source)) own.push(column)
    else if (decided || domain === 'site' || known.includes(`${name}.${column.name}`)) event.push(column)
  }
  return { own, event }
}

/** @returns SELECT of each `person_id` with its `profile` */
export function profileSql(sources: readonly CellSource[]): string {
  if (sources.length === 0) return "SELECT '' AS person_id, '' AS profile WHERE 0"
  const rows = sources.map(
    ({ from, own }, index) =>
      `SELECT person_id, ${own.length === 0 ? "''" : `concat('${index} ', ${textOf(own)})`} AS v FROM ${from}`,
  )
  return `SELECT person_id, hex(sipHash128(toString(arraySort(groupUniqArray(v))))) AS profile
    FROM (${rows.join(' UNION ALL ')}) GROUP BY person_id`
}

/** @returns the sources with every row as part of the profile: what somebody knows who knows all rows of a person */
export function byAllRows(sources: readonly CellSource[]): readonly CellSource[] {
  return sources.map((source) => ({ ...source, own: [...source.own, ...source.event], event: [] }))
}

/**
 * @param profiles quoted name of a table with the result of `profileSql`; persons that are not in it do not count
 * @returns SELECT of each `person_id` in a cell of fewer than k; of a large cell no more than k persons are held in memory
 */
export function smallPersonsSql(sources: readonly CellSource[], profiles: string, k: number): string {
  const few = `groupUniqArray(${k})`
  const cells = [
    `SELECT ${few}(person_id) AS persons FROM ${profiles} GROUP BY profile HAVING length(persons) < ${k}`,
    ...sources.map(
      (source) =>
        `SELECT ${few}(p.person_id) AS persons FROM ${rowsWithProfile(source, profiles)} GROUP BY p.profile, r.event HAVING length(persons) < ${k}`,
    ),
  ]
  return `SELECT DISTINCT arrayJoin(persons) AS person_id FROM (${cells.join(' UNION ALL ')})`
}

/** @returns SELECT of the `cell` of each row of the source that at least k persons are in */
export function largeCellsSql(source: CellSource, profiles: string, k: number): string {
  return `SELECT ${cellSql('p.profile', 'r.event')} AS cell FROM ${rowsWithProfile(source, profiles)}
    GROUP BY p.profile, r.event HAVING length(groupUniqArray(${k})(p.person_id)) >= ${k}`
}

/** @returns SQL of a row's cell @param event SQL of `textOf` its known columns */
export function cellSql(profile: string, event: string): string {
  return `hex(sipHash128(${profile}, ${event}))`
}

/** @returns SQL of a text that differs where one of the values does; null is a value */
export function textOf(values: readonly string[]): string {
  return values.length === 0 ? "''" : `toString(tuple(${values.join(', ')}))`
}

function rowsWithProfile({ event, from }: CellSource, profiles: string): string {
  return `(SELECT person_id, ${textOf(event)} AS event FROM ${from}) AS r INNER JOIN ${profiles} AS p ON p.person_id = r.person_id`
}

/** @returns the finished tables of plans, in a database */
export function builtSources(
  plans: readonly TablePlan[],
  database: string,
  known?: readonly string[],
): readonly CellSource[] {
  const names = (columns: readonly OutputColumn[]) => columns.map(({ name }) => quote(name))
  return plans.map((plan) => {
    const { event, own } = knownColumns(plan, known)
    return {
      name: plan.name,
      from: `${quote(database)}.${quote(plan.name)}`,
      own: names(own),
      event: names(event),
    }
  })
}
