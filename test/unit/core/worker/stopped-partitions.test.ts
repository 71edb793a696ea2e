import { expect, it } from 'vitest'
import { createStoppedPartitions } from '#core/worker/stopped-partitions.ts'

it('tries a partition again at once when it is told to, while it is stopped and not after', () => {
  const stopped = createStoppedPartitions()
  let tries = 0
  stopped.stop('t', 0, 'link-index-stale', () => tries++)
  stopped.hurry('t', 1)
  expect(tries).toBe(0)
  stopped.hurry('t', 0)
  expect(tries).toBe(1)
  expect(stopped.moved('t', 0)).toBe(true)
  stopped.hurry('t', 0)
  expect(tries).toBe(1)
  stopped.close()
})
