/** The stamp of a record: when the gateway received it, one per record. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { harness, observation } from '../harness.ts'

let gateway: Awaited<ReturnType<typeof harness>>
beforeAll(async () => {
  gateway = await harness()
})
afterAll(() => gateway.close())

test.fails('each record has a stamp of its own, later than those before it', async () => {
  const lines = Array.from({ length: 300 }, (_, i) => JSON.stringify(observation(i)))
  for (let request = 0; request < 3; request++) {
    const answer = await gateway.post('observation', 'application/x-ndjson', lines.join('\n'))
    expect(answer.json()).toMatchObject({ accepted: 300 })
  }
  const stamps = gateway.decoded().map(({ record }) => Number(record._received_at))
  expect(stamps).toHaveLength(900)
  expect(stamps.every((stamp, i) => i === 0 || stamp > (stamps[i - 1] ?? 0))).toBe(true)
  // Microseconds: the clock of the machine, and not a count.
  expect(Math.abs((stamps.at(-1) ?? 0) / 1000 - Date.now())).toBeLessThan(60_000)
})
