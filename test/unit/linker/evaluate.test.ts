import { expect, test } from 'vitest'
import { defaultModel } from '../../../services/core/linkage/default-model.ts'
import { NO_FREQUENCIES } from '../../../services/core/linkage/frequencies.ts'
import { TRAITS } from '../../../services/core/linkage/traits.ts'
import type { DataSet } from '../../../services/linker/evaluate/data-set.ts'
import { evaluate } from '../../../services/linker/evaluate/evaluate.ts'
import { type Learnt, learn } from '../../../services/linker/evaluate/learn.ts'
import type { EvaluateOptions } from '../../../services/linker/evaluate/run.ts'
import { simulatedSet } from '../../helpers/simulated-set.ts'

/** No limit bites: then neither order nor workers change a person. */
const UNBOUNDED = { budget: 10_000, hub: 10_000 }

const data = simulatedSet(1200, ['national_id'])
let model: Learnt | undefined
const run = (options: Partial<EvaluateOptions> = {}) => {
  model ??= learn(data, false, UNBOUNDED, () => undefined)
  return evaluate(data, {
    plain: false,
    workers: 1,
    shuffle: undefined,
    ...model,
    onePerSource: false,
    limits: UNBOUNDED,
    onProgress: () => undefined,
    ...options,
  })
}

test('a model that is learnt without the truth finds pairs and persons, and is not sure where it is wrong', async () => {
  const { pairs, clusters, calibration } = await run()
  expect(pairs.best_f1).toBeGreaterThan(0.97)
  expect(clusters.f1).toBeGreaterThan(0.96)
  const { said, true: right } = calibration.above_0_9
  expect(Math.abs((said ?? 0) - (right ?? 0))).toBeLessThan(0.02)
}, 60_000)

test('order, replay and threads do not change the persons', async () => {
  const { persons, limits } = await run()
  expect(limits).toMatchObject({ records_over_budget: 0, hub_tokens_skipped: 0, components_split: 0 })
  expect((await run({ shuffle: 1 })).persons).toEqual(persons)
  expect((await run({ shuffle: 2, workers: 2 })).persons).toEqual(persons)
}, 60_000)

test('where budget and hub limit bite, three orders are the same persons once reconciled', async () => {
  const limits = { budget: 2, hub: 6 }
  const found = [
    await run({ limits }),
    await run({ limits, shuffle: 1 }),
    await run({ limits, shuffle: 2, workers: 2 }),
  ]
  expect(new Set(found.map(({ persons }) => persons.digest)).size).toBe(1)
  // The limits did decide persons before.
  expect(Math.max(...found.map(({ limits: met }) => met.records_corrected_by_reconciliation))).toBeGreaterThan(0)
}, 60_000)

test('with fewer passes fewer pairs are compared, by the same model; and the persons are told', async () => {
  const few: DataSet = { ...data, passes: ['phone', 'names'] }
  const all = await run()
  let persons = new Int32Array()
  const found = await evaluate(few, {
    plain: false,
    workers: 2,
    shuffle: undefined,
    ...(model as Learnt),
    onePerSource: false,
    limits: UNBOUNDED,
    onProgress: () => undefined,
    onPersons: (personOf) => (persons = Int32Array.from(personOf)),
  })
  expect(found.pairs_compared).toBeLessThan(all.pairs_compared)
  expect(found.pairs.found_by_blocking).toBeGreaterThan(0.5)
  expect(persons).toHaveLength(data.ids.length)
  expect(new Set(persons).size).toBe(found.persons.count)
}, 60_000)

test('two sources: that a person is once in each is assumed only where the records say so', () => {
  const partners = new Map<number, number[]>()
  for (const [a, b] of data.links)
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const)
      partners.set(one, [...(partners.get(one) ?? []), other])
  const isSecond = (n: number) => (partners.get(n)?.[0] ?? n) < n
  const bySource = (records: readonly number[], sourceOf: (n: number) => number): DataSet => ({
    ...data,
    sources: 2,
    ids: records.map((n) => data.ids[n] as string),
    sourceOf: Uint8Array.from(records, sourceOf),
    record: (n) => data.record(records[n] as number),
  })
  const pairs = [...partners.keys()].filter((n) => partners.get(n)?.length === 1).toSorted((a, b) => a - b)
  // Some hundred records show it as thousands do.
  const assumed = (set: DataSet) => learn(set, false, UNBOUNDED, () => undefined).onePerSource
  expect(assumed(bySource(pairs.slice(0, 240), (n) => (isSecond(n) ? 1 : 0)))).toBe(true)
  expect(assumed(bySource([...data.ids.keys()].slice(0, 400), (n) => n % 2))).toBe(false)
}, 60_000)

test('a model has a level for each trait, and can be read back', () => {
  const { fields } = (model ??= learn(data, false, UNBOUNDED, () => undefined)).model
  for (const { trait, levels, m, u } of fields) {
    expect(TRAITS).toContain(trait)
    expect(m).toHaveLength(levels.length)
    expect(u).toHaveLength(levels.length)
  }
}, 60_000)

test('two thousand records in three orders are the same persons', async () => {
  const many = simulatedSet(2000, ['national_id'])
  const digestOf = async (shuffle: number | undefined) => {
    const { persons, limits } = await evaluate(many, {
      plain: false,
      workers: 1,
      shuffle,
      model: defaultModel(),
      frequencies: NO_FREQUENCIES,
      onePerSource: false,
      limits: UNBOUNDED,
      onProgress: () => undefined,
    })
    expect(limits).toMatchObject({ records_over_budget: 0, hub_tokens_skipped: 0, components_split: 0 })
    return persons
  }
  const persons = await digestOf(undefined)
  expect(persons.count).toBeLessThan(2000)
  expect(await digestOf(1)).toEqual(persons)
  expect(await digestOf(2)).toEqual(persons)
}, 60_000)

test('the shipped model links records that lack a trait it was learnt on', async () => {
  const { clusters } = await run({ model: defaultModel(), frequencies: NO_FREQUENCIES })
  expect(clusters.f1).toBeGreaterThan(0.96)
}, 60_000)

test('where a telephone is all that people have in common besides names and birth, they are not taken for twins', async () => {
  const few = simulatedSet(
    1200,
    TRAITS.filter((trait) => !['family_name', 'given_name', 'birth_date', 'phone'].includes(trait)),
  )
  const { clusters } = await evaluate(few, {
    plain: false,
    workers: 1,
    shuffle: undefined,
    ...learn(few, false, UNBOUNDED, () => undefined),
    onePerSource: false,
    limits: UNBOUNDED,
    onProgress: () => undefined,
  })
  expect(clusters.f1).toBeGreaterThan(0.96)
}, 60_000)
