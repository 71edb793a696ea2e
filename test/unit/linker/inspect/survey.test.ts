/** The survey of an index against the truth of a simulated set, and that nothing of a record is in it. */
import { Check } from 'typebox/schema'
import { expect, test } from 'vitest'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { SurveySchema } from '#core/linkage/survey.ts'
import { encoding } from '../../../../services/linker/evaluate/encoding.ts'
import { learn } from '../../../../services/linker/evaluate/learn.ts'
import { pairCounts } from '../../../../services/linker/inspect/pair-counts.ts'
import { surveyIndex } from '../../../../services/linker/inspect/survey.ts'
import { leaked, memoryIndex, valuesIn } from '../../../helpers/memory-index.ts'
import { simulatedSet } from '../../../helpers/simulated-set.ts'

const data = simulatedSet(1000)
const form = encoding(data)
const trained = learn(data, false, { budget: 100, hub: 100 }, () => undefined)
const level1 = pseudonymiser(1, Buffer.alloc(32, 3))
const CANCELLED = 5
const feedOf = (n: number) => (n % 3 === 0 ? 'death' : 'patient')
const records = Array.from(data.ids, (_, n) => ({
  id: `${feedOf(n)}/${level1.pseudonym('record', `${n}`)}`,
  label: level1.pseudonym('patient', `${n}`),
  written: n < CANCELLED ? undefined : data.record(n),
}))
const index = memoryIndex(records, form, trained)
const truth = data.links.filter(([a, b]) => a >= CANCELLED && b >= CANCELLED)
const all = await surveyIndex(index, { name: 'main', feeds: undefined, sample: 10_000 })

test('it has its form, its records by feed with what they lack, and persons by their patient numbers', () => {
  expect(Check(SurveySchema, all)).toBe(true)
  const deaths = records.filter(({ id, written }) => written && id.startsWith('death/'))
  expect(all.records).toMatchObject({ known: records.length, cancelled: CANCELLED })
  const death = all.records.by_feed.find(({ feed }) => feed === 'death')
  expect(death).toMatchObject({ records: deaths.length, patients: deaths.length })
  const cities = deaths.filter(({ written }) => (written?.city ?? '') !== '').length
  expect(death?.traits.city).toBeLessThanOrEqual(cities)
  expect(death?.traits.city).toBeGreaterThan(0.9 * cities)
  const sizes = all.persons.by_patients
  expect(Object.values(sizes).reduce((sum, one) => sum + one, 0)).toBe(all.persons.count)
  expect(sizes['2']).toBeGreaterThan(10)
})

test('what the model expects is near what is true: links, precision, and true pairs that are compared', () => {
  const link = all.thresholds.find(({ probability }) => probability === 0.9)
  if (!link) throw new Error('there is a threshold of .9')
  expect(link.links).toBeGreaterThan(0.85 * truth.length)
  expect(link.expected_matches / link.links).toBeGreaterThan(0.97)
  const expected = all.weights.reduce((sum, { expected_matches: one }) => sum + one, 0)
  expect(Math.abs(expected - truth.length) / truth.length).toBeLessThan(0.1)
  expect(all.weights.reduce((sum, { pairs }) => sum + pairs, 0)).toBeGreaterThan(link.links)
})

test('links by pass: names and other tokens together found fewer than all, and no link is of an unknown pass', () => {
  const { found, names, others, both, of_links: kinds, unknown } = all.passes
  expect(found).toBeCloseTo(all.thresholds[1]?.links ?? 0, 6)
  expect(unknown).toBeLessThan(0.05 * found)
  for (const one of [names, others]) {
    expect(one).toBeGreaterThan(both)
    expect(one).toBeLessThanOrEqual(found)
  }
  expect(kinds.every(({ links, only }) => only <= links && links <= found)).toBe(true)
  expect(kinds.find(({ name }) => name === 'family-code+birth')?.links).toBeGreaterThan(0.5 * found)
})

test('numbers as silver truth: pairs that agree on them are linked without them, those that differ are not', () => {
  const { silver } = all
  if (!silver) throw new Error('the records have numbers')
  expect(silver.agreeing).toBeGreaterThan(50)
  expect(silver.linked_without / silver.agreeing).toBeGreaterThan(0.8)
  expect(silver.found_otherwise).toBeGreaterThanOrEqual(silver.linked_without)
  expect(silver.differing_linked_without).toBeLessThan(0.1 * silver.linked_without)
})

test('a sample of a third of the records estimates the same', async () => {
  const third = await surveyIndex(index, { name: 'main', feeds: undefined, sample: Math.ceil(records.length / 3) })
  expect(third.sample.records).toBeLessThan(0.4 * all.sample.records)
  const links = (survey: typeof all) => survey.thresholds[1]?.links ?? 0
  expect(Math.abs(links(third) - links(all)) / links(all)).toBeLessThan(0.15)
})

test('two feeds: only pairs of a record of each, and persons that are in both', async () => {
  const both = await surveyIndex(index, { name: 'main', feeds: ['patient', 'death'], sample: 10_000 })
  const within = await surveyIndex(index, { name: 'main', feeds: ['death', 'death'], sample: 10_000 })
  const patients = await surveyIndex(index, { name: 'main', feeds: ['patient', 'patient'], sample: 10_000 })
  const links = [both, within, patients].map(({ passes }) => passes.found)
  expect(links.reduce((sum, one) => sum + one, 0)).toBeCloseTo(all.passes.found, 6)
  expect(both.persons.of_both).toBeGreaterThan(0)
  expect(within.persons.of_both).toBeNull()
})

test('no name of a record, no value, no filter and no token is in it', () => {
  const text = JSON.stringify(all)
  expect(text).not.toContain('p1_')
  const values = records.flatMap(({ written }) => Object.values(written ?? {}))
  expect(valuesIn(text, values)).toEqual([])
  expect(leaked(text, index.secrets)).toEqual([])
})

test('a link whose tokens are not known is of an unknown pass; a pair at .9 is to be reviewed', () => {
  const counts = pairCounts(form.kinds, false, 0.5)
  counts.add({ weight: 10, weightWithout: 10, kinds: undefined, agreeing: undefined })
  counts.add({ weight: 0, weightWithout: 0, kinds: [], agreeing: undefined })
  counts.add({ weight: 99, weightWithout: 99, kinds: form.kinds.slice(0, 1), agreeing: undefined })
  const { passes, review, silver, weights } = counts.counts()
  expect({ ...passes, of_links: passes.of_links.slice(0, 1) }).toMatchObject({
    unknown: 0.5,
    found: 1,
    of_links: [{ links: 0.5, only: 0.5 }],
  })
  expect([review, silver, weights.at(-1)?.pairs]).toEqual([0.5, null, 0.5])
})
