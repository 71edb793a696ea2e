/** Records of an Avro object container file. */
import { pipeline, type Readable } from 'node:stream'
import { formatDate } from '#core/contract/calendar.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { CUT_SHORT, unreadable } from './input.ts'
import type { SourceRecord } from './source-record.ts'

const AVRO_SYNC_BYTES = 16

/** As the gateway demands it of a file that it is sent. */
const UNITS = { date: 'date', timestamp: 'timestamp-millis' } as const

/**
 * Avro counts days and milliseconds; the JSON that is sent has ISO 8601 text for the contract's dates and timestamps.
 *
 * @throws ConfigurationError when a date or a time is counted in another unit
 */
export async function* avroRecords(
  open: () => Readable,
  contract: FeedContract | undefined,
  path: string,
): AsyncGenerator<SourceRecord> {
  const { default: avsc } = await import('avsc')
  const stream = open()
  let problems: readonly string[] = []
  const decoder = new avsc.streams.BlockDecoder({
    parseHook: (schema) => {
      problems = foreignUnits(schema, contract)
      return avsc.Type.forSchema(schema, { logicalTypes: {} })
    },
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
    if (problems.length > 0) throw unreadable(path, problems.join('; '))
    const plain: Record<string, unknown> = { ...record }
    for (const [name, kind] of dates) {
      const value = plain[name]
      if (typeof value === 'number') plain[name] = kind === 'date' ? formatDate(value) : new Date(value).toISOString()
    }
    yield { line: ++place, bytes: Buffer.from(JSON.stringify(plain)) }
  }
  if (!marker?.equals(lastBytes)) throw new Error(CUT_SHORT)
}

/** A time without a logical type has the unit of the contract. */
function foreignUnits(schema: unknown, contract: FeedContract | undefined): readonly string[] {
  const written = new Map(
    (objectOf(schema).fields as unknown[] | undefined)?.map((one) => [objectOf(one).name, one] as const),
  )
  return (contract?.fields ?? []).flatMap(({ kind, name }) => {
    if (kind !== 'date' && kind !== 'timestamp') return []
    const type = objectOf(written.get(name)).type
    const branches = Array.isArray(type) ? type : [type]
    const units = branches.map((one) => objectOf(one).logicalType).filter((unit) => typeof unit === 'string')
    return units
      .filter((unit) => unit !== UNITS[kind])
      .map((unit) => `'${name}' is ${unit}, and the feed has ${UNITS[kind]}`)
  })
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
