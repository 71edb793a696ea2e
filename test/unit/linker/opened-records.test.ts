import fc from 'fast-check'
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
  expect([opened.find(7), opened.idOf(slot), opened.stampOf(slot), store.size]).toEqual([slot, 'r2', 50, 1])
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

test('whatever is kept, looked for and dropped, what is there is what was kept last, and what the batch has used; no fewer than fit, less those that were dropped', () => {
  const MOST = 5
  const number = fc.nat(9)
  const step = fc.oneof(
    fc.record({ what: fc.constant('keep' as const), number, value: fc.integer({ min: 1, max: 99 }) }),
    fc.record({ what: fc.constantFrom('find' as const, 'drop' as const, 'begin' as const), number }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const opened = openedRecords(filterStore(layout), MOST)
      const kept = new Map<number, number>()
      let used = new Set<number>()
      opened.begin()
      for (const one of steps) {
        if (one.what === 'begin') {
          opened.begin()
          used = new Set()
        } else if (one.what === 'drop') {
          opened.drop(one.number)
          kept.delete(one.number)
          used.delete(one.number)
        } else if (one.what === 'keep') {
          opened.keep(one.number, record(one.value, one.value))
          kept.set(one.number, one.value)
          used.add(one.number)
        } else if (opened.find(one.number) !== undefined) used.add(one.number)
        for (const of of used) expect(opened.find(of)).toBeDefined()
      }
      const there = [...kept.keys()].filter((of) => opened.find(of) !== undefined)
      expect(there.length).toBeGreaterThanOrEqual(
        Math.min(kept.size, MOST) - steps.filter(({ what }) => what === 'drop').length,
      )
      for (const of of there) {
        const slot = opened.find(of) as number
        expect([opened.idOf(slot), opened.stampOf(slot)]).toEqual([`r${kept.get(of)}`, 10 * (kept.get(of) as number)])
      }
      for (let of = 0; of < 10; of++) if (!kept.has(of)) expect(opened.find(of)).toBeUndefined()
    }),
  )
})
