/** The requests that sow canaries: every feed in every format, every kept field, and what stands around a record. Pure: nothing is sent here. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import avsc from 'avsc'
import { recordReader } from '#core/contract/record-reader.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { DICOM_BOUNDARY, MEDIA } from '#core/gateway-api/media-types.ts'
import { canaryBundle } from './bundle.ts'
import { canarySlice } from './dicom.ts'
import type { Inventor } from './invent.ts'
import { canaryMessages } from './messages.ts'
import { type CanaryRecord, canaryRecord, keptCanaries } from './records.ts'

export interface CanaryRequest {
  readonly path: string
  readonly type: string
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
}

/** Canaries that are no value of one record, and where they are. */
export interface Hidden {
  readonly channel: string
  readonly canaries: readonly string[]
}

/** A record to cancel afterwards: of which feed and patient. */
export interface Planted {
  readonly feed: string
  readonly recordId: unknown
  readonly patient: unknown
}

export interface Sowing {
  readonly channel: string
  readonly request: CanaryRequest
  /** By their index in the request; none where one request becomes records of many feeds. */
  readonly records: readonly CanaryRecord[]
  readonly hidden: readonly Hidden[]
  readonly planted: readonly Planted[]
  /** `some`: records whose kept value is a canary are accepted without it, or refused. */
  readonly expected: 'accepted' | 'some' | 'refused'
}

/** @param feedsDir folder of the contracts @param at milliseconds since 1970, the time of messages */
export function sowings(
  contracts: readonly FeedContract[],
  feedsDir: string,
  invent: Inventor,
  at: number,
): readonly Sowing[] {
  return [
    ...contracts.flatMap((contract) => inEveryFormat(contract, feedsDir, invent)),
    ...contracts.map((contract) => inKeptFields(contract, invent)),
    inFhir(invent),
    inHl7(invent, at),
    inDicom(invent),
    ...refused(contracts, invent),
  ]
}

function inEveryFormat(contract: FeedContract, feedsDir: string, invent: Inventor): readonly Sowing[] {
  const fresh = () => canaryRecord(contract, invent)
  const key = invent.word()
  const twice = fresh()
  const again = { ...twice, record: { ...twice.record, [contract.version]: 1, operation: 'cancel' } }
  const [json, gzip, avro] = [fresh(), fresh(), fresh()]
  const lines = [twice, fresh(), again]
  const sow = (channel: string, type: string, body: string | Buffer, records: CanaryRecord[], more = {}): Sowing => ({
    channel,
    request: { path: pathOf(contract), type, body: Buffer.from(body as string), headers: {} },
    records,
    hidden: [],
    planted: records.map(({ record }) => plantedOf(contract, record)),
    expected: 'accepted',
    ...more,
  })
  const withKey = sow('JSON', MEDIA.json, JSON.stringify([json.record]), [json], {
    hidden: [{ channel: 'idempotency keys', canaries: [key] }],
  })
  const zipped = sow('JSON, compressed', MEDIA.json, gzipSync(JSON.stringify([gzip.record])), [gzip])
  return [
    { ...withKey, request: { ...withKey.request, headers: { 'idempotency-key': key } } },
    sow('NDJSON', MEDIA.ndjson, ndjson(lines), lines),
    { ...zipped, request: { ...zipped.request, headers: { 'content-encoding': 'gzip' } } },
    sow('Avro', MEDIA.avro, avroFile(contract, feedsDir, avro), [avro]),
  ]
}

const ndjson = (records: readonly CanaryRecord[]) => records.map(({ record }) => JSON.stringify(record)).join('\n')
const pathOf = ({ feed }: FeedContract) => `/v1/feeds/${feed}/records`

function plantedOf(contract: FeedContract, record: Readonly<Record<string, unknown>>): Planted {
  return { feed: contract.feed, recordId: record.record_id, patient: record[contract.subject] }
}

