import { expect, test } from 'vitest'
import { evaluate } from '../../../services/linker/evaluate/evaluate.ts'
import { learn } from '../../../services/linker/evaluate/learn.ts'
import { kinSet } from '../../helpers/kin-set.ts'

const LIMITS = { budget: 16, hub: 100 }

test('kin are not linked, where numbers on a part of the records show how many there are', async () => {
  const data = kinSet({ seed: 'kin', families: 110, kin: 0.3, numbers: 0.8, errors: 0.03 })
  const { model, frequencies, onePerSource } = learn(data, false, LIMITS, () => undefined)
  const { kin, pairs } = await evaluate(data, {
    plain: false,
    workers: 1,
    shuffle: undefined,
    model,
    frequencies,
    onePerSource,
    limits: LIMITS,
    onProgress: () => undefined,
  })
  for (const [kind, most] of [
    ['twins', 0.02],
    ['father and son', 0.06],
    ['newborns', 0.01],
  ] as const) {
    expect(kin?.[kind]?.pairs, kind).toBeGreaterThan(100)
    expect(kin?.[kind]?.above_0_9, kind).toBeLessThanOrEqual(most)
  }
  // Nothing is won by linking nobody.
  expect(pairs.f1).toBeGreaterThan(0.9)
  expect(pairs.best_f1).toBeGreaterThan(0.96)
}, 300_000)
