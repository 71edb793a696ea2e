/** What verdicts come to: one reviewer, two who must agree, a third; and what was taken back. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Entry, isAsked, type Mode, standingOf } from '#core/linkage/review/standing.ts'

const entry = (reviewer: string, what: Entry['entry'], mode: Mode = 'second'): Entry => ({
  ...{ pair: '0'.repeat(24), pattern: 'sex=equal', at: 1, account: 'os:test' },
  ...{ reviewer, entry: what, mode },
})

test('a reviewer alone decides at once; a second reviewer is needed where that was asked for', () => {
  expect(standingOf([entry('anna', 'accept', 'alone')])).toMatchObject({
    state: 'decided',
    decision: 'accept',
    by: ['anna'],
  })
  const one = [entry('anna', 'never')]
  expect(standingOf(one)).toMatchObject({ state: 'waits-for-second', decision: undefined })
  // The same name again is no second one.
  expect(standingOf([...one, entry('anna', 'never')]).state).toBe('waits-for-second')
  expect(standingOf([...one, entry('bert', 'never')])).toMatchObject({
    decision: 'never',
    by: ['anna', 'bert'],
    sent: false,
  })
})

test('two who differ decide nothing: a third does, and is neither of them', () => {
  const two = [entry('anna', 'never'), entry('bert', 'accept')]
  expect(standingOf(two)).toMatchObject({ state: 'disputed', decision: undefined })
  expect(['anna', 'bert', 'carl'].map((name) => isAsked(standingOf(two), name, 'third'))).toEqual([false, false, true])
  for (const mode of ['alone', 'second'] as const) expect(isAsked(standingOf(two), 'carl', mode)).toBe(false)
  expect(standingOf([...two, entry('carl', 'accept', 'third')])).toMatchObject({ decision: 'accept', by: ['carl'] })
})

test('a verdict that is taken back does not count, nor what was sent for it', () => {
  const agreed = [entry('anna', 'never'), entry('bert', 'never'), entry('bert', 'sent')]
  expect(standingOf(agreed).sent).toBe(true)
  const back = standingOf([...agreed, entry('bert', 'undo')])
  expect(back).toMatchObject({ state: 'waits-for-second', sent: false })
  expect([isAsked(back, 'anna', 'second'), isAsked(back, 'bert', 'second')]).toEqual([false, true])
  expect(standingOf([...agreed, entry('bert', 'undo'), entry('bert', 'accept')]).state).toBe('disputed')
})

test('with two reviewers nothing is decided without two names that say the same, or a third; nobody is asked twice', () => {
  const given = fc.array(
    fc.record({
      reviewer: fc.constantFrom('anna', 'bert', 'carl'),
      what: fc.constantFrom<Entry['entry']>('accept', 'never', 'undo', 'sent'),
      mode: fc.constantFrom<Mode>('second', 'third'),
    }),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(given, (entries) => {
      const standing = standingOf(entries.map(({ reviewer, what, mode }) => entry(reviewer, what, mode)))
      const { decision, verdicts, by } = standing
      for (const { reviewer } of verdicts)
        for (const mode of ['alone', 'second', 'third'] as const) expect(isAsked(standing, reviewer, mode)).toBe(false)
      if (!decision) return
      const seconds = verdicts.filter(({ mode }) => mode === 'second').slice(0, 2)
      expect(new Set(seconds.map(({ reviewer }) => reviewer)).size).toBe(2)
      const agree = seconds[0]?.entry === seconds[1]?.entry
      expect(by).toHaveLength(agree ? 2 : 1)
      for (const name of by) expect(verdicts.find(({ reviewer }) => reviewer === name)?.entry).toBe(decision)
    }),
  )
})
