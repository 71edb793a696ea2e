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
  test('says that a balanced ledger is balanced, with the sum', () => {
    expect(statement({})).toContain('Balanced: every accepted record is accounted for')
    expect(statement({})).toContain('Accepted100records=Loaded100100.00 %+')
  })

  test('names what is missing and what is counted twice', () => {
    expect(statement({ ledger: broken })).toContain('NOT balanced: 3 missing, 1 counted twice')
  })

  test('names records that no gap and no overlap explains', () => {
    const ledger = summarise([ledgerRow({ loaded: 98 })])
    expect(statement({ ledger })).toContain('NOT balanced: 2 unaccounted for')
  })

  test('never calls a stale ledger balanced now', () => {
    const unknown = 'Current state unknown: balanced when last read'
    expect(statement({}, STALE)).toContain(unknown)
    // The console itself may be what is silent.
    expect(statement({}, LIVE, 6)).toContain(unknown)
    expect(statement({ ledger: broken }, STALE)).toContain('NOT balanced when last read: 3 missing')
  })

  test('takes the snapshot as its schema has it: another name or another kind of value does not compile', () => {
    const snapshot = buildSnapshot(readings())
    // @ts-expect-error: the snapshot has no such field
    expect(snapshot.conserved).toBeUndefined()
    // @ts-expect-error: seconds since 1970 are a number, not a Date
    const time: Date = snapshot.point.t
    expect(time).toBe(snapshot.point.t)
    // @ts-expect-error: a panel takes the whole view, not the snapshot alone
    expect(() => balancePanel(snapshot)).toThrow()
  })
})
