import { describe, expect, test } from 'vitest'
import { takeSteps } from '#core/policies/take-steps.ts'

describe('steps against small cells', () => {
  const counts = [40, 12, 3, 0]
  const taking = (earlier: number, atMost: number) =>
    takeSteps(['birth', 'department', 'sex'], earlier, atMost, async ({ length }) => counts[length] ?? 0)

  test('are taken in their order, and no more than are needed', async () => {
    expect(await taking(0, 5)).toEqual({
      before: 40,
      taken: [
        { step: 'birth', because: 'small-cells', persons: 12 },
        { step: 'department', because: 'small-cells', persons: 3 },
      ],
      left: 3,
    })
    expect(await taking(0, 40)).toEqual({ before: 40, taken: [], left: 40 })
    expect((await taking(0, 0)).left).toBe(0)
  })

  test('that an earlier run took are taken again, although the data would not need them now', async () => {
    const { taken } = await taking(2, 40)
    expect(taken.map(({ because }) => because)).toEqual(['earlier-run', 'earlier-run'])
  })
})
