/**
 * A folder to evaluate the linkage on: `a.csv` and, when two sources are linked, `b.csv`; `links.csv`, the true pairs; `fields.json`, which
 * column is which trait. A message names file, column and rule, never a value.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Type from 'typebox'
import { ConfigurationError } from '#core/faults/errors.ts'
import { detectDateFormat } from '#core/linkage/birth-date.ts'
import { DATE_FORMATS, type DateFormat, TRAITS, type Trait, type Traits } from '#core/linkage/traits.ts'
import { closed } from '#core/schema/closed.ts'
import { didYouMean } from '#core/schema/nearest.ts'
import { Place } from '#core/schema/place.ts'
import { read } from '#core/schema/read.ts'
import { parseCsv, type Table } from './csv.ts'

export interface DataSet {
  /** Traits that have a column. */
  readonly traits: ReadonlySet<Trait>
  readonly dates: DateFormat
  /** 1, or 2 when there is a b.csv. */
  readonly sources: number
  readonly ids: readonly string[]
  /** 0 for a.csv, 1 for b.csv. */
  readonly sourceOf: Uint8Array
  /** @returns the traits of a record as written; `record` is its number, those of a.csv first */
  readonly record: (record: number) => Traits
  /** True pairs: record numbers, in the order of links.csv. */
  readonly links: readonly (readonly [a: number, b: number])[]
  /** Pairs of two people who are easily taken for one, and why (kin.csv); none without the file. */
  readonly kin: readonly (readonly [a: number, b: number, kind: string])[]
}

const FieldsSchema = closed({
  id: Type.String({ minLength: 1 }),
  traits: closed(Object.fromEntries(TRAITS.map((trait) => [trait, Type.Optional(Type.String({ minLength: 1 }))]))),
  formats: Type.Optional(closed({ birth_date: Type.Optional(Type.Enum([...DATE_FORMATS])) })),
})

/** Values that decide which format a column of dates has, when fields.json does not say it. */
const SAMPLE = 2000

/**
 * @param dir folder of the data set
 * @param fieldsFile another file in place of `<dir>/fields.json`
 * @throws ConfigurationError with all that is wrong
 */
