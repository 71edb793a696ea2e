/**
 * Offsets that come again: a topic that was deleted and created again under its name starts at offset 0. Records that are accepted then
 * are other records than those that had these offsets before.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listFindings } from '#core/ledger/findings.ts'
import { recreateTopics } from '../helpers/kafka.ts'
import { recordOf } from '../helpers/records.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

const FEED = 'procedure'
let line: Pipeline
let sent = 0
let incarnations = 1

beforeAll(async () => {
  line = await startPipeline({ CHAINON_PARTITIONS: '1' })
})
afterAll(async () => line?.stop())

/** A new topic is known to the gateway a moment later: a request that is not accepted is sent again. */
async function push(count: number): Promise<void> {
  const ids = Array.from({ length: count }, (_, i) => sent + i)
  sent += count
  const records = ids.map((id) => recordOf(FEED, `r${id}`, `ipp-${id}`, {}))
  await expect
    .poll(() =>
      line.push('chu', FEED, records).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true)
}

const visible = async () => (await line.rows<{ n: string }>(`SELECT toString(count()) AS n FROM ${FEED}`))[0]?.n

async function origins(): Promise<unknown> {
  const [row] = await line.rows(
    `SELECT count() = uniqExact(_origin_incarnation, _origin_partition, _origin_offset) AS once,
            toUInt32(uniqExact(_origin_incarnation)) AS incarnations
     FROM (SELECT _origin_incarnation, _origin_partition, _origin_offset FROM feed_${FEED})`,
  )
  return row
}

async function found(): Promise<string[]> {
  return (await listFindings(line.clickhouse)).filter(({ feed }) => feed === FEED).map(({ code }) => code)
}

const recreateIdentified = () => recreateTopics(line.env, [`${line.place.namespace}identified.${FEED}`], 1)

test('records of a topic that was created again while the workers ran are loaded', async () => {
  await push(40)
  await line.completeLedger()
  await recreateIdentified()
  await push(30)
  await expect.poll(visible).toBe(String(sent))
  // Raw, and told to an operator once: the earlier records of these offsets are still there, and none is doubled.
  expect(await origins()).toEqual({ once: 1, incarnations: ++incarnations })
  expect(await found()).toEqual(Array(incarnations - 1).fill('topic-recreated'))
})

test('records of a topic that was created again while the workers were stopped are loaded', async () => {
  await push(40)
  await line.completeLedger()
  await line.services.deidentify.stop()
  await line.services.curate.stop()
  await recreateIdentified()
  await push(30)
  line.services.deidentify = await line.start('deidentify')
  line.services.curate = await line.start('curate')
  await expect.poll(visible).toBe(String(sent))
  // Raw, and told to an operator once: the earlier records of these offsets are still there, and none is doubled.
  expect(await origins()).toEqual({ once: 1, incarnations: ++incarnations })
  expect(await found()).toEqual(Array(incarnations - 1).fill('topic-recreated'))
})
