/** The files of an export as sources of `push`: first the ids that references need are read, then each file is sent with its references resolved. */

import { isUtf8 } from 'node:buffer'
import { type Json, object } from '#core/fhir/json.ts'
import type { Report } from '../push/report.ts'
import type { Source } from '../push/source.ts'
import type { SourceRecord } from '../push/source-record.ts'
import type { BulkFile } from './files.ts'
import { createNames, NAMED_TYPES, type Names, SENT_TYPES } from './resolve.ts'

export interface JoinedFiles {
  /** What others refer to comes first. */
  readonly sources: readonly Source[]
  /** Says which references no file has, once the sources are read. */
  tellUnresolved(): void
}

/**
 * @param maxNames ids that are kept in memory
 * @param base of the server, where it is known
 * @throws ChainonError too-many-records, and dependency-unavailable when a file cannot be read now
 */
export async function joinFiles(
  files: readonly BulkFile[],
  {
    maxNames,
    base,
    report,
  }: { readonly maxNames: number; readonly base?: string | undefined; readonly report: Report },
): Promise<JoinedFiles> {
  const names = createNames(maxNames, base)
  for (const file of files) if (mayBeNamed(file.type)) await learn(file, names, report)
  const mapped = files.filter(({ type }) => type === '' || SENT_TYPES.includes(type))
  const others = new Set(files.filter((file) => !mapped.includes(file)).map(({ type }) => type))
  if (others.size > 0)
    report.say(`Not sent, as the gateway maps no such resources: ${[...others].toSorted().join(', ')}`)
  return {
    sources: ordered(mapped).map((file) => sourceOf(file, names)),
    tellUnresolved() {
      for (const [type, number] of names.unresolved)
        report.say(`References to ${type} that no file of the export has: ${number}${UNRESOLVED[type] ?? ''}`)
    },
  }
}

const UNRESOLVED: Readonly<Record<string, string>> = {
  Patient: '. These resources are refused (unresolved-reference)',
  Encounter: '. These records are of no stay',
  Medication: '. These resources are refused, without a code of the drug',
}

/** @returns whether resources of the type are sent, or named by others */
export const isTypeOfExport = (type: string) => SENT_TYPES.includes(type) || NAMED_TYPES.includes(type)

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

/** @param names that its references get; none: each line is sent as it was written */
export function sourceOf(file: BulkFile, names?: Names): Source {
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
export function resourceOf(record: SourceRecord): Json | undefined {
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
