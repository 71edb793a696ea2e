import { expect, test } from 'vitest'
import { numbered } from '../../../../services/curate/history/person-history.ts'

test('persons have numbers in the order in which they are met, the one of now first, and no pseudonym is left', () => {
  const change = { at: '2026-01-02T03:04:05Z', kind: 'merge', reason: 'records', records: 1 }
  const history = numbered('p2_now', [
    { ...change, kind: 'cancelled', from: 'p2_now', to: '' },
    { ...change, from: 'p2_before', to: 'p2_now' },
    { ...change, from: 'p2_before', to: 'p2_other' },
  ])
  expect(history.changes.map(({ from, to }) => [from, to])).toEqual([
    [1, null],
    [2, 1],
    [2, 3],
  ])
  expect(JSON.stringify(history)).not.toContain('p2_')
  expect(history.more).toBe(false)
  expect(
    numbered(
      'x',
      Array.from({ length: 201 }, () => ({ ...change, from: 'x', to: 'y' })),
    ),
  ).toMatchObject({ more: true })
})
