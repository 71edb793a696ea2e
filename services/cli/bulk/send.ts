/** Sends the files of an export, joined (join.ts), each from its saved position. */

import { ChainonError } from '#core/faults/errors.ts'
import { objects, text } from '#core/fhir/json.ts'
import type { SentFile } from '../push/follow-files.ts'
import type { Report } from '../push/report.ts'
import { type SendOptions, sendFile } from '../push/send.ts'
import type { BulkFile, Export } from './files.ts'
import { joinFiles, resourceOf, sourceOf } from './join.ts'

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
  const rows: BulkRow[] = []
  const sent: SentFile[] = []
  const joined = await joinFiles(output, { maxNames, base, report })
  // Deletions are later than what they delete.
  for (const source of [...joined.sources, ...deleted.map((file) => sourceOf(file))]) {
    const { accepted, receipts, rejected } = await sendFile(source, {
      ...options,
      feed: undefined,
      contract: undefined,
    })
    rows.push({ file: source.path, accepted, rejected })
    sent.push({ source, receipts })
  }
  joined.tellUnresolved()
  let errors = 0
  for (const file of error) errors += await tellErrors(file, report)
  return { rows, sent, errors }
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
