/** A mapping proposed from the names of columns and from the values seen in them. It is read by a person before it is used. */
import type { FeedContract, FieldContract } from '#core/contract/types.ts'
import type { FieldSource, MappingFile } from '#core/csv/mapping-schema.ts'
import { canonicalCode } from '#core/guards/canonical.ts'
import { CODE_SYSTEMS, type CodeSystemName } from '#core/guards/code-systems.ts'
import { nameScore } from './names.ts'
import { dateFormOf, numberFormOf } from './observe.ts'
import { translate } from './words.ts'

export interface Column {
  readonly name: string
  /** Values of the sample that are not empty. */
  readonly values: readonly string[]
  /** Rows of the sample. */
  readonly rows: number
}

export interface Proposal {
  readonly mapping: MappingFile
  /** Fields that the feed requires, and that nothing is proposed for. */
  readonly missing: readonly string[]
  /** Columns that no field is proposed for. */
  readonly unmapped: readonly string[]
  /** What the person who reads it should look at; names of fields and columns, never a value. */
  readonly notes: readonly string[]
}

/** Below it a name says another thing. */
const LOWEST_SCORE = 0.55
/** A form is that of a column when it fits this share of its values; the preview then shows the others as refused. */
const SHARE = 0.9

/** @param zone for times without an offset, an IANA name */
export function proposeMapping(contract: FeedContract, columns: readonly Column[], zone: string): Proposal {
  const notes: string[] = []
  const pairs = contract.fields
    .flatMap((field) => columns.map((column) => ({ field, column, score: nameScore(column.name, field.name) })))
    .filter(({ score }) => score >= LOWEST_SCORE)
    .sort((a, b) => b.score - a.score)
  const sources = new Map<string, FieldSource>()
  const used = new Set<string>()
  for (const { field, column } of pairs) {
    if (sources.has(field.name) || used.has(column.name)) continue
    const source = sourceOf(field, column, notes)
    if (!source) continue
    sources.set(field.name, source)
    used.add(column.name)
  }
  proposeSystem(contract, columns, sources, notes)
  proposeId(contract, columns, sources, notes)
  const fields = contract.fields.flatMap(({ name }) => sources.get(name) ?? [])
  const decimal = columns.filter(({ name }) => used.has(name)).some(({ values }) => numberFormOf(values) === ',')
  const timed = fields.some(({ format }) => format !== undefined && /H/.test(format) && !format.includes('Z'))
  return {
    mapping: {
      feed: contract.feed,
      ...(decimal ? { decimal: ',' as const } : {}),
      ...(timed ? { time_zone: zone } : {}),
      ...(columns.some(({ values }) => values.some((value) => value !== value.trim())) ? { trim: true } : {}),
      fields,
    },
    missing: contract.fields
      .filter(({ name, nullable, default: given }) => !nullable && given === undefined && !sources.has(name))
      .map(({ name }) => name),
    unmapped: columns.map(({ name }) => name).filter((name) => name !== '' && !used.has(name)),
    notes,
  }
}

/** @returns undefined when the values of the column cannot be those of the field */
function sourceOf(field: FieldContract, column: Column, notes: string[]): FieldSource | undefined {
  const source = { field: field.name, column: column.name }
  const values = column.values.map((value) => value.trim())
  if (values.length === 0) return source
  switch (field.kind) {
    case 'date':
    case 'timestamp': {
      const found = dateFormOf(values, field.kind, field.kind === 'date' || field.precision !== undefined)
      if (found === undefined) return undefined
      if (found.alsoMonthFirst)
        notes.push(
          `column ${column.name}: every date seen can also be read month first; check the format of '${field.name}'`,
        )
      return found.format === undefined ? source : { ...source, format: found.format }
    }
    case 'double':
    case 'integer':
    case 'long': {
      if (values.filter((value) => /^[+-]?\d+(?:[.,]\d+)?$/.test(value)).length >= SHARE * values.length) return source
      const found = field.kind === 'long' ? dateFormOf(values, 'timestamp', false) : undefined
      return found?.format === undefined ? undefined : { ...source, format: found.format }
    }
    case 'enum':
    case 'boolean': {
      const different = new Set(column.values)
      const { values: known, untranslated } = translate(field, different)
      if (untranslated === different.size) return undefined
      if (untranslated > 0)
        notes.push(
          `column ${column.name}: ${untranslated} of ${different.size} different values have no known meaning; add them to 'values' of '${field.name}'`,
        )
      return Object.keys(known).length === 0 ? source : { ...source, values: known }
    }
    case 'string':
      return values.some((value) => value.length > field.maxLength) ? undefined : source
  }
}

/** Proposes the code system of a code from the form of its values. */
function proposeSystem(
  contract: FeedContract,
  columns: readonly Column[],
  sources: Map<string, FieldSource>,
  notes: string[],
): void {
  for (const system of contract.fields) {
    const codes = sources.get(system.name.replace(/_system$/, ''))?.column
    if (!system.name.endsWith('_system') || sources.has(system.name)) continue
    const column = columns.find(({ name }) => name === (codes ?? sources.get('code')?.column))
    if (!column || (codes === undefined && system.name !== 'code_system') || column.values.length === 0) continue
    const symbol = system.symbols.find((name) => accepted(name, column.values) >= SHARE)
    if (symbol === undefined) continue
    sources.set(system.name, { field: system.name, constant: symbol })
    notes.push(`'${system.name}': the values of column ${column.name} have the form of ${symbol}`)
  }
}

function accepted(system: string, values: readonly string[]): number {
  if (!Object.hasOwn(CODE_SYSTEMS, system)) return 0
  const name = system as CodeSystemName
  return values.filter((value) => CODE_SYSTEMS[name].accepts(canonicalCode(name, value.trim()))).length / values.length
}

/** Where no column names the record, a patient's or a stay's own number does, if it comes once. */
function proposeId(
  contract: FeedContract,
  columns: readonly Column[],
  sources: Map<string, FieldSource>,
  notes: string[],
): void {
  const [id = ''] = contract.key.filter((name) => name === 'record_id')
  if (id === '' || sources.has(id)) return
  for (const from of [contract.subject, 'encounter_nda']) {
    const column = columns.find(({ name }) => name === sources.get(from)?.column)
    if (!column || column.values.length < column.rows || new Set(column.values).size < column.values.length) continue
    sources.set(id, { field: id, column: column.name })
    notes.push(
      `'${id}': column ${column.name} comes once in the rows that were read; if it does not name a record, choose others (columns and join)`,
    )
    return
  }
}
