import { expect, test } from 'vitest'
import { layoutOf } from '../../../services/core/linkage/layout.ts'
import { filterStore } from '../../../services/core/linkage/record-store.ts'
import type { Trait } from '../../../services/core/linkage/traits.ts'
import { openedRecords } from '../../../services/linker/link/opened-records.ts'

const layout = layoutOf(new Set<Trait>(['sex']))
const record = (value: number, version = 1) => ({
  id: `r${value}`,
  version: { version, stamp: 10 * version },
  source: 0,
  newborn: false,
  filters: new Int32Array(layout.words).fill(value),
})

test('a later version is written over the earlier one', () => {
  const store = filterStore(layout)
  const opened = openedRecords(store, 4)
  opened.begin()
  const slot = opened.keep(7, record(1))
  expect(opened.keep(7, record(2, 5))).toBe(slot)
  expect([opened.find(7), opened.idOf(slot), opened.stampOf(slot), store.size]).toEqual([
    slot,
    'r2',
    50,
    1,
  ])
  const other = opened.keep(8, record(2))
  expect(store.fingerprint(slot, 0)).toBe(store.fingerprint(other, 0))
})

test('those that came first make room, but none that the batch uses', () => {
  const store = filterStore(layout)
  const opened = openedRecords(store, 3)
  opened.begin()
  for (const number of [0, 1, 2]) opened.keep(number, record(number + 1))
  opened.begin()
  expect(opened.find(0)).toBeDefined()
  opened.keep(3, record(4))
  expect([0, 1, 2, 3].filter((number) => opened.find(number) !== undefined)).toEqual([0, 2, 3])
  // All three are used by this batch now: a fourth fits beside them.
  opened.keep(4, record(5))
  expect(store.size).toBe(4)
  expect([0, 2, 3, 4].map((number) => opened.idOf(opened.find(number) as number))).toEqual(['r1', 'r3', 'r4', 'r5'])
})
