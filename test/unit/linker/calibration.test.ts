import { expect, test } from 'vitest'
import { evaluate } from '../../../services/linker/evaluate/evaluate.ts'
import { learn } from '../../../services/linker/evaluate/learn.ts'
import { namesakeSet } from '../../helpers/namesake-set.ts'

const LIMITS = { budget: 16, hub: 100 }

test('of people whose names go with their country, the links above .9 are as often true as is said', async () => {
  const data = namesakeSet({ seed: 'calibration', people: 1500 })
  const { model, frequencies, onePerSource } = learn(data, false, LIMITS, () => undefined)
  const { calibration, pairs, clusters } = await evaluate(data, {
    plain: false,
    workers: 1,
    shuffle: undefined,
    model,
    frequencies,
    onePerSource,
    limits: LIMITS,
    onProgress: () => undefined,
  })
  const { pairs: counted, said, true: right } = calibration.above_0_9
  expect(counted).toBeGreaterThan(1000)
  expect(Math.abs((said ?? 0) - (right ?? 0))).toBeLessThanOrEqual(0.02)
  // The default threshold is near the best.
  expect(pairs.best_f1 - pairs.f1).toBeLessThanOrEqual(0.01)
  expect(pairs.f1).toBeGreaterThan(0.97)
  expect(clusters.f1).toBeGreaterThan(0.97)
}, 300_000)
