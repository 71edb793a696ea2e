/** Reads the subjects of a cohort with their traits. A problem names line, column and rule; never a value. */
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { parseCalendarDate } from '#core/contract/calendar.ts'
import type { FeedContract } from '#core/contract/types.ts'
import type { Converted } from '#core/csv/convert.ts'
import { cellDecoder } from '#core/csv/encoding.ts'
import { linesOf } from '#core/csv/lines.ts'
import { parseMapping } from '#core/csv/mapping.ts'
import type { MappingFile } from '#core/csv/mapping-schema.ts'
import { headerOf, openTable, tableRecords } from '#core/csv/records.ts'
import { rowsOf } from '#core/csv/rows.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { SUBJECT } from '#core/linkage/external.ts'
import { normaliseNir } from '#core/linkage/normalise.ts'
import { isValidNir } from '#core/rules/check-digits.ts'

export interface SubjectRecord {
  readonly subject: string
  /** Values of the feed's fields that the linkage reads. */
  readonly record: Readonly<Record<string, unknown>>
}

interface Line {
  readonly line: number
  readonly converted: Converted
}

const COLUMN = 'subject'
const MAX_LINE_BYTES = 64 * 1024
const MOST_PROBLEMS = 20
const MOST_SUBJECTS = 1_000_000

/**
 * @param path CSV, TSV (any delimiter), or NDJSON: columns `subject` and names of fields that the linkage reads
 * @param mapping of the columns to fields, as `chainon push --mapping` has it; its `record_id` is the subject
 * @throws ConfigurationError that lists problems by line
 */
export async function readSubjects(
  path: string,
  contract: FeedContract,
  mapping: string | undefined,
): Promise<readonly SubjectRecord[]> {
  const check = subjectChecker(contract)
  const lineOf = new Map<string, number>()
  const subjects: SubjectRecord[] = []
  const problems: string[] = []
  for await (const { line, converted } of linesIn(path, contract, mapping)) {
    const found = check(converted)
    const subject = 'subject' in found ? found.subject : undefined
    const before = subject === undefined ? undefined : lineOf.get(subject)
    const own = [
      ...('problems' in found ? found.problems : []),
      ...(before === undefined
        ? []
        : [`column ${COLUMN}: the subject of line ${before} is there again (duplicate-subject)`]),
    ]
    problems.push(...own.map((problem) => `line ${line}: ${problem}`))
    if (problems.length > MOST_PROBLEMS) break
    if (own.length > 0 || !('subject' in found)) continue
    lineOf.set(found.subject, line)
    subjects.push(found)
    if (subjects.length > MOST_SUBJECTS) throw wrong([`it has more than ${MOST_SUBJECTS} subjects`])
  }
  if (problems.length > MOST_PROBLEMS) problems.splice(MOST_PROBLEMS, problems.length, 'and more')
  if (problems.length > 0) throw wrong(problems)
  return subjects
}

async function* linesIn(path: string, contract: FeedContract, mapping: string | undefined): AsyncGenerator<Line> {
  if (/\.(nd)?jsonl?$/i.test(path)) {
    yield* jsonLines(path, contract)
    return
  }
  const plan = mapping === undefined ? await ownMapping(path, contract) : givenMapping(mapping, contract)
  yield* tableRecords(createReadStream(path), plan, contract, path, () => undefined)
}

function givenMapping(path: string, contract: FeedContract): MappingFile {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) throw wrong(['the mapping is not there, or is no file'])
  // A cohort has no patient number, and no time of change.
  const optional = { ...contract, fields: contract.fields.map((field) => ({ ...field, nullable: true })) }
  const mapping = parseMapping(readFileSync(path, 'utf8'), optional)
  const linked = new Set(fieldsOf(contract).keys())
  // What the linkage does not read is not read here either.
  const fields = mapping.fields.filter(({ field }) => field === 'record_id' || linked.has(field))
  if (!fields.some(({ field }) => field === 'record_id'))
    throw wrong(['the mapping has no record_id, which is the subject'])
  return { ...mapping, fields }
}

