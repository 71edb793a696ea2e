/**
 * Links are part of delivery: whatever happens to the linkage index in Redis while the services run, the links in ClickHouse become
 * those of a replay of the log, without a restart and without an operator.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isBalanced } from '#core/ledger/row.ts'
import { type OwnRedis, startOwnRedis } from '../helpers/own-redis.ts'
import { nirOf, recordOf } from '../helpers/records.ts'
import { currentLinks, replayedLinks } from '../helpers/replayed-links.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

let redis: OwnRedis
let line: Pipeline
let sent = 0

beforeAll(async () => {
  redis = await startOwnRedis()
  line = await startPipeline({ ...redis.env, CHAINON_BATCH_MAX_RECORDS: '100' })
})
afterAll(async () => {
  await line?.stop()
  await redis?.stop()
})

/** Sends patients; every tenth one has the NIR of one person of ten, whom all calls share. */
async function push(count: number): Promise<void> {
  const ids = Array.from({ length: count }, (_, i) => sent + i)
  sent += count
  const records = ids.map((id) =>
    recordOf(
      'patient',
      `p${id}`,
      `ipp-${id}`,
      id % 10 === 0 ? { nir: nirOf(`2790351215${100 + (id % 100) / 10}`) } : {},
    ),
  )
  await line.push('chu', 'patient', records)
}

/** Everything is loaded, and each patient has the link that a replay of the log gives. */
async function exact(): Promise<void> {
  expect(isBalanced(await line.completeLedger())).toBe(true)
  const expected = await replayedLinks(line)
  expect(Object.keys(expected)).toHaveLength(sent)
  await expect.poll(() => currentLinks(line)).toEqual(expected)
}

test('an index that is emptied while curate runs', async () => {
  await push(100)
  await exact()
  await redis.command('FLUSHALL')
  await push(100)
  await exact()
})

test('a server that starts again without its data', async () => {
  await push(100)
  await exact()
  await redis.restart('none')
  await push(100)
  await exact()
})

test('a server that starts again with older data', async () => {
  await push(50)
  await exact()
  await redis.copy()
  await push(100)
  await exact()
  await redis.restart('copy')
  await push(100)
  await exact()
})

test('an index that is emptied again and again while batches are in flight', async () => {
  for (let round = 0; round < 3; round++) {
    const pushed = push(300)
    await sleep(100 * round)
    await redis.command('FLUSHALL')
    await pushed
  }
  await exact()
})
