import { describe, expect, test } from 'vitest'
import {
  bytes,
  count,
  duration,
  hourOf,
  percent,
  rate,
  secondsText,
  when,
} from '../../../../../services/console/web/lib/format.ts'

const now = new Date(2026, 10, 23, 12, 0, 0)
const at = (hour: number, day = 23) => new Date(2026, 10, day, hour, 0, 0).toISOString()

describe('figures as text', () => {
  test('an unknown figure is a dash, never 0', () => {
    expect([count(null), rate(null), secondsText(null), bytes(null), percent(null), when(null, now)]).toEqual(
      Array.from({ length: 6 }, () => '–'),
    )
  })

  test('figures have a unit in which they are short', () => {
    expect([secondsText(0.25), secondsText(3.21), secondsText(300), secondsText(9_000)]).toEqual([
      '250 ms',
      '3.2 s',
      '5 min',
      '2.5 h',
    ])
    expect([bytes(999), bytes(1_500), bytes(384_000_000)]).toEqual(['999 B', '1.5 kB', '384 MB'])
    expect([rate(0), rate(0.34), rate(1234.5)]).toEqual(['0', '0.3', '1,235'])
    expect([duration(4), duration(720), duration(11_100), duration(187_200)]).toEqual([
      '4 s',
      '12 min',
      '3 h 5 min',
      '2 d 4 h',
    ])
  })

  test('a small share is never 0 %', () => {
    expect([percent(0), percent(0.0001), percent(0.5)]).toEqual(['0.0 %', '< 0.1 %', '50.0 %'])
  })

  test('a time of another day has its day', () => {
    expect(when(at(9), now)).toBe('09:00:00')
    expect(when(at(9, 21), now)).toBe('21 Nov, 09:00')
    expect(hourOf(at(9), now)).toBe('09:00 to 10:00')
  })
})
