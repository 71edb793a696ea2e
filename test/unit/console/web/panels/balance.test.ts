import { describe, expect, test } from 'vitest'
import { buildSnapshot, type Readings } from '../../../../../services/console/collectors/build-snapshot.ts'
import { summarise } from '../../../../../services/console/collectors/ledger.ts'
import { balancePanel } from '../../../../../services/console/web/panels/balance.ts'
import { LIVE, ledgerRow, readings, STALE } from '../../readings.ts'
import { textOf } from '../text-of.ts'

const broken = summarise([ledgerRow({ loaded: 97, gaps: 3 }), ledgerRow({ partition: 1, loaded: 101, overlaps: 1 })])

function statement(over: Partial<Readings>, ledger = LIVE, secondsWithoutEvent = 0): string {
  const { sources } = readings()
  const snapshot = buildSnapshot(readings({ ...over, sources: { ...sources, ledger } }))
  return textOf(balancePanel({ snapshot, secondsWithoutEvent }))
}

describe('the balance panel', () => {
  test('shows that a balanced ledger is balanced, with the sum', () => {
    expect(statement({})).toContain('Balanced: every accepted record is accounted for')
    expect(statement({})).toContain('Accepted100records=Loaded100100.00 %+')
  })

  test('shows how many records are missing and how many are counted twice', () => {
    expect(statement({ ledger: broken })).toContain('NOT balanced: 3 missing, 1 counted twice')
  })

  test('shows how many records are unaccounted for without a gap or an overlap', () => {
    const ledger = summarise([ledgerRow({ loaded: 98 })])
    expect(statement({ ledger })).toContain('NOT balanced: 2 unaccounted for')
  })

  test('never shows a stale ledger as balanced now', () => {
    const unknown = 'Current state unknown: balanced when last read'
    expect(statement({}, STALE)).toContain(unknown)
    // The console itself may send no events.
    expect(statement({}, LIVE, 6)).toContain(unknown)
    expect(statement({ ledger: broken }, STALE)).toContain('NOT balanced when last read: 3 missing')
  })

  test('uses the types of the snapshot schema: another name or another kind of value does not compile', () => {
    const snapshot = buildSnapshot(readings())
    // @ts-expect-error: the snapshot has no such field
    expect(snapshot.total_balance).toBeUndefined()
    // @ts-expect-error: seconds since 1970 are a number, not a Date
    const time: Date = snapshot.point.t
    expect(time).toBe(snapshot.point.t)
    // @ts-expect-error: the argument of a panel is the whole view, not only the snapshot
    expect(() => balancePanel(snapshot)).toThrow()
  })
})