export function readDataSet(dir: string, fieldsFile = join(dir, 'fields.json')): DataSet {
  const problems: string[] = []
  const fields = readFields(fieldsFile, problems)
  const tables: Table[] = []
  for (const name of ['a.csv', ...(existsSync(join(dir, 'b.csv')) ? ['b.csv'] : [])]) {
    const table = readTable(join(dir, name), name, problems)
    if (table) tables.push(table)
  }
  const linkTable = readTable(join(dir, 'links.csv'), 'links.csv', problems)
  const kinTable = existsSync(join(dir, 'kin.csv')) ? readTable(join(dir, 'kin.csv'), 'kin.csv', problems) : undefined
  const columnsOf = (table: Table, name: string) => {
    const place = (column: string, what: string) => {
      const at = table.columns.indexOf(column)
      if (at < 0)
        problems.push(`${name}: column '${column}' (${what}) is missing${didYouMean(column, [...table.columns])}`)
      return at
    }
    const traits = Object.entries(fields?.traits ?? {}) as [Trait, string][]
    return {
      id: place(fields?.id ?? '', 'id'),
      traits: traits.map(([trait, column]) => [trait, place(column, trait)] as const),
    }
  }
  const columns = fields ? tables.map((table, at) => columnsOf(table, at === 0 ? 'a.csv' : 'b.csv')) : []
  if (fields && Object.keys(fields.traits).length === 0) problems.push('fields.json: traits: names no trait')
  if (problems.length > 0 || !fields || !linkTable) throw wrong(dir, problems)

  const ids: string[] = []
  const places: (readonly [table: number, row: number])[] = []
  const numbers = new Map<string, number>()
  tables.forEach((table, t) =>
    table.rows.forEach((row, r) => {
      const id = (row[columns[t]?.id ?? 0] ?? '').trim()
      const name = t === 0 ? 'a.csv' : 'b.csv'
      if (id === '') problems.push(`${name}: line ${r + 2}: column '${fields.id}' (id) is empty`)
      // Two sources may use the same ids: links.csv then names the one of a.csv first.
      else if (numbers.has(`${t}\0${id}`))
        problems.push(`${name}: line ${r + 2}: column '${fields.id}' (id) has a value twice`)
      numbers.set(`${t}\0${id}`, ids.length)
      ids.push(tables.length > 1 ? `${t === 0 ? 'a' : 'b'}:${id}` : id)
      places.push([t, r])
    }),
  )
  const links = readPairs('links.csv', linkTable, tables.length, numbers, problems).map(([a, b]) => [a, b] as const)
  const kin = kinTable ? readPairs('kin.csv', kinTable, tables.length, numbers, problems) : []
  if (ids.length < 2) problems.push('a.csv: fewer than two records')
  if (problems.length > 0) throw wrong(dir, problems)

  const record = (number: number): Traits => {
    const [t = 0, r = 0] = places[number] ?? []
    const row = tables[t]?.rows[r] ?? []
    return Object.fromEntries((columns[t]?.traits ?? []).map(([trait, at]) => [trait, row[at] ?? '']))
  }
  const traits = new Set(Object.keys(fields.traits) as Trait[])
  const dates = fields.formats?.birth_date ?? detectDateFormat(sampleOf(ids.length, (n) => record(n).birth_date ?? ''))
  return {
    traits,
    dates,
    sources: tables.length,
    ids,
    sourceOf: Uint8Array.from(places, ([t]) => t),
    record,
    links,
    kin,
  }
}

function wrong(dir: string, problems: readonly string[]): ConfigurationError {
  const shown = problems.slice(0, 20)
  const more = problems.length - shown.length
  return new ConfigurationError(`The data set ${dir} is wrong`, more > 0 ? [...shown, `and ${more} more`] : shown)
}

function readFields(file: string, problems: string[]) {
  const place = new Place(problems, 'fields.json')
  const text = readText(file)
  if (text === undefined) return place.say(`is missing or unreadable: ${file}`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return place.say('is not JSON')
  }
  return read(FieldsSchema, value, place).complete
}

function readTable(path: string, name: string, problems: string[]): Table | undefined {
  const text = readText(path)
  if (text === undefined) {
    problems.push(`${name}: is missing or unreadable`)
    return undefined
  }
  const table = parseCsv(text)
  if (table.columns.length === 0 || (table.columns.length === 1 && table.columns[0] === ''))
    problems.push(`${name}: is empty`)
  return table
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function readPairs(
  name: string,
  { columns, rows }: Table,
  sources: number,
  numbers: ReadonlyMap<string, number>,
  problems: string[],
): (readonly [number, number, string])[] {
  const find = (id: string | undefined, source: number) =>
    numbers.get(`${source}\0${(id ?? '').trim()}`) ?? numbers.get(`${1 - source}\0${(id ?? '').trim()}`)
  const pairs: (readonly [number, number, string])[] = []
  const isHeader = find(columns[0], 0) === undefined
  for (const [at, row] of [...(isHeader ? [] : [columns]), ...rows].entries()) {
    const a = find(row[0], 0)
    const b = find(row[1], sources - 1)
    if (a === undefined || b === undefined)
      problems.push(`${name}: line ${at + (isHeader ? 2 : 1)}: column ${a === undefined ? 1 : 2} is no id of a record`)
    else if (a !== b) pairs.push([a, b, row[2] ?? ''])
  }
  return pairs
}

function* sampleOf(size: number, value: (at: number) => string): Generator<string> {
  const step = Math.max(1, Math.floor(size / SAMPLE))
  for (let at = 0; at < size; at += step) yield value(at)
}
