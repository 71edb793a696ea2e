/** A postcode as an area: none has fewer inhabitants than the contract says. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { areaOf, areasOf } from '#core/policies/area.ts'
import { departmentOf } from '#core/policies/department.ts'

const populations = new Map(
  readFileSync('services/core/policies/postcode-populations.txt', 'utf8')
    .trim()
    .split('\n')
    .map((line): [string, number] => [line.slice(0, 5), Number(line.slice(6))]),
)

function inhabitants(areas: ReadonlyMap<string, string>, of: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const sums = new Map<string, number>()
  for (const [postcode, area] of areas) sums.set(area, (sums.get(area) ?? 0) + (of.get(postcode) ?? 0))
  return sums
}

describe.each([5_000, 20_000, 50_000, 200_000])('areas of at least %d inhabitants', (floor) => {
  const areas = areasOf(populations, floor)

  test('none has fewer, and each is in one department', () => {
    const sums = [...inhabitants(areas, populations)]
    expect(sums.length).toBeGreaterThan(90)
    expect(sums.filter(([, persons]) => persons < floor)).toEqual([])
    for (const [postcode, area] of areas) expect(area.split('-')[0]).toBe(departmentOf(postcode))
  })

  test('only a department with fewer inhabitants has none', () => {
    const left = [...populations.keys()].filter((postcode) => !areas.has(postcode))
    for (const [, own] of Map.groupBy(left, departmentOf)) {
      const department = departmentOf(own[0] ?? '')
      const whole = [...populations].filter(([postcode]) => departmentOf(postcode) === department)
      expect(whole.reduce((sum, [, persons]) => sum + persons, 0)).toBeLessThan(floor)
      expect(own).toHaveLength(whole.length)
    }
  })
})

test('a postcode of a city is its own area, a village is in that of its neighbours', () => {
  const area = areaOf(20_000)
  expect(area('69003')).toBe('69-69003')
  expect(area(' 75011 ')).toBe('75-75011')
  expect(area('48000')).toMatch(/^48/)
  expect([area('69288'), area('99999'), area('2A004'), area('')]).toEqual([null, null, null, null])
  expect(areaOf(5_000_000)('69003')).toBeNull()
})

test('what is left over is never an area of a few: the smallest one takes it', () => {
  const of = (given: Readonly<Record<string, number>>) =>
    Object.fromEntries(areasOf(new Map(Object.entries(given)), 100))
  expect(of({ '69001': 100, '69002': 150, '69003': 20 })).toEqual({ '69001': '69', '69002': '69-69002', '69003': '69' })
  expect(of({ '69001': 100, '69002': 60, '69003': 40, '69110': 300 })).toEqual({
    '69001': '69-69001',
    '69002': '69-6900',
    '69003': '69-6900',
    '69110': '69-69110',
  })
  expect(of({ '69001': 99 })).toEqual({})
})