/** The columns have the names of fields. */
async function ownMapping(path: string, contract: FeedContract): Promise<MappingFile> {
  const { form, stream } = await openTable(createReadStream(path), {}, path)
  const rows = rowsOf(stream, form.rows, MAX_LINE_BYTES)
  const first = await rows.next()
  const header = first.done ? [] : headerOf(first.value, cellDecoder(form.encoding), path)
  const fields = fieldsOf(contract)
  const known = header.filter((name) => fields.has(name))
  if (!header.includes(COLUMN) || known.length === 0)
    throw wrong([
      `${path}: the header must have the column ${COLUMN} and some of ${[...fields.keys()].join(', ')}; or give --mapping`,
    ])
  const sources = known.map((name) => ({ field: name, column: name }))
  return { feed: contract.feed, trim: true, fields: [{ field: 'record_id', column: COLUMN }, ...sources] }
}

async function* jsonLines(path: string, contract: FeedContract): AsyncGenerator<Line> {
  const fields = fieldsOf(contract)
  for await (const { number, text } of linesOf(createReadStream(path), '\n', MAX_LINE_BYTES)) {
    const bytes = text === undefined ? undefined : Buffer.from(text, 'latin1').toString('utf8').trim()
    if (bytes === '') continue
    const value = objectOf(bytes)
    if (value === undefined) {
      yield {
        line: number,
        converted: { refused: [{ pointer: '', rule: 'malformed-json', detail: 'the line is no JSON object' }] },
      }
      continue
    }
    const record: Record<string, unknown> = {}
    for (const [name, given] of Object.entries(value)) {
      const field = name === COLUMN ? 'record_id' : fields.has(name) ? name : undefined
      if (field !== undefined && (typeof given === 'string' || typeof given === 'number') && given !== '')
        record[field] = String(given)
    }
    yield { line: number, converted: { record } }
  }
}

function objectOf(text: string | undefined): object | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

type Checked = SubjectRecord | { readonly problems: readonly string[] }

/** Pure. */
function subjectChecker(contract: FeedContract): (converted: Converted) => Checked {
  const fields = fieldsOf(contract)
  const pattern = new RegExp(SUBJECT)
  return function checkSubject(converted) {
    if ('refused' in converted)
      return {
        problems: converted.refused.map(({ path, rule, detail }) => `${path ?? 'the line'}: ${detail} (${rule})`),
      }
    const { record_id: given, ...values } = converted.record
    const subject = given === undefined ? '' : String(given)
    const problems: string[] = []
    if (!pattern.test(subject))
      problems.push(`column ${COLUMN}: 1 to 64 letters, digits and . _ - (${subject === '' ? 'required' : 'pattern'})`)
    else if (isValidNir(normaliseNir(subject)))
      problems.push(`column ${COLUMN}: it is a national number; a project has numbers of its own (no-identifier)`)
    const record: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(values)) {
      const field = fields.get(name)
      if (!field) continue
      const text = String(value)
      const day = field.kind === 'date' ? parseCalendarDate(text) : undefined
      if (field.kind === 'date' && day === undefined)
        problems.push(`column ${name}: a date YYYY-MM-DD of the calendar (date)`)
      else if (field.kind === 'enum' && !field.symbols.includes(text))
        problems.push(`column ${name}: one of ${field.symbols.join(', ')} (enum)`)
      else if (text.length > field.maxLength)
        problems.push(`column ${name}: longer than ${field.maxLength} (max-length)`)
      else record[name] = day ?? text
    }
    return problems.length > 0 ? { problems } : { subject, record }
  }
}

/** @returns the fields that the linkage reads, by name */
function fieldsOf(contract: FeedContract): ReadonlyMap<string, FeedContract['fields'][number]> {
  return new Map(
    contract.fields.flatMap((field) => (field.linkage === undefined ? [] : [[field.name, field] as const])),
  )
}

function wrong(problems: readonly string[]): ConfigurationError {
  return new ConfigurationError('The file of the cohort is not taken', problems)
}
