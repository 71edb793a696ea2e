/** Reads a cohort with its criteria (CSV, TSV): a subject by line. A problem names line, column and rule; never a value. */
import { createReadStream } from 'node:fs'
import { cellDecoder } from '#core/csv/encoding.ts'
import { headerOf, openTable } from '#core/csv/records.ts'
import { rowsOf } from '#core/csv/rows.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { SUBJECT } from '#core/linkage/external.ts'
import { didYouMean } from '#core/schema/nearest.ts'
import { type Criterion, comparedValue } from './criteria.ts'

export interface CriteriaOfSubject {
  readonly subject: string
  /** Of each criterion of the file, in its order; empty: not known. Several: each of them is in a record of the feed that has the others. */
  readonly values: readonly (readonly string[])[]
}

export interface CriteriaFile {
  readonly criteria: readonly Criterion[]
  readonly subjects: readonly CriteriaOfSubject[]
}

const COLUMN = 'subject'
const SEVERAL = '|'
const MAX_ROW_BYTES = 64 * 1024
const MOST_PROBLEMS = 20
const MOST_VALUES = 50
const MOST_SUBJECTS = 1_000_000

/** @throws ConfigurationError that lists problems by line */
export async function readCriteria(path: string, declared: readonly Criterion[]): Promise<CriteriaFile> {
  const { form, stream } = await openTable(createReadStream(path), {}, path)
  const decode = cellDecoder(form.encoding)
  const problems: string[] = []
  const lineOf = new Map<string, number>()
  const subjects: CriteriaOfSubject[] = []
  let header: readonly string[] | undefined
  let read: ((cells: readonly (string | undefined)[]) => Read) | undefined
  for await (const row of rowsOf(stream, form.rows, MAX_ROW_BYTES)) {
    if (!header || !read) {
      header = headerOf(row, decode, path)
      read = rowReader(header, declared)
      continue
    }
    const say = (problem: string) => problems.push(`line ${row.line}: ${problem}`)
    if (problems.length > MOST_PROBLEMS) break
    if (row.fault !== undefined) say(`a row that cannot be read (${row.fault})`)
    else if (row.cells.length !== header.length)
      say(`${row.cells.length} cells, and the header has ${header.length} (cell-count)`)
    else {
      const one = read(row.cells.map((cell) => decode(cell)?.trim()))
      const before = lineOf.get(one.subject)
      one.problems.forEach(say)
      if (before !== undefined)
        say(`column ${COLUMN}: the subject of line ${before} is there again (duplicate-subject)`)
      lineOf.set(one.subject, row.line)
      subjects.push({ subject: one.subject, values: one.values })
      if (subjects.length > MOST_SUBJECTS) throw wrong([`it has more than ${MOST_SUBJECTS} subjects`])
    }
  }
  if (problems.length > MOST_PROBLEMS) problems.splice(MOST_PROBLEMS, problems.length, 'and more')
  if (problems.length > 0) throw wrong(problems)
  return { criteria: declared.filter(({ name }) => header?.includes(name)), subjects }
}

interface Read extends CriteriaOfSubject {
  readonly problems: readonly string[]
}

function rowReader(
  header: readonly string[],
  declared: readonly Criterion[],
): (cells: readonly (string | undefined)[]) => Read {
  const names = declared.map(({ name }) => name)
  const unknown = header.filter((name) => name !== COLUMN && !names.includes(name))
  const twice = header.filter((name, at) => header.indexOf(name) !== at)
  const lacking = header.includes(COLUMN) ? [] : [`the header has no column ${COLUMN}`]
  const problems = [
    ...lacking,
    ...unknown.map(
      (_, at) =>
        `column ${header.indexOf(unknown[at] ?? '') + 1} of the header is no criterion of the project file${didYouMean(unknown[at] ?? '', names)}`,
    ),
    ...new Set(twice.map((name) => `column ${header.indexOf(name) + 1} of the header is there twice`)),
  ]
  if (problems.length > 0) throw wrong(problems)
  const criteria = declared.filter(({ name }) => header.includes(name))
  const places = criteria.map(({ name }) => header.indexOf(name))
  return function readRow(cells) {
    const found: string[] = []
    const subject = cells[header.indexOf(COLUMN)] ?? ''
    if (!new RegExp(SUBJECT).test(subject))
      found.push(`column ${COLUMN}: 1 to 64 letters, digits and . _ - (${subject === '' ? 'required' : 'pattern'})`)
    const values = criteria.map((criterion, at) => {
      const cell = cells[places[at] as number]
      if (cell === undefined)
        found.push(`column ${criterion.name}: bytes that are not in the encoding of the file (charset)`)
      return (cell ?? '')
        .split(SEVERAL)
        .map((part) => part.trim())
        .filter((part) => part !== '')
        .flatMap((part) => {
          const compared = comparedValue(criterion, part)
          if ('rule' in compared) found.push(`column ${criterion.name}: ${compared.rule}`)
          return 'rule' in compared ? [] : [compared.value]
        })
    })
    for (const feed of new Set(criteria.map((criterion) => criterion.feed))) {
      const several = criteria.filter((criterion, at) => criterion.feed === feed && (values[at]?.length ?? 0) > 1)
      if (several.length > 1)
        found.push(
          `columns ${several.map(({ name }) => name).join(', ')}: one of a feed may have several values (several)`,
        )
    }
    if (values.some((own) => own.length > MOST_VALUES))
      found.push(`more than ${MOST_VALUES} values in a cell (several)`)
    return { subject, values: values.map((own) => [...new Set(own)]), problems: found }
  }
}

function wrong(problems: readonly string[]): ConfigurationError {
  return new ConfigurationError('The file of the cohort is not taken', problems)
}
