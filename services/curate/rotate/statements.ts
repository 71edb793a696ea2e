/** The statements of a rotation. Pure: what they do to which column follows from the lineage. */
import { literal, quote } from '#core/contract/table.ts'
import { keyMark } from '#core/crypto/pseudonym.ts'
import { type PseudonymColumn, type PseudonymTable, writtenColumns } from './lineage.ts'

/** Every table of a rotation begins like this; the grants of `rotate` name it. */
export const STAGING = 'rotation_'
/** The pseudonym before and after, by domain. It is dropped with the rotation. */
export const MAP = `${STAGING}map`
export const PROGRESS = `${STAGING}progress`

export const CREATE_STAGING: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS ${PROGRESS} (name String, value UInt64) ENGINE = ReplacingMergeTree(value) ORDER BY name`,
  `CREATE TABLE IF NOT EXISTS ${MAP} (domain LowCardinality(String), old String, new String) ENGINE = ReplacingMergeTree ORDER BY (domain, old)`,
]

export function stagingOf({ table }: Pick<PseudonymTable, 'table'>): string {
  return `${STAGING}${table}`
}

/** Without the limits of memory a join of all records would need; every row is one row again, also where a merge would remove it. */
export const COPY_SETTINGS = { join_algorithm: 'grace_hash', optimize_on_insert: 0, insert_deduplicate: 0 } as const

const PREFIX_BYTES = 6
const DIGEST = '[0-9A-Za-z_-]{43}'

/** @param all columns of the table @returns the statement that writes its rows under the new pseudonyms; what is not in the map becomes empty, or 0 */
export function copyStatement(table: PseudonymTable, all: readonly string[]): string {
  const values = new Map(all.map((name) => [name, `t.${quote(name)}`]))
  const joins = table.columns.map((column, index) => {
    const { values: own, join } = mapped(column, `m${index}`)
    for (const [name, value] of own) values.set(name, value)
    return join
  })
  return `INSERT INTO ${quote(stagingOf(table))} (${all.map(quote).join(', ')})
SELECT ${[...values.values()].join(', ')}
FROM ${quote(table.table)} AS t
${joins.join('\n')}`
}

function mapped(
  column: PseudonymColumn,
  as: string,
): { readonly values: readonly (readonly [string, string])[]; readonly join: string } {
  const value = `t.${quote(column.column)}`
  const from = (columns: string, on: string) =>
    `LEFT ANY JOIN (SELECT ${columns} FROM ${MAP} WHERE domain = ${literal(column.domain)}) AS ${as} ON ${on}`
  switch (column.form) {
    case 'pseudonym':
      return {
        values: [[column.column, `if(isNull(${value}), ${value}, ${as}.new)`]],
        join: from('old, new', `${value} = ${as}.old`),
      }
    case 'person':
      return {
        values: [[column.column, `if(${as}.new = '', '', concat('pn_', substring(${as}.new, 4)))`]],
        join: from("concat('pn_', substring(old, 4)) AS person, new", `${value} = ${as}.person`),
      }
    case 'hash': {
      const first = `toFixedString(substring(${as}.new, 1, ${PREFIX_BYTES}), ${PREFIX_BYTES})`
      const hash = [column.column, `if(${as}.new = '', 0, cityHash64(${as}.new))`] as const
      if (column.prefix === undefined)
        return { values: [hash], join: from('cityHash64(old) AS hash, new', `${value} = ${as}.hash`) }
      return {
        values: [hash, [column.prefix, first]],
        join: from(
          `cityHash64(old) AS hash, toFixedString(substring(old, 1, ${PREFIX_BYTES}), ${PREFIX_BYTES}) AS prefix, new`,
          `${value} = ${as}.hash AND t.${quote(column.prefix)} = ${as}.prefix`,
        ),
      }
    }
  }
}

/** @returns an expression that counts the rows whose value is not of the version; an empty person is of every version */
export function notOfVersion(column: PseudonymColumn, version: number): string {
  const name = quote(column.column)
  switch (column.form) {
    case 'pseudonym':
      return `countIf(isNotNull(${name}) AND NOT match(ifNull(${name}, ''), '^p2_${DIGEST}${keyMark(version)}$'))`
    case 'person':
      return `countIf(${name} != '' AND NOT match(${name}, '^pn_${DIGEST}${keyMark(version)}$'))`
    case 'hash':
      return `countIf(${name} = 0)`
  }
}

/** Rows that expire within this are not compared. */
const COMPARED_DAYS = 6

/** Groups use the disk, so that memory does not grow with the number of records. */
export const COMPARE_SETTINGS = { max_bytes_before_external_group_by: '536870912' } as const

/**
 * What a table and its copy have in common. Of a table that forgets superseded rows only those in force count: a merge may remove the others at any time.
 *
 * @param name of the table or its copy
 * @param all its columns
 * @param now seconds since 1970
 * @returns queries for one row of numbers each: rows, and a sum over the columns that do not change; how many different values each pseudonym has; and
 *   the highest version of each row, of deleted ones too, as a number and a sum
 */
export function factsQueries(
  table: PseudonymTable,
  name: string,
  all: readonly string[],
  now: number,
): readonly string[] {
  const { replacing, expiresBy } = table
  const written = new Set(writtenColumns(table))
  const same = all.filter((column) => !written.has(column)).map(quote)
  const content = same.length === 0 ? '0' : `sum(cityHash64(toString(tuple(${same.join(', ')}))))`
  const since = expiresBy === undefined ? '' : ` WHERE toUnixTimestamp(${expiresBy}) > ${now - COMPARED_DAYS * 86_400}`
  const from = `FROM ${quote(name)}${replacing === undefined ? '' : ' FINAL'}${since}`
  const distinct = table.columns.map(
    ({ column }) =>
      `SELECT toString(count()) AS ${quote(distinctName(column))} FROM (SELECT ${quote(column)} ${from} GROUP BY ${quote(column)})`,
  )
  const counted = `SELECT toString(count()) AS ${quote(ROWS)}, toString(${content}) AS ${quote('the other columns')} ${from}`
  if (!replacing) return [counted, ...distinct]
  const version = replacing.version === undefined ? '0' : `max(${quote(replacing.version)})`
  const versions = `SELECT toString(count()) AS ${quote('the number of records')}, toString(sum(cityHash64(v))) AS ${quote('their versions')}
FROM (SELECT ${version} AS v FROM ${quote(name)} GROUP BY ${replacing.key.map(quote).join(', ')})`
  return [counted, ...distinct, versions]
}

/** Names of what is counted; no column of a contract has such a name, which would be read in its place. */
export const ROWS = 'the number of rows'

export function distinctName(column: string): string {
  return `different values of ${column}`
}

/** @returns a query for the numbers of values of text columns that look like pseudonyms of the second level */
export function looksLikePseudonyms(columns: readonly string[], table: string): string {
  const counts = columns.map((name) => `countIf(match(toString(${quote(name)}), 'p[2n]_${DIGEST}'))`)
  return `SELECT ${counts.join(', ')} FROM ${quote(table)}`
}

/** @returns a query for how many of them are pseudonyms of this warehouse, and not a text that a producer wrote */
export function arePseudonyms(column: string, table: string): string {
  return `SELECT count() FROM (
  SELECT arrayJoin(extractAll(toString(${quote(column)}), 'p[2n]_(${DIGEST}(?:_k[0-9]+)?)')) AS rest FROM ${quote(table)}
) WHERE concat('p2_', rest) IN (SELECT old FROM ${MAP})`
}
