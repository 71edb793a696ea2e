/** The columns of a project's table: those that the file lists, after the decisions on potential identifiers. */
import { survivingFields } from '#core/contract/avro-schemas.ts'
import {
  type Decision,
  type Decisions,
  identifierOf,
  type PotentialIdentifier,
} from '#core/contract/potential-identifiers.ts'
import { type Column, columnsOf, literal, quote } from '#core/contract/table.ts'
import type { FeedContract, FieldContract } from '#core/contract/types.ts'
import { REGION_OF } from './regions.ts'

export type ThirdLevelDomain = 'person' | 'record' | 'encounter' | 'study' | 'series' | 'accession' | 'rss' | 'site'
/** What is replaced in a row: an identifier by a pseudonym, a date or time by one that is moved by the days of its person. */
export type Replaced = ThirdLevelDomain | 'shifted'

export interface OutputColumn {
  /** Name in the project's table. */
  readonly name: string
  readonly type: string
  readonly description: string
  /** Name in the warehouse. */
  readonly source: string
  /** SQL over the warehouse's view, aliased `f`, and the cohort, aliased `c`. */
  readonly expression: string
  /** Set for the columns whose values are replaced in this process. */
  readonly domain?: Replaced
  readonly decided?: { readonly identifier: PotentialIdentifier; readonly decision: Kept }
}

type Kept = Exclude<Decision, 'drop'>

export interface DroppedColumn {
  readonly source: string
  readonly identifier: PotentialIdentifier
}

export interface TableColumns {
  readonly kept: readonly OutputColumn[]
  readonly dropped: readonly DroppedColumn[]
}

/** Columns that are not fields of a contract, by the names that a file lists. */
const EXTRA: Readonly<Record<string, string>> = { site_code: '_producer', flags: '_flags' }

const PERSON: OutputColumn = {
  name: 'person_id',
  type: 'String',
  description:
    'Person: project pseudonym, the same in every table and hospital of this project and in no other project',
  source: 'person_id',
  expression: 'c.person_id',
  domain: 'person',
}

/** @returns name of the warehouse's column that contains the source patient */
export function subjectColumn(contract: FeedContract): string {
  return contract.fields.find((field) => field.name === contract.subject)?.as ?? contract.subject
}

/** @returns the names that a table of this feed may list */
export function selectableColumns(contract: FeedContract): readonly string[] {
  const fields = survivingFields(contract).filter(
    (field) => field.as !== subjectColumn(contract) && identifierOf(field) !== 'uncovered',
  )
  return ['person_id', ...fields.map((field) => field.as), ...Object.keys(EXTRA)]
}

/** @param names checked against `selectableColumns` before */
export function planColumns(contract: FeedContract, names: readonly string[], decisions: Decisions): TableColumns {
  const stored = new Map(columnsOf(contract).map((column) => [column.name, column]))
  const fields = new Map(survivingFields(contract).map((field) => [field.as, field]))
  const kept: OutputColumn[] = [PERSON]
  const dropped: DroppedColumn[] = []
  for (const name of names) {
    if (name === PERSON.name) continue
    const source = EXTRA[name] ?? name
    const column = stored.get(source)
    if (!column) throw new RangeError(`the feed ${contract.feed} has no column ${source}`)
    const field = fields.get(source)
    const identifier = field && identifierOf(field)
    if (identifier === 'uncovered')
      throw new RangeError(`${contract.feed}.${source} belongs to no potential identifier`)
    if (!field || !identifier) kept.push(plainColumn(name, column, field))
    else if (decisions[identifier] === 'drop' || isUnmovable(field, decisions[identifier]))
      dropped.push({ source, identifier })
    else kept.push(decidedColumn(column, field, identifier, decisions[identifier]))
  }
  return { kept, dropped }
}

function plainColumn(name: string, column: Column, field: FieldContract | undefined): OutputColumn {
  const base = {
    name,
    type: column.type,
    description: column.comment,
    source: column.name,
    expression: `f.${quote(column.name)}`,
  }
  if (column.name === '_producer')
    return { ...base, description: 'Producer, as a site code of this project', domain: 'site' }
  if (field?.privacy.action !== 'pseudonymise') return base
  const domain = field.privacy.domain === 'patient' ? 'person' : field.privacy.domain
  return { ...base, description: `${column.comment}: project pseudonym`, domain }
}

/** Truncation changes the content of a column, so it also changes its name: a year must not be mistaken for a month. */
function decidedColumn(
  column: Column,
  field: FieldContract,
  identifier: PotentialIdentifier,
  decision: Kept,
): OutputColumn {
  const source = `f.${quote(column.name)}`
  const decided = { identifier, decision }
  const base = {
    name: column.name,
    type: column.type,
    description: column.comment,
    source: column.name,
    expression: source,
    decided,
  }
  // An age band or a year of birth is as coarse already as truncation would leave it.
  if (decision === 'keep' || (field.privacy.action === 'generalise' && !PLACES.includes(field.privacy.to))) return base
  if (decision === 'shift') return shiftedColumn(base, field)
  const nullable = column.type.includes('Nullable(')
  const maybe = (type: string) => (nullable ? `Nullable(${type})` : type)
  switch (identifier) {
    case 'birth_year_month':
      return {
        ...base,
        name: renamed(column.name, /_month$/, '_year'),
        type: maybe('Int32'),
        description: `${column.comment}: the year`,
        expression: `toInt32(toYear(${source}))`,
      }
    case 'exact_care_dates':
    case 'exact_death_date':
      return {
        ...base,
        name: renamed(column.name, /_(at|on)$/, '_month'),
        type: maybe('Date32'),
        description: `${column.comment}: first day of the month`,
        // toStartOfMonth returns Date, which begins in 1970.
        expression: `makeDate32(toYear(${source}), toMonth(${source}), 1)`,
      }
    case 'residence_location':
    case 'death_location':
      return {
        ...base,
        name: renamed(column.name, /_(department|area)$/, '_region'),
        type: 'LowCardinality(Nullable(String))',
        description: `${column.comment}: the region, INSEE code`,
        // Of an area, `69-690`, the department stands before its postcodes.
        expression: `nullIf(transform(splitByChar('-', ifNull(toString(${source}), ''))[1], ${list([...REGION_OF.keys()])}, ${list([...REGION_OF.values()])}, ''), '')`,
      }
  }
}

const PLACES: readonly string[] = ['department', 'area']

/** The first day of a month, moved by some days, would say by how many. */
function isUnmovable({ privacy }: FieldContract, decision: Decision): boolean {
  return decision === 'shift' && privacy.action === 'truncate'
}

function shiftedColumn(base: OutputColumn, { precision }: FieldContract): OutputColumn {
  const isCoarse = precision === undefined ? '0' : `ifNull(toString(f.${quote(precision)}) IN ('year', 'month'), 0)`
  const onlyExact = precision === undefined ? '' : '; null where the source wrote only its month or year'
  return {
    ...base,
    name: renamed(base.name, /_(at|on)$/, '_shifted'),
    type: base.type.includes('Nullable(') ? base.type : `Nullable(${base.type})`,
    description: `${base.description}: moved by the same days as all dates of the person in this project${onlyExact}`,
    expression: `if(${isCoarse}, NULL, ${base.expression})`,
    domain: 'shifted',
  }
}

function renamed(name: string, suffix: RegExp, to: string): string {
  return suffix.test(name) ? name.replace(suffix, to) : `${name}${to}`
}

function list(values: readonly string[]): string {
  return `[${values.map(literal).join(',')}]`
}
