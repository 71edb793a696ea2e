/** What happens before and when records of an identified topic expire unread. The records of these tests are older than they are. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { alterTopic, produce } from '../helpers/kafka.ts'
import { recordOf } from '../helpers/records.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

const FEED = 'observation'
const HOUR_MS = 3_600_000
let pipeline: Pipeline

beforeAll(async () => {
  pipeline = await startPipeline({ CHAINON_IDENTIFIED_RETENTION_HOURS: '1' })
})
afterAll(async () => pipeline?.stop())

async function send(feed: 'observation' | 'death'): Promise<Response> {
  return await fetch(`${pipeline.services.gateway.url}/v1/feeds/${feed}/records`, {
    method: 'POST',
    headers: { authorization: `Bearer ${pipeline.key('chu')}`, 'content-type': 'application/json' },
    body: JSON.stringify([recordOf(feed, 'r1', 'ipp-1')]),
  })
}

const alarms = async () => (await pipeline.services.gateway.alarms()).filter(({ code }) => code !== 'not-balanced')

test('unread records: an alarm at half of the retention, 503 before they expire, and the feed accepts again when they are read', async () => {
  // The gateway knows the key when this is accepted.
  await pipeline.push('chu', 'encounter', [recordOf('encounter', 'e1', 'ipp-1')])
  await pipeline.services.deidentify.stop()
  const old = async (feed: string, share: number) => {
    const topic = `${pipeline.place.namespace}identified.${feed}`
    await alterTopic(pipeline.env, topic, { 'message.timestamp.type': 'CreateTime' })
    const timestamp = String(Date.now() - share * HOUR_MS)
    await produce(pipeline.env, topic, [{ partition: 0, value: 'x', timestamp }])
  }

  await old('death', 0.7)
  const ids = async () => (await alarms()).map(({ id }) => id)
  await expect.poll(ids).toEqual(['retention-half:death:0'])
  const [half] = await alarms()
  expect(half).toMatchObject({ code: 'retention-half', feed: 'death', partition: 0 })
  expect(half?.message).toMatch(/is 4[2-4] min old and expires at 20.*Z \(retention: 60 min\)/)
  const metrics = await pipeline.services.gateway.metrics()
  expect(metrics).toMatch(/chainon_unread_retention_share\{[^}]*feed="death"[^}]*\} 0\.7/)

  await old(FEED, 0.95)
  await expect.poll(ids).toContain(`backlog-near-retention:${FEED}`)
  const rejected = await send(FEED)
  expect(rejected.status).toBe(503)
  expect(rejected.headers.get('content-type')).toContain('application/problem+json')
  expect(Number(rejected.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await rejected.json()).toMatchObject({ code: 'backlog-near-retention', status: 503 })
  expect((await send('death')).status, 'half of the retention is an alarm only, and another feed goes on').toBe(202)

  pipeline.services.deidentify = await pipeline.start('deidentify')
  await expect.poll(async () => (await send(FEED)).status).toBe(202)
  await expect.poll(alarms).toEqual([])
  for (const row of await pipeline.completeLedger()) expect(row).toMatchObject({ gaps: 0, overlaps: 0 })
})
