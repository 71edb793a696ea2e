import { describe, expect, test } from 'vitest'
import { reconcile } from '#core/ledger/reconcile.ts'
import type { LedgerRow } from '#core/ledger/row.ts'
import { ledgerAlarms } from '../../../../services/console/collectors/alarms.ts'
import { createStallWatch, summarise } from '../../../../services/console/collectors/ledger.ts'

const row = (over: Partial<LedgerRow>): LedgerRow => ({
  feed: 'patient',
  partition: 0,
  accepted: 0,
  loaded: 0,
  quarantined: 0,
  lost: 0,
  rejected: 0,
  in_flight: 0,
  gaps: 0,
  overlaps: 0,
  ...over,
})

describe('the ledger on the page', () => {
  test('has the sums of the partitions of each feed, and of all feeds, feeds by name', () => {
    const { feeds, total, balanced } = summarise([
      row({
        feed: 'patient',
        partition: 0,
        accepted: 10,
        loaded: 7,
        quarantined: 1,
        lost: 0,
        rejected: 1,
        in_flight: 1,
      }),
      row({ feed: 'patient', partition: 1, accepted: 5, loaded: 5 }),
      row({ feed: 'death', accepted: 2, in_flight: 2 }),
    ])
    expect(feeds.map(({ feed }) => feed)).toEqual(['death', 'patient'])
    expect(feeds[1]).toMatchObject({ accepted: 15, loaded: 12, quarantined: 1, lost: 0, rejected: 1, in_flight: 1 })
    expect(feeds[1]?.partitions).toHaveLength(2)
    expect(total).toMatchObject({ accepted: 17, loaded: 12, in_flight: 3 })
    expect(balanced).toBe(true)
  })

  test('a ledger without rows is balanced', () => {
    expect(summarise([])).toMatchObject({ balanced: true, unexplained: 0, feeds: [] })
  })

  test('a gap in one partition is not hidden by an overlap in another', () => {
    const rows = [
      reconcile('patient', 0, 10, [{ from: 2, to: 10, loaded: 8, rejected: 0, quarantined: 0, lost: 0 }]),
      reconcile('patient', 1, 10, [
        { from: 0, to: 10, loaded: 10, rejected: 0, quarantined: 0, lost: 0 },
        { from: 4, to: 6, loaded: 2, rejected: 0, quarantined: 0, lost: 0 },
      ]),
    ]
    const ledger = summarise(rows)
    expect(ledger).toMatchObject({ balanced: false, total: { gaps: 2, overlaps: 2 } })
    expect(ledgerAlarms(ledger).map(({ message }) => message)).toEqual([
      'patient, partition 0: 2 records missing',
      'patient, partition 1: 2 records counted twice',
    ])
  })

  test('a sum that is not right is not balanced, even without a gap or an overlap', () => {
    expect(summarise([row({ accepted: 10, loaded: 9 })])).toMatchObject({ balanced: false, unexplained: 1 })
  })

  test('differences of opposite sign do not cancel each other', () => {
    const rows = [row({ accepted: 10, loaded: 9 }), row({ partition: 1, accepted: 10, loaded: 11 })]
    expect(summarise(rows)).toMatchObject({ balanced: false, unexplained: 2 })
  })
})

describe('records in flight without progress', () => {
  const waiting = (loaded: number) => summarise([row({ accepted: 100, loaded, in_flight: 100 - loaded })])

  test('are reported after 20 s, since the last outcome', () => {
    const watch = createStallWatch()
    watch.add(waiting(10), 0)
    watch.add(waiting(20), 2_000)
    watch.add(waiting(20), 4_000)
    expect(watch.since(20_000)).toBeNull()
    expect(watch.since(23_000)).toBe(2_000)
    watch.add(waiting(30), 24_000)
    expect(watch.since(25_000)).toBeNull()
  })

  test('an idle hour before the first of them does not count', () => {
    const watch = createStallWatch()
    watch.add(waiting(100), 0)
    watch.add(waiting(100), 3_600_000)
    watch.add(summarise([row({ accepted: 200, loaded: 100, in_flight: 100 })]), 3_602_000)
    expect(watch.since(3_604_000)).toBeNull()
  })
})
