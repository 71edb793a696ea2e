/**
 * Links that ClickHouse has beyond the tiles of their causes: those of a rebuild, which reads further in the log than what is loaded, and
 * those of a batch that cannot be formed again. Both are in force, and the index does not give them a second time.
 */
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { topicOf } from '#core/contract/names.ts'
import { parsePrometheusText } from '#core/telemetry/prometheus-text.ts'
import { runToEnd } from '../helpers/gateway.ts'
import { deleteGroup, readTopics } from '../helpers/kafka.ts'
import { nirOf, recordOf } from '../helpers/records.ts'
import { testRedis } from '../helpers/redis.ts'
import { currentLinks, replayedLinks } from '../helpers/replayed-links.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

let line: Pipeline
let redis: Redis
let sent = 0

beforeAll(async () => {
  line = await startPipeline({
    CHAINON_PARTITIONS: '2',
    CHAINON_LINK_REBUILD: 'manual',
    CHAINON_INTENT_DEADLINE_SECONDS: '10',
  })
  redis = testRedis(line.env)
})
beforeEach(async () => {
  await push(40)
  await exact()
})
afterAll(async () => {
  redis?.disconnect()
  await line?.stop()
})

/** One patient in four has the NIR of one of five persons, whom all calls and both partitions share; one in four that of a new person. */
async function push(count: number): Promise<void> {
  const ids = Array.from({ length: count }, (_, i) => sent + i)
  sent += count
  const records = ids.map((id) => {
    const person = [100 + (id % 5), undefined, 200 + Math.floor(id / 20), undefined][id % 4]
    return recordOf('patient', `p${id}`, `ipp-${id}`, person === undefined ? {} : { nir: nirOf(`2790351215${person}`) })
  })
  await line.push('chu', 'patient', records)
}

/** Everything is loaded, each patient has the link that a replay gives, and each decision is one row. */
async function exact(): Promise<void> {
  await line.completeLedger()
  expect(await numberOf('SELECT count() AS value FROM patient')).toBe(sent)
  expect(await currentLinks(line)).toEqual(await replayedLinks(line))
  expect(await numberOf('SELECT count() - uniqExact(patient_id, link_version) AS value FROM person_link')).toBe(0)
}

async function numberOf(query: string): Promise<number> {
  return Number((await line.rows<{ value: string }>(query))[0]?.value)
}

async function removed(): Promise<number> {
  const samples = parsePrometheusText(await line.services.curate.metrics(), new Set(['chainon_removed_rows_total']))
  return samples.reduce((sum, { value }) => sum + value, 0)
}

test('links of a batch that cannot be formed again, and whose records come in other batches', async () => {
  await line.clickhouse.command({ query: 'RENAME TABLE ledger_batch TO ledger_renamed' })
  await push(60)
  const loaded = () => numberOf('SELECT count() AS value FROM patient')
  await expect.poll(loaded).toBeGreaterThan(sent - 60)
  await expect.poll(async () => (await line.services.curate.alarms()).length).toBeGreaterThan(0)
  await line.services.curate.stop()
  const links = () => line.rows('SELECT * FROM person_link ORDER BY patient_id, link_version')
  const before = await links()
  await line.clickhouse.command({ query: 'RENAME TABLE ledger_renamed TO ledger_batch' })
  await deleteGroup(line.env, `${line.place.namespace}curate`)
  line.services.curate = await line.start('curate', { CHAINON_BATCH_MAX_RECORDS: '20' })
  await exact()
  expect(await removed(), 'the rows of the records').toBeGreaterThan(0)
  expect(await links()).toEqual(expect.arrayContaining(before))
})

test('links of records that wait, written by a rebuild', async () => {
  const before = await removed()
  await redis.unlink(...(await redis.keys(`${line.place.namespace}{link}:*`)))
  await push(20)
  const codes = async () => (await line.services.curate.alarms()).map(({ code }) => code)
  await expect.poll(codes).toEqual(['link-index-stale'])
  // Beyond the intents of the batches that wait, and in the log before the rebuild begins.
  await push(40)
  const log = topicOf(line.place.namespace, 'pseudonymised', 'patient')
  await expect.poll(async () => (await readTopics(line.env, [log])).length).toBe(sent)
  const env = { ...line.env, CHAINON_SECRETS_DIR: `${line.env.CHAINON_SECRETS_DIR}/curate` }
  expect((await runToEnd('services/cli/chainon.mjs', ['link', 'rebuild'], env)).status).toBe(0)
  await exact()
  expect(await removed(), 'nothing was taken for what a batch left').toBe(before)
})
