/** Records of an Avro object container file. */
import { pipeline, type Readable } from 'node:stream'
import { formatDate } from '#core/contract/calendar.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { CUT_SHORT } from './input.ts'
import type { SourceRecord } from './source-record.ts'

const AVRO_SYNC_BYTES = 16

/** Avro counts days and milliseconds; the JSON that is sent has ISO 8601 text for the contract's dates and timestamps. */
export async function* avroRecords(
  open: () => Readable,
  contract: FeedContract | undefined,
): AsyncGenerator<SourceRecord> {
  const { default: avsc } = await import('avsc')
  const stream = open()
  const decoder = new avsc.streams.BlockDecoder({
    parseHook: (schema) => avsc.Type.forSchema(schema, { logicalTypes: {} }),
  })
  // avsc reports no error when a file is cut short; a complete one ends with the sync marker of its header.
  let marker: Buffer | undefined
  let lastBytes = Buffer.alloc(0)
  decoder.on('metadata', (_type: unknown, _codec: unknown, header: { readonly sync: Buffer }) => {
    marker = header.sync
  })
  stream.on('data', (chunk: Buffer) => {
    lastBytes = Buffer.concat([lastBytes, chunk.subarray(-AVRO_SYNC_BYTES)]).subarray(-AVRO_SYNC_BYTES)
  })
  const records = pipeline(stream, decoder, () => undefined)
  const dates = new Map(
    contract?.fields
      .filter(({ kind }) => kind === 'date' || kind === 'timestamp')
      .map(({ name, kind }) => [name, kind]),
  )
  let place = 0
  for await (const record of records as unknown as AsyncIterable<Record<string, unknown>>) {
    const plain: Record<string, unknown> = { ...record }
    for (const [name, kind] of dates) {
      const value = plain[name]
      if (typeof value === 'number') plain[name] = kind === 'date' ? formatDate(value) : new Date(value).toISOString()
    }
    yield { line: ++place, bytes: Buffer.from(JSON.stringify(plain)) }
  }
  if (!marker?.equals(lastBytes)) throw new Error(CUT_SHORT)
}
