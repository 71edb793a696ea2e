/** Which version of a record readers see, on the real engine: the order of arrival never changes it. */
import { randomBytes } from 'node:crypto'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrate } from '#core/clickhouse/migrate.ts'
import { loadContracts } from '#core/contract/load.ts'
import { tableStatements } from '#core/contract/table.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { rowBuilder } from '../../services/curate/load/rows.ts'
import { type Front, startFront, temporaryFolder } from '../helpers/clickhouse-front.ts'

const diagnosis = loadContracts('schemas/feeds').find(({ feed }) => feed === 'diagnosis') as FeedContract
const level2 = pseudonymiser(2, randomBytes(32))
const rows = rowBuilder(diagnosis, level2)
const folder = temporaryFolder()
let front: Front
let clickhouse: ClickHouseClient
beforeAll(async () => {
  front = await startFront(folder.path)
  clickhouse = createClient({ url: front.url, ...front.login() })
  await migrate(clickhouse, 'schemas/clickhouse', new Date(), '')
  for (const query of tableStatements(diagnosis, 'default', new Map())) await clickhouse.command({ query })
})
afterAll(async () => {
  await clickhouse?.close()
  await front?.stop()
  folder.remove()
})

const NOW = Date.UTC(2026, 0, 1) * 1000

interface Arrival {
  readonly version: number
  readonly cancelled: boolean
  readonly partition: number
  readonly offset: number
  readonly receivedAt: number
  readonly code: string
}

/**
 * Each record has as many arrivals as the others; all first ones are one insert, and so on, so that each arrival is in another part.
 *
 * @returns the code that readers see of each record, before and after the parts are merged; undefined when it was cancelled
 */
async function inForce(records: readonly (readonly Arrival[])[]): Promise<readonly (string | undefined)[]> {
  await clickhouse.command({ query: 'TRUNCATE TABLE feed_diagnosis' })
  for (const at of records[0]?.keys() ?? []) {
    const values = records.map((arrivals, i) => rowOf(`p1_${i}`, arrivals[at] as Arrival))
    await clickhouse.insert({
      table: 'feed_diagnosis',
      columns: rows.columns as [string, ...string[]],
      values,
      format: 'JSONCompactEachRow',
    })
  }
  const seen = async () => {
    const result = await clickhouse.query({ query: 'SELECT record_id, code FROM diagnosis', format: 'JSONEachRow' })
    const found = await result.json<{ record_id: string; code: string }>()
    const codes = new Map(found.map(({ record_id, code }) => [record_id, code]))
    return records.map((_, i) => codes.get(level2.pseudonym('record', `p1_${i}`)))
  }
  const before = await seen()
  await clickhouse.command({ query: 'OPTIMIZE TABLE feed_diagnosis FINAL' })
  expect(await seen()).toEqual(before)
  return before
}

function rowOf(
  id: string,
  { code, version, cancelled, receivedAt, partition, offset }: Arrival,
  more: Readonly<Record<string, unknown>> = {},
): readonly unknown[] {
  const record = {
    ...{ record_id: id, record_version: version, operation: cancelled ? 'cancel' : 'upsert', patient_id: 'p1_p' },
    ...{ code_system: 'cim10', kind: 'other', code, recorded_at: 0, _producer: 'h', _received_at: receivedAt },
    ...more,
  }
  return rows.row(record, [], { incarnation: 'i', partition }, BigInt(offset))
}

test('records of one record_id in several partitions: each order of arrival leaves the same one in force', async () => {
  const arrival = fc.record({
    version: fc.nat(1),
    cancelled: fc.boolean(),
    partition: fc.nat(3),
    offset: fc.nat(1_000_000),
  })
  const arrivals = fc
    .array(arrival, { minLength: 4, maxLength: 4 })
    .map((given) => given.map((one, i): Arrival => ({ ...one, receivedAt: NOW + i, code: `E${110 + i}` })))
  for (const records of fc.sample(fc.array(arrivals, { minLength: 200, maxLength: 200 }), 2)) {
    const expected = records.map((given) => {
      const version = Math.max(...given.map((one) => one.version))
      const last = given.findLast((one) => one.version === version)
      return last?.cancelled ? undefined : last?.code
    })
    expect(await inForce(records)).toEqual(expected)
    expect(await inForce(records.map((given) => given.toReversed()))).toEqual(expected)
  }
})

test('a diagnosis that a later version refutes is no fact any more, and is among all records', async () => {
  await clickhouse.command({ query: 'TRUNCATE TABLE feed_diagnosis' })
  const versions: readonly (readonly [string, number, string | null])[] = [
    ['refuted', 1, 'confirmed'],
    ['refuted', 2, 'refuted'],
    ['confirmed', 1, 'provisional'],
    ['confirmed', 2, 'confirmed'],
    ['unsaid', 1, null],
  ]
  // Each in an insert of its own: an earlier version is in another part, and FINAL decides before the condition.
  for (const [id, version, verification_status] of versions) {
    const arrival = {
      version,
      cancelled: false,
      partition: 0,
      offset: version,
      receivedAt: NOW + version,
      code: 'E119',
    }
    await clickhouse.insert({
      table: 'feed_diagnosis',
      columns: rows.columns as [string, ...string[]],
      values: [rowOf(`p1_${id}`, arrival, { verification_status })],
      format: 'JSONCompactEachRow',
    })
  }
  const seen = async (view: string) => {
    const query = `SELECT record_id, verification_status AS status FROM ${view}`
    const result = await clickhouse.query({ query, format: 'JSONEachRow' })
    const found = await result.json<{ record_id: string; status: string | null }>()
    const of = new Map(found.map(({ record_id, status }) => [record_id, status ?? 'null']))
    return ['refuted', 'confirmed', 'unsaid'].map((id) => of.get(level2.pseudonym('record', `p1_${id}`)))
  }
  expect(await seen('diagnosis')).toEqual([undefined, 'confirmed', 'null'])
  expect(await seen('diagnosis_all')).toEqual(['refuted', 'confirmed', 'null'])
})
