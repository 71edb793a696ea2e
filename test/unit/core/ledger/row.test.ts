import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reconcile } from '#core/ledger/reconcile.ts'
import { isBalanced, isRowBalanced, type LedgerRow, sumCounts, unexplainedRecords } from '#core/ledger/row.ts'

const row = (over: Partial<LedgerRow>): LedgerRow => ({
  feed: 'f',
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

const tiles = fc.array(
  fc
    .record({
      from: fc.nat(40),
      length: fc.nat(20),
      loaded: fc.nat(20),
      rejected: fc.nat(3),
      quarantined: fc.nat(3),
      lost: fc.nat(2),
    })
    .map(({ from, length, ...outcomes }) => ({ from, to: from + length, ...outcomes })),
  { maxLength: 8 },
)
const between = fc.record({ passed: fc.nat(80), unread: fc.nat(80) })

describe('balanced', () => {
  it('is a row whose records each have one outcome or are in flight', () => {
    expect(isRowBalanced(row({ accepted: 10, loaded: 6, quarantined: 1, lost: 0, rejected: 1, in_flight: 2 }))).toBe(
      true,
    )
    expect(isBalanced([])).toBe(true)
  })

  it('is not a row with a gap or an overlap, and a gap does not cancel an overlap', () => {
    const missing = row({ accepted: 10, loaded: 9, gaps: 1 })
    const duplicated = row({ accepted: 10, loaded: 11, overlaps: 1 })
    expect([missing, duplicated].map(isRowBalanced)).toEqual([false, false])
    expect(isBalanced([missing, duplicated])).toBe(false)
  })

  it('is not a row whose sum is wrong, even without a gap or an overlap', () => {
    const short = row({ accepted: 10, loaded: 9 })
    expect([isRowBalanced(short), unexplainedRecords(short)]).toEqual([false, 1])
    expect(isRowBalanced(row({ accepted: 10, loaded: 12, in_flight: -2 }))).toBe(false)
  })

  it('of a reconciled row is the same as "no gap and no overlap", for any batches', () => {
    fc.assert(
      fc.property(fc.nat(60), tiles, between, (accepted, found, where) => {
        const reconciled = reconcile('f', 0, accepted, found, where)
        expect(isRowBalanced(reconciled)).toBe(reconciled.gaps === 0 && reconciled.overlaps === 0)
      }),
    )
  })
})

it('sums every count of every row', () => {
  const rows = [row({ accepted: 5, loaded: 4, gaps: 1 }), row({ partition: 1, accepted: 7, in_flight: 7, overlaps: 2 })]
  expect(sumCounts(rows)).toEqual({
    accepted: 12,
    loaded: 4,
    quarantined: 0,
    lost: 0,
    rejected: 0,
    in_flight: 7,
    gaps: 1,
    overlaps: 2,
  })
})
