import { expect, test } from 'vitest'
import type { JournalEvent } from '#core/journal/actions.ts'
import { hourlyCounts } from '#core/journal/hourly.ts'

const START = Date.UTC(2026, 0, 31, 8, 10)
const ledger = (hour: string, requests: number): JournalEvent => ({
  actor: 'console:operator',
  action: 'query',
  object: 'console:/api/ledger',
  outcome: 'done',
  facts: { hour, requests },
})

test('the first one of an hour at once, the others together', async () => {
  const noted: unknown[] = []
  let now = START
  const counts = hourlyCounts({ note: ({ facts }) => void noted.push(facts) }, () => now)
  for (let at = 0; at < 4; at++) counts.used('ledger', ledger)
  expect(noted).toEqual([{ hour: '2026-01-31T08:00Z', requests: 1 }])
  now += 3_600_000
  counts.used('ledger', ledger)
  expect(noted.slice(1)).toEqual([
    { hour: '2026-01-31T08:00Z', requests: 3 },
    { hour: '2026-01-31T09:00Z', requests: 1 },
  ])
  counts.used('ledger', ledger)
  await counts.stop()
  expect(noted.slice(3)).toEqual([{ hour: '2026-01-31T09:00Z', requests: 1 }])
})
