/** Gathers records into the bodies of requests: bounded in records and in bytes, the same for the same file and options. */
import type { Refusal } from '#core/csv/refusal.ts'
import type { SourceRecord } from './source-record.ts'

export interface SourceBatch {
  readonly body: Buffer
  /** Line of each record in the body, by index. */
  readonly lines: readonly number[]
  /** Records that the reader of the file refuses; they are not in the body, which may be empty. */
  readonly refused: readonly { readonly line: number; readonly refusals: readonly Refusal[] }[]
  readonly lastLine: number
}

/** Well below the gateway's limit, so that documents of a megabyte fit too. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024
/** Refused records that are kept until the next request. */
const MAX_REFUSED = 1000
const NEWLINE = Buffer.from('\n')

/**
 * @param after records up to this line were sent already
 * @param maxRecords records in a batch; 1 for Bundles, which are a body each
 */
export async function* batches(
  records: AsyncIterable<SourceRecord>,
  after: number,
  maxRecords: number,
): AsyncGenerator<SourceBatch> {
  let lines: number[] = []
  let refused: SourceBatch['refused'][number][] = []
  let lastLine = after
  let chunks: Buffer[] = []
  let bytes = 0
  const flush = (): SourceBatch => {
    const batch = { body: Buffer.concat(chunks), lines, refused, lastLine }
    lines = []
    refused = []
    chunks = []
    bytes = 0
    return batch
  }
  for await (const record of records) {
    if (record.line <= after) continue
    if (record.refused) {
      refused.push({ line: record.places?.[0] ?? record.line, refusals: record.refused })
      lastLine = record.line
      if (refused.length >= MAX_REFUSED) yield flush()
      continue
    }
    if (lines.length > 0 && bytes + record.bytes.length > MAX_BATCH_BYTES) yield flush()
    lines.push(...(record.places ?? [record.line]))
    lastLine = record.line
    if (chunks.length > 0) chunks.push(NEWLINE)
    chunks.push(record.bytes)
    bytes += record.bytes.length + 1
    if (lines.length >= maxRecords) yield flush()
  }
  if (lines.length > 0 || refused.length > 0) yield flush()
}