/** A canary in every kept field, in one request whose address and headers contain canaries too. */
function inKeptFields(contract: FeedContract, invent: Inventor): Sowing {
  const records = keptCanaries(contract, invent)
  const inHeaders = Array.from({ length: 8 }, () => invent.word())
  const inAddress = [invent.word(), invent.word()]
  const [agent, host, page, query, forwarded, id, trace, file] = inHeaders
  return {
    channel: 'kept fields',
    request: {
      path: `${pathOf(contract)}?source=${inAddress[0]}&file=${inAddress[1]}.csv`,
      type: MEDIA.ndjson,
      body: Buffer.from(ndjson(records)),
      headers: {
        'user-agent': `${agent}`,
        referer: `https://${host}.example/${page}?name=${query}`,
        'x-forwarded-for': `${forwarded}`,
        'x-request-id': `${id}`,
        traceparent: `${trace}`,
        'content-disposition': `attachment; filename="${file}.ndjson"`,
      },
    },
    records,
    hidden: [
      { channel: 'headers, and file names in them', canaries: inHeaders },
      { channel: 'addresses', canaries: inAddress },
    ],
    planted: records.map(({ record }) => plantedOf(contract, record)),
    expected: 'some',
  }
}

function inFhir(invent: Inventor): Sowing {
  const { bundle, canaries, ipp, records } = canaryBundle(invent)
  return {
    channel: 'FHIR',
    request: { path: '/fhir/R4', type: MEDIA.fhir, body: Buffer.from(JSON.stringify(bundle)), headers: {} },
    records: [],
    hidden: [{ channel: 'FHIR', canaries }],
    planted: records.map((one) => ({ ...one, patient: ipp })),
    expected: 'accepted',
  }
}

function inHl7(invent: Inventor, at: number): Sowing {
  const { messages, canaries, ipp, records } = canaryMessages(invent, at)
  return {
    channel: 'HL7 v2',
    request: { path: '/v1/hl7', type: MEDIA.hl7, body: Buffer.from(messages.join('')), headers: {} },
    records: [],
    hidden: [{ channel: 'HL7 v2', canaries }],
    planted: records.map((one) => ({ ...one, patient: ipp })),
    expected: 'some',
  }
}

function inDicom(invent: Inventor): Sowing {
  const { file, canaries, ipp, recordId } = canarySlice(invent)
  const head = `--${DICOM_BOUNDARY}\r\ncontent-type: ${MEDIA.dicom}\r\n\r\n`
  return {
    channel: 'DICOM',
    request: {
      path: '/dicomweb/studies',
      type: `${MEDIA.dicomParts}; boundary=${DICOM_BOUNDARY}`,
      body: Buffer.concat([Buffer.from(head), file, Buffer.from(`\r\n--${DICOM_BOUNDARY}--\r\n`)]),
      // The answer of DICOMweb repeats the UIDs to who sent them, as the standard wants.
      headers: { accept: MEDIA.json },
    },
    records: [],
    hidden: [{ channel: 'DICOM', canaries }],
    planted: [{ feed: 'imaging', recordId, patient: ipp }],
    expected: 'accepted',
  }
}

