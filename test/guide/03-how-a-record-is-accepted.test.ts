/**
 * Chapter 3: how a record is accepted.
 *
 * The path of a request: key and size are checked (`http/`), the body becomes items (`decode/`), each item passes its feed's pipeline
 * (`encode/`),
 * is sealed for `deidentify` (`seal/`), the messages are appended to Kafka (`log/`), and the producer receives a receipt when all replicas have them (`ingest/`).
 *
 * The code of the gateway: services/gateway/ingest/ingest.ts.
 */
import { expect, test } from 'vitest'
import { identifiedSchema } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { hmacSha256 } from '#core/crypto/hmac.ts'
import { explainer } from '#core/rules/explain.ts'
import { SEALED_SCHEMA, type SealedRecord } from '#core/sealing/envelope.ts'
import { recordItems } from '../../services/gateway/decode/records.ts'
import { gatewayPipeline } from '../../services/gateway/encode/pipeline.ts'
import { Batch } from '../../services/gateway/ingest/batch.ts'
import { answerOf } from '../../services/gateway/ingest/receipt.ts'
import { stampClock } from '../../services/gateway/ingest/stamp.ts'
import { createSealer } from '../../services/gateway/seal/sealer.ts'
import { openTestSeal, testDayKey } from '../helpers/sealed.ts'
import { decoderOf, encoderOf } from './avro.ts'

const contract = loadContracts('schemas/feeds').find(({ feed }) => feed === 'observation')
if (!contract) throw new Error('there is no feed observation')
const schema = identifiedSchema(contract)
const routing = hmacSha256(Buffer.alloc(32, 1))
const topic = 'identified.observation'
const pipeline = gatewayPipeline(contract, topic, encoderOf(schema), routing, 100_000)
// In the gateway the day's public key comes from Kafka, where `deidentify` announces it.
const sealer = createSealer({ keyOf: testDayKey }, encoderOf(SEALED_SCHEMA), Date.now)
const feeds = new Map([['observation', { contract, topic, pipeline, explain: explainer(contract) }]])
const provenance = { producer: 'hospital-1', receivedAt: Date.UTC(2026, 0, 31) * 1000 }

const good = {
  record_id: '1',
  patient_ipp: '8000123',
  code_system: 'loinc',
  code: '718-7',
  effective_at: '2025-01-31T08:30:00Z',
  value_number: 13.2,
}
const body = Buffer.from(
  [JSON.stringify(good), '{"record_id":', JSON.stringify({ ...good, record_id: '2', value_number: 'MARTIN' })].join(
    '\n',
  ),
)

test('a body becomes items, one for each record; a line that cannot be decoded is an item too', () => {
  const items = [
    ...recordItems('ndjson', body, contract, { maxBodyBytes: 100_000, maxRecordBytes: 10_000 }, () => undefined),
  ]
  expect(items.map((item) => (item.kind === 'decoded' ? item.index : item.fault))).toEqual([0, 'malformed-json', 2])
})

test('each item passes the pipeline of its feed: validated with the contract, its codes spelt in one way, encoded, then sealed', async () => {
  expect(pipeline.stages).toEqual(['readRecord', 'spellCodes', 'checkRecord', 'encodeIdentified', 'sealRecord'])
  const result = pipeline.run({ raw: good, source: 'json', provenance, dataKey: await sealer.dataKey('hospital-1') })
  if (result.kind !== 'pass') throw new Error(result.fault)
  // An envelope of the identified zone; only the step that seals can make one, so nothing readable can be written to Kafka.
  const { key, value } = result.value.body
  expect(value.includes('718-7')).toBe(false)
  // `deidentify` alone has the private key of the day.
  const sealed = decoderOf(SEALED_SCHEMA).decode(value)?.record as unknown as SealedRecord
  const opened = await openTestSeal(sealed, { topic, key })
  expect(decoderOf(schema).decode(opened)?.record).toMatchObject({ record_id: '1', _producer: 'hospital-1' })
  // The message key is a keyed hash: the patient's records stay in one partition, in order, and the key reveals no identifier.
  expect(key).not.toContain('8000123')
})

test('valid records are accepted although others are rejected; the receipt names index, field and rule, never the value', async () => {
  const batch = new Batch(
    { feeds, maxRecords: 1000, stamp: stampClock(Date.now) },
    provenance.producer,
    await sealer.dataKey(provenance.producer),
    false,
  )
  for (const item of recordItems(
    'ndjson',
    body,
    contract,
    { maxBodyBytes: 100_000, maxRecordBytes: 10_000 },
    () => undefined,
  ))
    batch.add(item)
  // Here the gateway waits in `log.append` for all replicas. The receipt is sent only after that.
  const { status, body: receipt } = answerOf(batch, 'observation', false)
  expect(status).toBe(202)
  expect(receipt).toMatchObject({
    accepted: 1,
    rejected: 2,
    errors: [
      { index: 1, pointer: '', rule: 'malformed-json' },
      { index: 2, pointer: '/value_number', rule: 'type' },
    ],
  })
  expect(JSON.stringify(receipt)).not.toContain('MARTIN')
})
