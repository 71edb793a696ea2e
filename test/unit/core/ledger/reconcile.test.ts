import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { breaks, reconcile, type Tile } from '#core/ledger/reconcile.ts'
import { isBalanced } from '#core/ledger/row.ts'

const tile = (from: number, to: number, outcome: Partial<Tile> = {}): Tile => ({
  from,
  to,
  loaded: to - from,
  rejected: 0,
  quarantined: 0,
  lost: 0,
  ...outcome,
})

describe('reconcile', () => {
  it('accounts for every record of adjacent ranges, in any order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 30 }),
        fc.nat(100),
        fc.nat(),
        (sizes, waiting, seed) => {
          let at = 0
          const tiles = sizes.map((size) =>
            tile(at, (at += size), {
              loaded: size - (size % 3),
              rejected: size % 2 ? size % 3 : 0,
              quarantined: size % 2 ? 0 : size % 3,
            }),
          )
          const shuffled = tiles.toSorted((a, b) => ((a.from * 7919 + seed) % 101) - ((b.from * 7919 + seed) % 101))
          const row = reconcile('f', 0, at + waiting, shuffled)
          expect(row).toMatchObject({ accepted: at + waiting, in_flight: waiting, gaps: 0, overlaps: 0 })
          expect(row.loaded + row.rejected + row.quarantined + row.in_flight).toBe(row.accepted)
          expect(isBalanced([row])).toBe(true)
        },
      ),
    )
  })

  it('finds a missing range, a duplicate range, and one that overlaps', () => {
    expect(reconcile('f', 0, 30, [tile(0, 10), tile(20, 30)])).toMatchObject({ gaps: 10, overlaps: 0, in_flight: 0 })
    expect(reconcile('f', 0, 10, [tile(0, 10), tile(0, 10)])).toMatchObject({ gaps: 0, overlaps: 10 })
    expect(reconcile('f', 0, 15, [tile(0, 10), tile(8, 15)])).toMatchObject({ gaps: 0, overlaps: 2 })
  })

  it('finds a loss inside a range and a log that lost its end', () => {
    expect(reconcile('f', 0, 10, [tile(0, 10, { loaded: 9 })])).toMatchObject({ gaps: 1, overlaps: 0 })
    expect(reconcile('f', 0, 10, [tile(0, 10, { loaded: 11 })])).toMatchObject({ gaps: 0, overlaps: 1 })
    expect(reconcile('f', 0, 5, [tile(0, 10)])).toMatchObject({ gaps: 5, in_flight: 0 })
  })

  it('distinguishes what is no longer in either log from what is in flight', () => {
    // 0 to 99 expired before deidentify read them; it continued with 100, and curate stopped before that.
    const expired = reconcile('f', 0, 200, [], { passed: 200, unread: 100 })
    expect(expired).toMatchObject({ gaps: 100, in_flight: 100 })
    expect(isBalanced([expired])).toBe(false)
    // Read and without an outcome yet, replays among them: nothing is missing.
    expect(reconcile('f', 0, 200, [tile(0, 50)], { passed: 120, unread: 90 })).toMatchObject({
      gaps: 0,
      in_flight: 150,
    })
    // Expired after they had an outcome, as they should.
    expect(reconcile('f', 0, 200, [tile(0, 200)], { passed: 200, unread: 0 })).toMatchObject({ gaps: 0, in_flight: 0 })
  })
})

describe('breaks', () => {
  it('names the range of each gap and overlap that reconcile counts', () => {
    expect(breaks(0, [tile(0, 10), tile(15, 20)])).toEqual([{ kind: 'gap', from: 10, to: 15, count: 5 }])
    expect(breaks(0, [tile(0, 10), tile(8, 20, { loaded: 13 })])).toEqual([
      { kind: 'overlap', from: 8, to: 10, count: 2 },
      { kind: 'overlap', from: 8, to: 20, count: 1 },
    ])
    expect(breaks(5, [tile(5, 10, { loaded: 3, lost: 2 })])).toEqual([])
  })
})
