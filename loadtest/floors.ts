/** The rates of the dependencies alone in the same run: plain kafkajs produce and consume, plain insert. Stages are compared with them. */
import type { ClickHouseClient } from '@clickhouse/client'
import avsc from 'avsc'
import type { Kafka } from 'kafkajs'
import { identifiedSchema } from '#core/contract/avro-schemas.ts'
import { columnsOf } from '#core/contract/table.ts'
import type { FeedContract } from '#core/contract/types.ts'

export interface Floors {
  readonly produce_per_second: number
  readonly consume_per_second: number
  readonly insert_per_second: number
}

const BATCH = 2000
const BLOCK = 20_000
const TOPIC = 'loadtest.floor'

/** @param records how many messages and rows; values are Avro of the observation contract, rows are its table's */
export async function measureFloors(
  kafka: Kafka,
  clickhouse: ClickHouseClient,
  contract: FeedContract,
  records: number,
): Promise<Floors> {
  const type = avsc.Type.forSchema(identifiedSchema(contract) as unknown as avsc.Schema, { logicalTypes: {} })
  const value = (i: number) => type.toBuffer(observation(i))
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 2 }], waitForLeaders: true })
  const produce = await rate(records, async () => {
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    for (let at = 0; at < records; at += BATCH) {
      const messages = Array.from({ length: Math.min(BATCH, records - at) }, (_, i) => ({ value: value(at + i) }))
      await producer.send({ topic: TOPIC, acks: -1, messages })
    }
    await producer.disconnect()
  })
  const consume = await rate(records, () => consumeAll(kafka, records))
  await admin.deleteTopics({ topics: [TOPIC] })
  await admin.disconnect()
  const insert = await rate(records, () => insertAll(clickhouse, contract, records))
  return { produce_per_second: produce, consume_per_second: consume, insert_per_second: insert }
}

async function rate(records: number, work: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await work()
  return Math.round((records / (performance.now() - started)) * 1000)
}

async function consumeAll(kafka: Kafka, records: number): Promise<void> {
  const consumer = kafka.consumer({
    groupId: 'loadtest-floor',
    maxBytesPerPartition: 4 * 1024 * 1024,
    maxWaitTimeInMs: 200,
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [TOPIC], fromBeginning: true })
  let seen = 0
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        autoCommit: false,
        eachBatch: async ({ batch }) => {
          seen += batch.messages.length
          if (seen >= records) resolve()
        },
      })
      .catch(reject)
  })
  await consumer.disconnect()
}

async function insertAll(clickhouse: ClickHouseClient, contract: FeedContract, records: number): Promise<void> {
  const columns = columnsOf(contract)
  await clickhouse.command({
    query: `CREATE TABLE loadtest_floor (${columns.map(({ name, type }) => `\`${name}\` ${type}`).join(', ')}) ENGINE = MergeTree ORDER BY record_id`,
  })
  for (let at = 0; at < records; at += BLOCK) {
    const values = Array.from({ length: Math.min(BLOCK, records - at) }, (_, i) =>
      row(
        at + i,
        columns.map(({ name }) => name),
      ),
    )
    await clickhouse.insert({ table: 'loadtest_floor', values, format: 'JSONCompactEachRow' })
  }
  await clickhouse.command({ query: 'DROP TABLE loadtest_floor' })
}

function observation(i: number): Record<string, unknown> {
  return {
    ...{
      record_id: `obs-${i}`,
      record_version: 0,
      operation: 'upsert',
      patient_ipp: String(800_000_000 + (i % 30_000)),
      encounter_nda: String(230_000_000 + (i % 90_000)),
    },
    ...{
      code_system: 'loinc',
      code: '2951-2',
      effective_at: 1_700_000_000_000 + i,
      value_number: 135 + (i % 10),
      value_unit: 'mmol/L',
      value_code: null,
    },
    ...{
      reference_low: 136,
      reference_high: 145,
      comment: null,
      _producer: 'hospital-1',
      _received_at: 1_700_000_000_000_000,
    },
  }
}

function row(i: number, names: readonly string[]): readonly unknown[] {
  const pseudonym = (n: number) => `p2_${String(n).padStart(43, 'x')}`
  const values: Record<string, unknown> = {
    ...observation(i),
    ...{ record_id: pseudonym(i), patient_id: pseudonym(i % 30_000), encounter_id: pseudonym(i % 90_000) },
    ...{
      _flags: [],
      _version: String(i),
      _deleted: 0,
      _origin_incarnation: 'i',
      _origin_partition: 0,
      _origin_offset: i,
    },
  }
  return names.map((name) => values[name])
}
