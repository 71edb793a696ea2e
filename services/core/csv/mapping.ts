/** A mapping file: which column of a table becomes which field of a feed. Read strictly, with all problems at once. */
import type { FeedContract, FieldContract } from '../contract/types.ts'
import { ConfigurationError } from '../faults/errors.ts'
import { didYouMean } from '../schema/nearest.ts'
import { Place } from '../schema/place.ts'
import { read } from '../schema/read.ts'
import { readYaml } from '../schema/read-yaml.ts'
import { dateForm } from './date-form.ts'
import { type FieldSource, MappingFile } from './mapping-schema.ts'

/** Kinds of values that a date of the file can become; a `long` has milliseconds since 1970, for a version. */
const DATED = ['date', 'timestamp', 'long']

/**
 * @param text YAML 1.2
 * @param contract of the feed that the records are for
 * @throws ConfigurationError that lists every problem with its place in the file
 */
export function parseMapping(text: string, contract: FeedContract): MappingFile {
  const file = new Place([])
  const raw = readYaml(text, file)
  const mapping = file.problems.length === 0 ? read(MappingFile, raw, file).complete : undefined
  if (mapping) checkAgainst(contract, mapping, file)
  if (!mapping || file.problems.length > 0) throw new ConfigurationError('The mapping is wrong', file.problems)
  return mapping
}

function checkAgainst(contract: FeedContract, mapping: MappingFile, file: Place): void {
  if (mapping.feed !== contract.feed) file.key('feed').say(`the mapping is not for the feed ${contract.feed}`)
  checkPositions(mapping, file)
  const known = new Map(contract.fields.map((field) => [field.name, field]))
  const mapped = new Set<string>()
  for (const source of mapping.fields) {
    const place = file.named(`field '${/^\w{1,80}$/.test(source.field) ? source.field : '?'}'`)
    const field = known.get(source.field)
    if (!field) place.say(`${contract.feed} has no such field${didYouMean(source.field, [...known.keys()])}`)
    else checkSource(source, field, mapping, place)
    if (mapped.has(source.field)) place.say('is there twice')
    mapped.add(source.field)
  }
  for (const { name, nullable, default: given } of contract.fields)
    if (!nullable && given === undefined && !mapped.has(name))
      file.say(`${contract.feed} requires '${name}': no column or constant is mapped to it`)
}

function checkPositions({ positions, delimiter, header, quotes }: MappingFile, file: Place): void {
  if (positions === undefined) return
  if ([delimiter, header, quotes].some((one) => one !== undefined))
    file.key('positions').say('a file with positions has no delimiter, quotes or header')
  const names = new Set<string>()
  for (const { column, from, to } of positions) {
    const place = file.named(`column '${column}'`)
    if (to < from) place.say('ends before it begins')
    if (names.has(column)) place.say('is there twice')
    names.add(column)
  }
}

function checkSource(source: FieldSource, field: FieldContract, mapping: MappingFile, place: Place): void {
  const { column, columns, constant, format, join, values } = source
  if ([column, columns, constant].filter((one) => one !== undefined).length !== 1)
    place.say('needs one of column, columns, constant')
  if (columns !== undefined && columns.length > 1 && join === undefined)
    place.say("needs 'join', the text between the columns")
  if (columns === undefined && join !== undefined) place.say("'join' is for 'columns'")
  if (constant !== undefined && (format !== undefined || values !== undefined))
    place.say('a constant has neither format nor values')
  if (format !== undefined && !DATED.includes(field.kind))
    place.say('only a date, a timestamp or a version has a format')
  if (field.kind === 'timestamp' && constant === undefined && values === undefined) {
    const form = dateForm(format ?? '')
    if (form?.hasTime && !form.hasOffset && mapping.time_zone === undefined)
      place.say("needs 'time_zone' at the top: its format has no offset (Z)")
    if (form && !form.precise && field.precision === undefined)
      place.say('needs a format with hour and minute: a time of day is not invented')
  }
  if (
    field.kind === 'long' &&
    format !== undefined &&
    mapping.time_zone === undefined &&
    !dateForm(format)?.hasOffset &&
    dateForm(format)?.hasTime
  )
    place.say("needs 'time_zone' at the top: its format has no offset (Z)")
}

/** @returns the columns that the field is made of */
export function columnsOf(source: FieldSource): readonly string[] {
  return source.columns ?? (source.column === undefined ? [] : [source.column])
}
