import { expect, test } from 'vitest'
import { evaluate } from '../../../services/linker/evaluate/evaluate.ts'
import { learn } from '../../../services/linker/evaluate/learn.ts'
import { type KinSetOptions, kinSet } from '../../helpers/kin-set.ts'

const LIMITS = { budget: 16, hub: 100 }
/** Shares of the pairs of kin that may be above .9. */
const MOST_LINKED = [
  ['twins', 0.02],
  ['father and son', 0.06],
  ['newborns', 0.01],
] as const

async function linked(options: KinSetOptions) {
  const data = kinSet(options)
  const { model, frequencies, onePerSource } = learn(data, false, LIMITS, () => undefined)
  return await evaluate(data, {
    plain: false,
    workers: 1,
    shuffle: undefined,
    model,
    frequencies,
    onePerSource,
    limits: LIMITS,
    onProgress: () => undefined,
  })
}

test('kin are not linked, where numbers on a part of the records show how many there are', async () => {
  const { kin, pairs } = await linked({ seed: 'kin', families: 110, kin: 0.3, numbers: 0.8, errors: 0.03 })
  for (const [kind, most] of MOST_LINKED) {
    expect(kin?.[kind]?.pairs, kind).toBeGreaterThan(100)
    expect(kin?.[kind]?.above_0_9, kind).toBeLessThanOrEqual(most)
  }
  // Nothing is won by linking nobody.
  expect(pairs.f1).toBeGreaterThan(0.9)
  expect(pairs.best_f1).toBeGreaterThan(0.96)
}, 300_000)

test('without any number, twins of two sexes show how many there are of one', async () => {
  const { kin, pairs } = await linked({ seed: 'kin', families: 110, kin: 0.3, numbers: 0, errors: 0.03 })
  for (const [kind, most] of MOST_LINKED) {
    expect(kin?.[kind]?.pairs, kind).toBeGreaterThan(100)
    expect(kin?.[kind]?.above_0_9, kind).toBeLessThanOrEqual(most)
  }
  expect(pairs.f1).toBeGreaterThan(0.9)
}, 300_000)
