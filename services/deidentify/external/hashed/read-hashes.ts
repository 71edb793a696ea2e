/** Reads the list of a third party: a subject and a hash by line. A problem names line, column and rule; never a value. */
import { createReadStream, statSync } from 'node:fs'
import { cellDecoder } from '#core/csv/encoding.ts'
import { headerOf, openTable } from '#core/csv/records.ts'
import { rowsOf } from '#core/csv/rows.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { SUBJECT } from '#core/linkage/external.ts'
import { type HashForm, readHash } from '#core/linkage/hashed.ts'
import { normaliseNir } from '#core/linkage/normalise.ts'
import { isValidNir } from '#core/rules/check-digits.ts'

export interface HashedSubject {
  readonly subject: string
  /** 43 characters of base64url. */
  readonly hash: string
}

const COLUMNS = ['subject', 'hash'] as const
const MAX_ROW_BYTES = 64 * 1024
const MOST_PROBLEMS = 20
const MOST_SUBJECTS = 1_000_000
const WRITTEN: Readonly<Record<HashForm['encoding'], string>> = {
  hex: '64 hexadecimal digits',
  base64url: '43 characters of base64url',
}

/**
 * @param path CSV or TSV (any delimiter) with the columns `subject` and `hash`, and no other
 * @throws ConfigurationError that lists problems by line
 */
export async function readHashes(path: string, form: HashForm): Promise<readonly HashedSubject[]> {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) throw wrong(['it is not there, or is no file'])
  const { form: table, stream } = await openTable(createReadStream(path), {}, path)
  const decode = cellDecoder(table.encoding)
  const problems: string[] = []
  const lineOf = new Map<string, number>()
  const subjects: HashedSubject[] = []
  let header: readonly string[] | undefined
  for await (const row of rowsOf(stream, table.rows, MAX_ROW_BYTES)) {
    if (!header) {
      header = headerOf(row, decode, path)
      if (header.length !== COLUMNS.length || COLUMNS.some((name) => !header?.includes(name)))
        throw wrong([`its header must be ${COLUMNS.join(' and ')}, and nothing else: what is not needed is not given`])
      continue
    }
    const say = (problem: string) => problems.push(`line ${row.line}: ${problem}`)
    if (problems.length > MOST_PROBLEMS) break
    if (row.fault !== undefined || row.cells.length !== header.length) {
      say(row.fault === undefined ? 'it has not two cells (cell-count)' : `it cannot be read (${row.fault})`)
      continue
    }
    const cells = row.cells.map((cell) => decode(cell)?.trim() ?? '')
    const read = readRow(cells[header.indexOf('subject')] ?? '', cells[header.indexOf('hash')] ?? '', form)
    read.problems.forEach(say)
    // A hash may be there twice: of several subjects for one person none is linked.
    const before = read.subject === '' ? undefined : lineOf.get(read.subject)
    if (before !== undefined) say(`column subject: the subject of line ${before} is there again (duplicate-subject)`)
    lineOf.set(read.subject, row.line)
    subjects.push({ subject: read.subject, hash: read.hash })
    if (subjects.length > MOST_SUBJECTS) throw wrong([`it has more than ${MOST_SUBJECTS} subjects`])
  }
  if (problems.length > MOST_PROBLEMS) problems.splice(MOST_PROBLEMS, problems.length, 'and more')
  if (problems.length > 0) throw wrong(problems)
  return subjects
}

/** Pure. @returns empty texts for what has not its form */
function readRow(
  subject: string,
  hash: string,
  form: HashForm,
): HashedSubject & { readonly problems: readonly string[] } {
  const problems: string[] = []
  if (!new RegExp(SUBJECT).test(subject))
    problems.push(`column subject: 1 to 64 letters, digits and . _ - (${subject === '' ? 'required' : 'pattern'})`)
  else if (isValidNir(normaliseNir(subject)))
    problems.push('column subject: it is a national number; a project has numbers of its own (no-identifier)')
  if (isValidNir(normaliseNir(hash)))
    problems.push('column hash: it is a national number that nobody has hashed: destroy this file (no-identifier)')
  const read = readHash(form, hash)
  if (read === undefined) problems.push(`column hash: ${WRITTEN[form.encoding]} (form)`)
  return { subject: problems.length > 0 ? '' : subject, hash: read ?? '', problems }
}

function wrong(problems: readonly string[]): ConfigurationError {
  return new ConfigurationError('The list of the third party is not taken', problems)
}
