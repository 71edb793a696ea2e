/** Small cells: no count from 1 to 10 is shown, none follows from a difference or from a share. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MASKED, shownCells, shownCount, shownPart, shownShare } from '#core/linkage/mask.ts'
import { recapture } from '../../../../services/cli/link-report/estimates.ts'

test('counts from 1 to 10 are masked, 0 and 11 are not', () => {
  expect([0, 1, 10, 11, 0.2, 10.4].map(shownCount)).toEqual([0, MASKED, MASKED, 11, 0, MASKED])
})

test('a part is masked where the rest of a shown whole is small', () => {
  expect([shownPart(990, 1000), shownPart(989, 1000), shownPart(1000, 1000), shownPart(5, 1000)]).toEqual([
    MASKED,
    989,
    1000,
    MASKED,
  ])
})

test('of cells that add up to a total never is one alone masked, unless the others are 0', () => {
  expect(shownCells([3, 50, 20])).toEqual([MASKED, 50, MASKED])
  expect(shownCells([3, 0, 0])).toEqual([MASKED, 0, 0])
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 2, maxLength: 12 }), (counts) => {
      const cells = shownCells(counts)
      const masked = cells.filter((cell) => cell === MASKED).length
      const others = counts.filter((count) => count > 10).length
      expect(masked === 1 && others > 0).toBe(false)
      expect(cells.every((cell) => cell === MASKED || cell === 0 || cell > 10)).toBe(true)
    }),
  )
})

test('whoever knows the whole finds no part from 1 to 10, nor such a remainder, in a share', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300_000 }),
      fc.integer({ min: 1, max: 10 }),
      fc.boolean(),
      (whole, few, rest) => {
        const part = rest ? whole - few : few
        if (part < 0 || part > whole) return
        const share = shownShare(part, whole)
        if (share === MASKED || share === null) return
        // All parts that are shown as this share.
        const digits = Math.max(2, String(share).length - 2)
        const half = 0.5 * 10 ** -digits * whole
        const least = Math.ceil(Number(share) * whole - half)
        const most = Math.floor(Number(share) * whole + half)
        expect(most - least).toBeGreaterThan(3)
      },
    ),
    { numRuns: 500 },
  )
  expect(shownShare(5, 200)).toBe(MASKED)
  expect(shownShare(195, 200)).toBe(MASKED)
  expect(shownShare(100, 200)).toBe(0.5)
  expect(shownShare(1, 0)).toBeNull()
  expect(shownShare(99_876, 100_000)).toBe(0.9988)
})

test('two captures estimate what both missed', () => {
  // Of 1,000 one finds 800 and the other 600, independently: 480 both, 80 neither.
  const found = recapture(800, 600, 480, 920)
  expect(found?.missed).toBeGreaterThan(75)
  expect(found?.missed).toBeLessThan(85)
  expect(found?.interval[0]).toBeLessThan(80)
  expect(found?.interval[1]).toBeGreaterThan(80)
  expect(recapture(5, 5, 0, 10)).toBeUndefined()
  expect(recapture(10, 10, 10, 10)).toMatchObject({ missed: 0, interval: [0, 0] })
})
