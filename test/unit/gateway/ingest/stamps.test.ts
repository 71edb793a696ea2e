/** The stamp of a record: when the gateway received it, one per record. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stampClock } from '../../../../services/gateway/ingest/stamp.ts'
import { harness, observation } from '../harness.ts'

let gateway: Awaited<ReturnType<typeof harness>>
beforeAll(async () => {
  gateway = await harness()
})
afterAll(() => gateway.close())

test('each record has a stamp of its own, later than those before it', async () => {
  const lines = Array.from({ length: 300 }, (_, i) => JSON.stringify(observation(i)))
  for (let request = 0; request < 3; request++) {
    const answer = await gateway.post('observation', 'application/x-ndjson', lines.join('\n'))
    expect(answer.json()).toMatchObject({ accepted: 300 })
  }
  const stamps = (await gateway.decoded()).map(({ record }) => Number(record._received_at))
  expect(stamps).toHaveLength(900)
  expect(stamps.every((stamp, i) => i === 0 || stamp > (stamps[i - 1] ?? 0))).toBe(true)
  // Microseconds: the clock of the machine, and not a count.
  expect(Math.abs((stamps.at(-1) ?? 0) / 1000 - Date.now())).toBeLessThan(60_000)
})

test('the clock goes on where the wall clock stands still or is set back, and follows it when it has caught up', () => {
  const wall = [1000, 1000, 1000.5, 400, 401, 1001, 1001]
  const stamp = stampClock(() => wall.shift() ?? 0)
  const stamps = Array.from({ length: 7 }, stamp)
  expect(stamps).toEqual([1_000_000, 1_000_001, 1_000_500, 1_000_501, 1_000_502, 1_001_000, 1_001_001])
})
