import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCounterTracker } from '../../../../services/console/collectors/counters.ts'

const one = (value: number) => new Map([['a', value]])

describe('counters of a process that may restart', () => {
  test('the value of the first scrape is in the total and in no rate', () => {
    const tracker = createCounterTracker(60_000)
    tracker.add(one(1_000_000), 0)
    expect(tracker.total('a')).toBe(1_000_000)
    expect(tracker.rate(['a'], 5_000, 0)).toBeNull()
    tracker.add(one(1_000_000), 2_000)
    expect(tracker.rate(['a'], 5_000, 2_000)).toBe(0)
  })

  test('a rate is the increase over the time between the scrapes', () => {
    const tracker = createCounterTracker(60_000)
    for (let second = 0; second <= 10; second++) tracker.add(one(second * 500), second * 1_000)
    expect(tracker.rate(['a'], 5_000, 10_000)).toBe(500)
    expect(tracker.increase(['a'], 60_000, 10_000)).toBe(5_000)
  })

  test('a lower value is a new process: it is added in full, and no figure is negative', () => {
    const tracker = createCounterTracker(60_000)
    tracker.add(one(900), 0)
    tracker.add(one(1_000), 1_000)
    tracker.add(one(40), 2_000)
    tracker.add(one(60), 3_000)
    expect(tracker.total('a')).toBe(1_060)
    expect(tracker.increase(['a'], 60_000, 3_000)).toBe(160)
  })

  test('a series that a new process has not counted yet begins at 0', () => {
    const tracker = createCounterTracker(60_000)
    tracker.add(one(100), 0)
    tracker.add(new Map(), 1_000)
    tracker.add(one(150), 2_000)
    expect(tracker.total('a')).toBe(250)
  })

  test('a failed scrape makes the span longer, not the rate higher', () => {
    const tracker = createCounterTracker(60_000)
    tracker.add(one(0), 0)
    tracker.add(one(100), 1_000)
    tracker.add(one(500), 5_000)
    expect(tracker.rate(['a'], 10_000, 5_000)).toBe(100)
  })

  test('a rate of old scrapes, or of less than two seconds, is not known', () => {
    const tracker = createCounterTracker(60_000)
    tracker.add(one(0), 0)
    tracker.add(one(2_500), 50)
    expect(tracker.rate(['a'], 5_000, 50)).toBeNull()
    tracker.add(one(2_500), 2_000)
    expect(tracker.rate(['a'], 5_000, 2_000)).toBe(1_250)
    expect(tracker.rate(['a'], 5_000, 20_000)).toBeNull()
  })

  test('the total never decreases, with any scrapes', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(1_000_000), { nil: undefined })), (values) => {
        const tracker = createCounterTracker(60_000)
        let before = 0
        for (const [second, value] of values.entries()) {
          tracker.add(value === undefined ? new Map() : one(value), second * 1_000)
          expect(tracker.total('a')).toBeGreaterThanOrEqual(before)
          before = tracker.total('a')
        }
      }),
    )
  })
})
