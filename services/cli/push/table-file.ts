/** Records of a CSV or TSV file, by its mapping. */
import type { FeedContract } from '#core/contract/types.ts'
import type { MappingFile } from '#core/csv/mapping-schema.ts'
import { tableRecords } from '#core/csv/records.ts'
import type { SourceRecord } from './source-record.ts'

/** @param say told of the columns without a use */
export async function* tableFile(
  stream: AsyncIterable<Buffer>,
  mapping: MappingFile,
  contract: FeedContract,
  path: string,
  say: (text: string) => void,
): AsyncGenerator<SourceRecord> {
  const onUnmapped = (columns: readonly string[]) => {
    if (columns.length > 0) say(`${path}: columns that the mapping does not use: ${columns.join(', ')}`)
  }
  for await (const { line, converted } of tableRecords(stream, mapping, contract, path, onUnmapped)) {
    yield 'record' in converted
      ? { line, bytes: Buffer.from(JSON.stringify(converted.record)) }
      : { line, refused: converted.refused }
  }
}
