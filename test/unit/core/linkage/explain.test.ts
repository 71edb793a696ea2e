/** The explanation of a pair: its parts add up to the weight of score.ts, and what is shown adds up too. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defaultModel } from '../../../../services/core/linkage/default-model.ts'
import { recordEncoder } from '../../../../services/core/linkage/encode.ts'
import { explainer } from '../../../../services/core/linkage/explain.ts'
import { type Frequencies, NO_FREQUENCIES } from '../../../../services/core/linkage/frequencies.ts'
import { comparedFields } from '../../../../services/core/linkage/levels.ts'
import type { Model } from '../../../../services/core/linkage/model.ts'
import { normaliseTraits } from '../../../../services/core/linkage/normalise-traits.ts'
import { filterStore } from '../../../../services/core/linkage/record-store.ts'
import { scorer } from '../../../../services/core/linkage/score.ts'
import { shownExplanation } from '../../../../services/core/linkage/shown-explanation.ts'
import { startingModel } from '../../../../services/core/linkage/starting-model.ts'
import { TRAITS, type Trait, type Traits } from '../../../../services/core/linkage/traits.ts'

const encoder = recordEncoder(new Set<Trait>(TRAITS), Buffer.alloc(32, 1))
const { layout } = encoder

const NAMES = ['', 'Durand', 'Klein', 'Morel', 'De Oliveira', 'Camille', 'Sarah Manon', 'Bébé']
const VALUES: Readonly<Partial<Record<Trait, readonly string[]>>> = {
  given_name: NAMES,
  family_name: NAMES,
  birth_name: NAMES,
  middle_name: NAMES,
  birth_date: ['', '1985-02-11', '1985-11-02', '1985-02-12', '1958-02-11'],
  sex: ['', 'M', 'F'],
  national_id: ['', '185027511886656', '185027511886753', 'AB12345'],
}
const OTHERS = ['', '12 rue des Lilas', '21 rue des Lilas', '75012', '0612345678', 'a@mail.example']
const written = fc.record(
  Object.fromEntries(TRAITS.map((trait) => [trait, fc.constantFrom(...(VALUES[trait] ?? OTHERS))])),
) as fc.Arbitrary<Traits>

const store = filterStore(layout)
const records = fc.sample(written, { numRuns: 120, seed: 7 })
for (const traits of records) store.add(encoder.encode(normaliseTraits(traits, 'YYYY-MM-DD')))
const pairs = [...records.keys()].flatMap((a) => Array.from({ length: a }, (_, b) => [a, b] as const))

/** A model that does not know two traits. */
function modelOfOthers(): Model {
  const start = startingModel(comparedFields(layout))
  return {
    ...start,
    fields: start.fields
      .filter(({ trait }) => trait !== 'unit' && trait !== 'region')
      .map((field) => ({ ...field, chance: 1e-2 })),
  }
}

/** Of each value of all traits. */
function frequenciesOfAll(): Frequencies {
  return Object.fromEntries(
    layout.fields.map(({ trait }, at) => {
      const values = [...new Set(records.map((_, record) => store.fingerprint(record, at)))].filter((one) => one !== 0)
      return [trait, { chance: 1e-2, rare: 1e-4, frequent: values.map((value, n) => [value, (n + 1) / 300] as const) }]
    }),
  )
}
const frequencies = frequenciesOfAll()

test.each([
  ['the shipped model', defaultModel(), NO_FREQUENCIES],
  ['a model that does not know two traits, and frequencies of all', modelOfOthers(), frequencies],
])('with %s, the parts of 7,140 random pairs add up to the weight that the linker gives', (_name, model, counted) => {
  const explain = explainer(model, counted, store, layout)
  const { weight } = scorer(model, counted, store, layout)
  const levels = new Set<string>()
  let furthest = 0
  for (const [a, b] of pairs) {
    const one = explain(a, b)
    expect(one.weight).toBe(weight(a, b))
    const sum = one.fields.reduce((total, field) => total + field.weight, one.prior)
    furthest = Math.max(furthest, Math.abs(sum - one.weight))
    const posterior = (match: boolean) =>
      one.classes.reduce((total, each) => total + (each.match === match ? each.posterior : 0), 0)
    expect(posterior(true)).toBeCloseTo(one.probability, 9)
    expect(posterior(true) + posterior(false)).toBeCloseTo(1, 9)
    for (const { trait, level } of one.fields) levels.add(`${trait} ${level}`)
  }
  expect(furthest).toBeLessThan(1e-9)
  // The pairs reach what is special to names.
  for (const level of [
    'given_name swapped',
    'given_name other',
    'given_name newborn',
    'given_name newborns',
    'family_name other',
    'sex missing',
  ])
    expect(levels).toContain(level)
})

test('a field that is missing, or that the model does not know, adds nothing; without a field the weight is less what it removes', () => {
  const explain = explainer(modelOfOthers(), frequencies, store, layout)
  for (const [a, b] of pairs.slice(0, 1000)) {
    const { fields, weight: total } = explain(a, b)
    const silent = fields.filter(({ trait, level }) => level === 'missing' || trait === 'unit' || trait === 'region')
    expect(silent.filter(({ weight, without }) => weight !== 0 || without !== total)).toEqual([])
  }
})

test('what is shown adds up as it is shown, and has neither an exact weight nor an exact frequency', () => {
  const explain = explainer(modelOfOthers(), frequencies, store, layout)
  const shownFrequencies = new Set<string>()
  for (const [a, b] of pairs) {
    const exact = explain(a, b)
    const shown = shownExplanation(exact)
    const sum = shown.fields.reduce((total, { weight }) => total + weight, shown.prior)
    expect(sum).toBeCloseTo(shown.weight, 9)
    expect(Math.abs(shown.weight - exact.weight)).toBeLessThanOrEqual(0.05 + 1e-9)
    const numbers = shown.fields.flatMap(({ weight, removed }) => [weight, removed])
    expect(numbers.filter((one) => Math.abs(one * 10 - Math.round(one * 10)) > 1e-9)).toEqual([])
    for (const { frequency } of shown.fields) if (frequency) shownFrequencies.add(frequency)
  }
  // Of some 40 values only powers of two are left.
  expect(shownFrequencies.size).toBeGreaterThan(1)
  expect(shownFrequencies.size).toBeLessThan(12)
})
