import { describe, expect, test } from 'vitest'
import { createLagTracker } from '../../../../services/console/collectors/lag.ts'

const partition = (high: number, committed: number, key = 'a:0') => [{ key, high, committed }]

describe('the lag of a service', () => {
  test('is not known before the first reading', () => {
    expect(createLagTracker().view(0)).toEqual({ records: null, seconds: null })
  })

  test('is 0 when the service has reached the end', () => {
    const tracker = createLagTracker()
    tracker.add(partition(100, 100), 0)
    expect(tracker.view(60_000)).toEqual({ records: 0, seconds: 0 })
  })

  test('is counted from the time when the log passed the committed offset, between two readings', () => {
    const tracker = createLagTracker()
    tracker.add(partition(100, 100), 0)
    tracker.add(partition(300, 200), 2_000)
    expect(tracker.view(2_000)).toEqual({ records: 100, seconds: 1 })
    tracker.add(partition(300, 200), 10_000)
    expect(tracker.view(10_000).seconds).toBe(9)
    tracker.add(partition(300, 300), 12_000)
    expect(tracker.view(12_000)).toEqual({ records: 0, seconds: 0 })
  })

  test('does not count an idle hour before the first waiting record', () => {
    const tracker = createLagTracker()
    tracker.add(partition(100, 100), 0)
    tracker.add(partition(100, 100), 3_600_000)
    tracker.add(partition(200, 100), 3_602_000)
    expect(tracker.view(3_602_000).seconds).toBe(2)
  })

  test('is at least the time since the console started, for records that waited before', () => {
    const tracker = createLagTracker()
    tracker.add(partition(500, 100), 0)
    expect(tracker.view(5_000)).toEqual({ records: 400, seconds: 5 })
  })

  test('has the sum of the records, and the seconds of the partition that is most behind', () => {
    const tracker = createLagTracker()
    tracker.add([...partition(10, 10), ...partition(10, 10, 'a:1')], 0)
    tracker.add([...partition(20, 10), ...partition(15, 15, 'a:1')], 2_000)
    expect(tracker.view(4_000)).toEqual({ records: 10, seconds: 4 })
  })
})
