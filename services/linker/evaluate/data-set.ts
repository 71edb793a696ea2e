/**
 * A folder to evaluate the linkage on: `a.csv` and, when two sources are linked, `b.csv`; `links.csv`, the true pairs; `fields.json`, which
 * column is which trait. A message names file, column and rule, never a value.
 */
import { isUtf8 } from 'node:buffer'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Type from 'typebox'
import { ConfigurationError } from '#core/faults/errors.ts'
import { detectDateFormat } from '#core/linkage/birth-date.ts'
import { normaliseTraits } from '#core/linkage/normalise-traits.ts'
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
  /** Kinds of tokens that are used, to show what the others find; undefined: all. */
  readonly passes?: readonly string[]
  /** 1, or 2 when there is a b.csv. */
  readonly sources: number
  readonly ids: readonly string[]
  /** 0 for a.csv, 1 for b.csv. */
  readonly sourceOf: Uint8Array
  /** @returns the traits of a record as written; `record` is its number, those of a.csv first */
  readonly record: (record: number) => Traits
  /** True pairs: record numbers, in the order of links.csv. */
  readonly links: readonly (readonly [a: number, b: number])[]
  /** Of each trait, shares of a sample of the records: with something written, and with a value that is in a form that is known. */
  readonly completeness: Readonly<Partial<Record<Trait, Completeness>>>
  /** What was read otherwise than one may expect. */
  readonly notes: readonly string[]
  /** Pairs of two people who are easily taken for one, and why (kin.csv); none without the file. */
  readonly kin: readonly (readonly [a: number, b: number, kind: string])[]
}

export interface Completeness {
  readonly written: number
  readonly read: number
}

const FieldsSchema = closed({
  id: Type.String({ minLength: 1 }),
  traits: closed(Object.fromEntries(TRAITS.map((trait) => [trait, Type.Optional(Type.String({ minLength: 1 }))]))),
  formats: Type.Optional(closed({ birth_date: Type.Optional(Type.Enum([...DATE_FORMATS])) })),
})

/** Records that decide which format a column of dates has, when fields.json does not say it, and that tell how complete the traits are. */
const SAMPLE = 2000
/** From so many equal values on, and no other one, a trait says nothing of who is who. What people share at a place would be seen in all pairs. */
const CONSTANT = 50
/** So few of the values that are written are in a known form: the column, or its format, is another one than fields.json says. */
const FEW_READ = 0.5

/**
 * @param dir folder of the data set
 * @param fieldsFile another file in place of `<dir>/fields.json`
 * @throws ConfigurationError with all that is wrong
 */
export function readDataSet(dir: string, fieldsFile = join(dir, 'fields.json')): DataSet {
  const problems: string[] = []
  const notes: string[] = []
  const fields = readFields(fieldsFile, problems)
  const tables: Table[] = []
  for (const name of ['a.csv', ...(existsSync(join(dir, 'b.csv')) ? ['b.csv'] : [])]) {
    const table = readTable(join(dir, name), name, problems, notes)
    if (table) tables.push(table)
  }
  const linkTable = readTable(join(dir, 'links.csv'), 'links.csv', problems, notes)
  const kinTable = existsSync(join(dir, 'kin.csv'))
    ? readTable(join(dir, 'kin.csv'), 'kin.csv', problems, notes)
    : undefined
  const columnsOf = (table: Table, name: string) => {
    const place = (column: string, what: string) => {
      const at = table.columns.indexOf(column)
      if (at >= 0) return at
      const missing = `${name}: column '${column}' (${what}) is missing`
      if (what !== 'id' && tables.some(({ columns: others }) => others.includes(column)))
        notes.push(`${missing}: its records have none`)
      else problems.push(`${missing}${didYouMean(column, [...table.columns])}`)
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
  const sample = sampleOf(ids.length)
  const traits = new Set(Object.keys(fields.traits) as Trait[])
  for (const trait of constantTraits(traits, sample.map(record))) {
    traits.delete(trait)
    notes.push(`${trait}: all records have one value: it is not compared`)
  }
  const dates = fields.formats?.birth_date ?? detectDateFormat(sample.map((n) => record(n).birth_date ?? ''))
  const completeness = completenessOf(traits, sample.map(record), dates)
  for (const [trait, { written, read: known }] of Object.entries(completeness))
    if (known < FEW_READ * written)
      notes.push(`${trait}: most values are in no form that is known: they count as missing`)
  return {
    traits,
    dates,
    completeness,
    notes,
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
    value = JSON.parse(text.replace(/^\ufeff/, ''))
  } catch {
    return place.say('is not JSON')
  }
  return read(FieldsSchema, value, place).complete
}

function readTable(path: string, name: string, problems: string[], notes: string[]): Table | undefined {
  const text = readText(path, () => notes.push(`${name}: is not UTF-8: read as windows-1252`))
  if (text === undefined) {
    problems.push(`${name}: is missing or unreadable`)
    return undefined
  }
  const table = parseCsv(text)
  const isEmpty = table.columns.length === 0 || (table.columns.length === 1 && table.columns[0] === '')
  // Without a true pair links.csv has nothing to say.
  if (isEmpty && name !== 'links.csv') problems.push(`${name}: is empty`)
  return table
}

function readText(path: string, onOtherEncoding: () => void = () => undefined): string | undefined {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch {
    return undefined
  }
  if (isUtf8(bytes)) return bytes.toString()
  onOtherEncoding()
  return new TextDecoder('windows-1252').decode(bytes)
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

/** @returns numbers of records, over the whole set */
function sampleOf(size: number): number[] {
  const step = Math.max(1, Math.floor(size / SAMPLE))
  return Array.from({ length: Math.ceil(size / step) }, (_, at) => at * step)
}

function constantTraits(traits: ReadonlySet<Trait>, sample: readonly Traits[]): Trait[] {
  return [...traits].filter((trait) => {
    const values = sample.map((written) => (written[trait] ?? '').trim().toUpperCase()).filter((value) => value !== '')
    return values.length >= CONSTANT && new Set(values).size === 1
  })
}

function completenessOf(traits: ReadonlySet<Trait>, sample: readonly Traits[], dates: DateFormat) {
  const normal = sample.map((written) => normaliseTraits(written, dates))
  const share = (count: number) => Math.round((count / sample.length) * 1000) / 1000
  const of = (trait: Trait): Completeness => ({
    written: share(sample.filter((written) => (written[trait] ?? '').trim() !== '').length),
    read: share(normal.filter((known) => known[trait] !== undefined).length),
  })
  return Object.fromEntries([...traits].map((trait) => [trait, of(trait)] as const))
}
