/** Sends the files of an export: first the ids that references need are read, then each file, from its saved position. */

import { isUtf8 } from 'node:buffer'
import { ChainonError } from '#core/faults/errors.ts'
import { type Json, object, objects, text } from '#core/fhir/json.ts'
import type { SentFile } from '../push/follow-files.ts'
import type { Report } from '../push/report.ts'
import { type SendOptions, sendFile } from '../push/send.ts'
import type { Source } from '../push/source.ts'
import type { SourceRecord } from '../push/source-record.ts'
import type { BulkFile, Export } from './files.ts'
import { createNames, NAMED_TYPES, type Names, SENT_TYPES } from './resolve.ts'

export interface BulkRow {
  readonly file: string
  readonly accepted: number
  readonly rejected: number
}

export interface Brought {
  readonly rows: readonly BulkRow[]
  readonly sent: readonly SentFile[]
  /** What the server could not export, as it says. */
  readonly errors: number
}

/**
 * @param maxNames ids that are kept in memory
 * @throws ChainonError as `sendFile` does, and dependency-unavailable when a file cannot be read now: the same command continues
 */
export async function sendExport(
  { base, deleted, error, output }: Export,
  maxNames: number,
  options: Omit<SendOptions, 'feed' | 'contract'>,
): Promise<Brought> {
  const { report } = options
  const names = createNames(maxNames, base)
  for (const file of output) if (mayBeNamed(file.type)) await learn(file, names, report)
  const rows: BulkRow[] = []
  const sent: SentFile[] = []
  // Deletions are later than what they delete.
  const mapped = output.filter(({ type }) => type === '' || SENT_TYPES.includes(type))
  const others = new Set(output.filter((file) => !mapped.includes(file)).map(({ type }) => type))
  if (others.size > 0)
    report.say(`Not sent, as the gateway maps no such resources: ${[...others].toSorted().join(', ')}`)
  for (const [files, resolved] of [
    [ordered(mapped), names],
    [deleted, undefined],
  ] as const)
    for (const file of files) {
      const source = sourceOf(file, resolved)
      const { accepted, receipts, rejected } = await sendFile(source, {
        ...options,
        feed: undefined,
        contract: undefined,
      })
      rows.push({ file: file.name, accepted, rejected })
      sent.push({ source, receipts })
    }
  for (const [type, number] of names.unresolved)
    report.say(`References to ${type} that no file of the export has: ${number}${UNRESOLVED[type] ?? ''}`)
  let errors = 0
  for (const file of error) errors += await tellErrors(file, report)
  return { rows, sent, errors }
}

const UNRESOLVED: Readonly<Record<string, string>> = {
  Patient: '. These resources are refused (unresolved-reference)',
  Encounter: '. These records are of no stay',
  Medication: '. These resources are refused, without a code of the drug',
}

/** A file of a folder may not say what it has. */
const mayBeNamed = (type: string) => type === '' || NAMED_TYPES.includes(type)

/** What others refer to comes first, so that a warehouse that is read meanwhile has the patient before the results. */
function ordered(files: readonly BulkFile[]): readonly BulkFile[] {
  const rank = ({ type }: BulkFile) => (type === 'Patient' ? 0 : type === 'Encounter' ? 1 : 2)
  return files.toSorted((a, b) => rank(a) - rank(b))
}

async function learn(file: BulkFile, names: Names, report: Report): Promise<void> {
  let read = 0
  for await (const record of file.lines()) {
    const resource = resourceOf(record)
    if (resource) names.add(resource)
    if (++read % 5000 === 0) report.progress(`${file.name}: ids`, undefined, names.size, 0)
  }
}

function sourceOf(file: BulkFile, names: Names | undefined): Source {
  return {
    path: file.name,
    identity: file.identity,
    format: 'ndjson',
    size: undefined,
    modified: undefined,
    read: () => 0,
    pathOf: () => undefined,
    async *records() {
      for await (const record of file.lines()) yield names ? named(record, names) : record
    },
  }
}

/** A line that nothing is added to stays as it was written. */
function named(record: SourceRecord, names: Names): SourceRecord {
  const resource = resourceOf(record)
  const resolved = resource && names.resolve(resource)
  return resolved === undefined || resolved === resource
    ? record
    : { line: record.line, bytes: Buffer.from(JSON.stringify(resolved)) }
}

/** A number of this form may be larger than any that is written again. */
const LARGE = /\d[eE]\+?\d{3}/

/** @returns undefined for what is no object, or would be written in another way than it was: the gateway judges that line as it is */
function resourceOf(record: SourceRecord): Json | undefined {
  const { bytes } = record.refused ? { bytes: undefined } : record
  if (!bytes || !isUtf8(bytes)) return undefined
  const written = bytes.toString('utf8').replace(/^\uFEFF/, '')
  if (LARGE.test(written)) return undefined
  try {
    return object(JSON.parse(written))
  } catch {
    return undefined
  }
}

const CODE = /^[a-z-]{1,32}$/

/** Texts of an OperationOutcome may quote a patient: only its codes are shown. */
async function tellErrors(file: BulkFile, report: Report): Promise<number> {
  const counts = new Map<string, number>()
  for await (const record of file.lines())
    for (const issue of objects(resourceOf(record)?.issue)) {
      const codes = [text(issue.severity) ?? '', text(issue.code) ?? ''].map((code) =>
        CODE.test(code) ? code : 'other',
      )
      counts.set(codes.join(' '), (counts.get(codes.join(' ')) ?? 0) + 1)
    }
  for (const [codes, number] of counts) report.say(`${file.name}: the server reports ${codes}: ${number}`)
  return [...counts].reduce((sum, [codes, number]) => (codes.startsWith('information') ? sum : sum + number), 0)
}

/** @returns the error with how to go on */
export function again(error: unknown): unknown {
  if (
    !(error instanceof ChainonError) ||
    error.code !== 'dependency-unavailable' ||
    error.message.includes('same command')
  )
    return error
  return new ChainonError(error.code, `${error.message} The same command continues where it stopped.`, { cause: error })
}
