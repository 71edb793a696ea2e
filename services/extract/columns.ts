/** The columns of a project's table: those that the file lists, after the decisions on potential identifiers. */
import { survivingFields } from '#core/contract/avro-schemas.ts'
import {
  type Decision,
  type Decisions,
  identifierOf,
  type PotentialIdentifier,
} from '#core/contract/potential-identifiers.ts'
import { type Column, columnsOf, quote } from '#core/contract/table.ts'
import type { FeedContract, FieldContract } from '#core/contract/types.ts'
import { coarsened, levelOf, renamed } from './coarser.ts'

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

/** Columns that are made coarser, or left out, beyond the decisions: by their names in the warehouse. */
export interface Lost {
  readonly without: ReadonlySet<string>
  /** How many steps coarser. */
  readonly coarser: ReadonlyMap<string, number>
}

const NOTHING_LOST: Lost = { without: new Set(), coarser: new Map() }

/** @param names checked against `selectableColumns` before */
export function planColumns(
  contract: FeedContract,
  names: readonly string[],
  decisions: Decisions,
  lost: Lost = NOTHING_LOST,
): TableColumns {
  const stored = new Map(columnsOf(contract).map((column) => [column.name, column]))
  const fields = new Map(survivingFields(contract).map((field) => [field.as, field]))
  const kept: OutputColumn[] = [PERSON]
  const dropped: DroppedColumn[] = []
  for (const name of names) {
    if (name === PERSON.name || lost.without.has(name)) continue
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
    else kept.push(decidedColumn(column, field, identifier, decisions[identifier], lost.coarser.get(name) ?? 0))
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

function decidedColumn(
  column: Column,
  field: FieldContract,
  identifier: PotentialIdentifier,
  decision: Kept,
  times: number,
): OutputColumn {
  const source = `f.${quote(column.name)}`
  const base = {
    name: column.name,
    type: column.type,
    description: column.comment,
    source: column.name,
    expression: source,
    decided: { identifier, decision },
  }
  if (decision === 'shift') return shiftedColumn(base, field)
  // An age band or a year of birth is as coarse already as truncation would leave it.
  const level = levelOf(field, identifier, decision, times)
  if (level === undefined) return base
  const { left, ...coarse } = coarsened(column, level, source)
  return {
    ...base,
    ...coarse,
    description: `${column.comment}: ${left}`,
    decided: { identifier, decision: 'truncate' },
  }
}

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