/** Requests that the gateway refuses: what it says of them, notes and counts must not repeat them. */
function refused(contracts: readonly FeedContract[], invent: Inventor): readonly Sowing[] {
  const contract = contracts.find(({ linked }) => linked) ?? contracts[0]
  if (!contract) return []
  const path = pathOf(contract)
  const { record } = canaryRecord(contract, invent)
  const times = contract.fields.filter(({ kind }) => kind === 'date' || kind === 'timestamp' || kind === 'enum')
  const make = (build: (word: () => string) => Partial<CanaryRequest>): Sowing => {
    const canaries: string[] = []
    const word = () => {
      const one = invent.word()
      canaries.push(one)
      return one
    }
    const request = { path, type: MEDIA.json, body: Buffer.from('[]'), headers: {}, ...build(word) }
    const hidden = [{ channel: 'refused requests', canaries }]
    return { channel: 'refused requests', request, records: [], hidden, planted: [], expected: 'refused' }
  }
  const text = (body: string) => ({ body: Buffer.from(body) })
  const fhir = { path: '/fhir/R4', type: MEDIA.fhir }
  return [
    make((word) => ({
      ...text(
        JSON.stringify([
          { ...record, ...Object.fromEntries(times.map(({ name }) => [name, word()])) },
          { ...record, [word()]: word(), [`née ${word()}`]: 1, [contract.version]: word() },
          { ...record, record_id: word().repeat(20), operation: word() },
        ]),
      ),
      headers: { 'idempotency-key': word() },
    })),
    make((word) => text(`{"record_id": "${word()}", `)),
    make((word) => ({ ...text(`{"record_id": "${word()}", \n${word()}\n"${word()}"`), type: MEDIA.ndjson })),
    make((word) => ({
      body: gzipSync(`{"record_id": "${word()}"`).subarray(0, 30),
      headers: { 'content-encoding': 'gzip' },
    })),
    make((word) => ({ body: avroContainer({ type: 'record', name: word(), fields: [] }, [{}]), type: MEDIA.avro })),
    make((word) => ({ ...text(word()), type: `text/${word()}` })),
    make((word) => ({ ...text(word()), headers: { 'content-encoding': word() } })),
    make((word) => ({ ...text(word()), headers: { authorization: `Bearer ${word()}` } })),
    make((word) => ({ ...text(`"${word()}"`), path: `${path}?name=${word()}` })),
    make((word) => ({ path: `/v1/feeds/${word()}/records` })),
    make((word) => ({ path: `/${word()}/${word()}` })),
    make((word) => ({ ...text(`{"resourceType":"Bundle","type":"${word()}"}`), ...fhir })),
    make((word) => {
      const resources = [{ resourceType: word() }, { resourceType: 'Condition', id: word() }]
      const bundle = { resourceType: 'Bundle', type: 'batch', entry: resources.map((resource) => ({ resource })) }
      return { ...text(JSON.stringify(bundle)), ...fhir }
    }),
    make((word) => ({
      ...text(`MSH|^~\\&|${word()}|${word()}\rPID|1||${word()}\r`),
      path: '/v1/hl7',
      type: MEDIA.hl7,
    })),
  ]
}

/** @returns an Avro object container file with the record, as a sender writes it with the feed's schema */
function avroFile(contract: FeedContract, feedsDir: string, { record }: CanaryRecord): Buffer {
  const read = recordReader(contract, 'json')(record)
  if (!read.ok) throw new ChainonError('bug', `a canary of ${contract.feed} is not a record`)
  return avroContainer(JSON.parse(readFileSync(join(feedsDir, `${contract.feed}.avsc`), 'utf8')) as avsc.Schema, [
    read.record,
  ])
}

/** Written whole, as the specification of Avro has it: avsc writes these files to streams only. */
function avroContainer(schema: avsc.Schema, records: readonly unknown[]): Buffer {
  const type = avsc.Type.forSchema(schema, { logicalTypes: {} })
  const long = avsc.Type.forSchema('long')
  const sync = Buffer.alloc(AVRO_SYNC_BYTES, 7)
  const meta = avsc.Type.forSchema({ type: 'map', values: 'bytes' }).toBuffer({
    'avro.schema': Buffer.from(JSON.stringify(schema)),
    'avro.codec': Buffer.from('null'),
  })
  const block = Buffer.concat(records.map((record) => type.toBuffer(record)))
  const counts = [long.toBuffer(records.length), long.toBuffer(block.length)]
  return Buffer.concat([Buffer.from('Obj\x01'), meta, sync, ...counts, block, sync])
}

const AVRO_SYNC_BYTES = 16
