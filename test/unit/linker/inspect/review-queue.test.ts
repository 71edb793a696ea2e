/** The review queue of an index: the pairs in the band, each once, by what a decision about them would change, and without a value. */
import { Check } from 'typebox/schema'
import { expect, test } from 'vitest'
import type { Decision } from '#core/contract/link-decision.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { ReviewQueueSchema } from '#core/linkage/review/review-queue.ts'
import { encoding } from '../../../../services/linker/evaluate/encoding.ts'
import { learn } from '../../../../services/linker/evaluate/learn.ts'
import { clericalSample, firstOf } from '../../../../services/linker/inspect/clerical-sample.ts'
import { changesOf } from '../../../../services/linker/inspect/review-changes.ts'
import { reviewQueue } from '../../../../services/linker/inspect/review-queue.ts'
import { surveyIndex } from '../../../../services/linker/inspect/survey.ts'
import { leaked, memoryIndex, valuesIn } from '../../../helpers/memory-index.ts'
import { simulatedSet } from '../../../helpers/simulated-set.ts'

const data = simulatedSet(600)
const form = encoding(data)
const trained = learn(data, false, { budget: 100, hub: 100 }, () => undefined)
const level1 = pseudonymiser(1, Buffer.alloc(32, 3))
const records = Array.from(data.ids, (_, n) => ({
  id: `patient/${level1.pseudonym('record', `${n}`)}`,
  label: level1.pseudonym('patient', `${n}`),
  written: n < 3 ? undefined : data.record(n),
}))
const numberOf = new Map(records.map(({ id }, n) => [id, n]))
const limits = { budget: 10_000, hub: 10_000 }
const index = memoryIndex(records, form, trained)
const ALL = { sample: 10_000, most: 10_000 }
const queue = await reviewQueue(index, ALL)
const survey = await surveyIndex(index, { name: 'main', feeds: undefined, sample: 10_000 })
const namesIn = (of: typeof queue) => of.pairs.map(({ pair }) => pair)
const decided = (decision: Decision, pair: (typeof queue.pairs)[number], order = 0) => {
  const [one = '', other = ''] = pair.explained.records
  return { decision, records: [one, other] as const, order }
}
const withDecisions = (...of: ReturnType<typeof decided>[]) =>
  reviewQueue(memoryIndex(records, form, trained, limits, of), ALL)

test('it has its form, the pairs of the band alone, each pair of patients once, the greatest gain first', async () => {
  expect(Check(ReviewQueueSchema, queue)).toBe(true)
  expect(queue.pairs.length).toBeGreaterThan(5)
  expect(queue).toMatchObject({ compared: records.length, known: records.length, in_band: queue.pairs.length })
  // The report counts the same pairs by itself.
  expect(queue.in_band).toBe(survey.review)
  expect(new Set(namesIn(queue)).size).toBe(queue.pairs.length)
  const gains = queue.pairs.map(({ gain }) => gain)
  expect(gains).toEqual(gains.toSorted((a, b) => b - a))
  for (const { explained } of queue.pairs) {
    expect(explained.probability).toBeGreaterThanOrEqual(0.1)
    expect(explained.probability).toBeLessThanOrEqual(0.9)
    expect(explained.decided_by).toBe('model')
  }
})

test('the gain is what changes if the index is contradicted, by how probable that is', async () => {
  const persons = await index.reader.persons([...records.keys()])
  const sizes = Map.groupBy(records.keys(), (number) => persons[number] as number)
  const sizeOf = (id = '') => sizes.get(persons[numberOf.get(id) as number] as number)?.length ?? 0
  const apart = queue.pairs.filter(({ explained }) => !explained.one_person)
  const together = queue.pairs.filter(({ explained }) => explained.one_person)
  expect(Math.min(apart.length, together.length)).toBeGreaterThan(0)
  for (const { changes, explained } of apart)
    expect(changes).toBe(sizeOf(explained.records[0]) * sizeOf(explained.records[1]))
  for (const { changes, explained } of together) {
    const size = sizeOf(explained.records[0])
    // At least the pair itself; at most all pairs of the person.
    expect(changes).toBeGreaterThanOrEqual(1)
    expect(changes).toBeLessThanOrEqual((size * (size - 1)) / 2)
  }
  for (const { changes, gain, explained } of queue.pairs) {
    const share = explained.one_person ? 1 - explained.probability : explained.probability
    expect(Math.abs(gain - changes * share)).toBeLessThan(0.011 * changes)
  }
})

test('a person of three loses two of its three pairs when a pair is rejected, or all where the others are rejected, too', async () => {
  const persons = await index.reader.persons([...records.keys()])
  const groups = [...Map.groupBy(records.keys(), (number) => persons[number] as number).values()]
  const three = groups.find((group) => group.length === 3) as [number, number, number]
  const [a, b, c] = three
  const all = await Promise.all(
    [
      [a, b],
      [a, c],
      [b, c],
    ].map(([x, y]) => changesOf(index, x as number, y as number, () => false)),
  )
  for (const { onePerson, pairs } of all) {
    expect(onePerson).toBe(true)
    expect([2, 3]).toContain(pairs)
  }
  // Nobody else may be with the first one: what is decided before counts, too.
  const never = new Set([a, b, c].map((number) => records[number]?.id))
  const none = await changesOf(index, a, b, (one, other) => never.has(one) && never.has(other))
  expect(none.pairs).toBe(3)
})

test('a pair that was decided is not asked again, until the decision is withdrawn', async () => {
  const [first, second] = queue.pairs as [(typeof queue.pairs)[0], (typeof queue.pairs)[0]]
  const left = await withDecisions(decided('accept', first), decided('never', second, 1))
  expect(namesIn(left)).not.toContain(first.pair)
  expect(namesIn(left)).not.toContain(second.pair)
  expect(left.in_band).toBe(queue.in_band - 2)
  const again = await withDecisions(decided('withdraw', first))
  expect(namesIn(again).toSorted()).toEqual(namesIn(queue).toSorted())
})

test('fewer pairs are the first ones, and a sample of the records says of how many it is', async () => {
  const few = await reviewQueue(index, { sample: 10_000, most: 3 })
  expect(few.pairs).toEqual(queue.pairs.slice(0, 3))
  expect(few.in_band).toBe(queue.in_band)
  const half = await reviewQueue(index, { sample: records.length / 2, most: 10_000 })
  expect(half).toMatchObject({ compared: Math.ceil(records.length / 2), known: records.length })
  expect(namesIn(queue)).toEqual(expect.arrayContaining(namesIn(half)))
})

test('no value, no filter and no token is in it, and the name of a pair has no pseudonym', () => {
  const text = JSON.stringify(queue)
  const values = records.flatMap(({ written }) => Object.values(written ?? {}))
  expect(valuesIn(text, values)).toEqual([])
  expect(leaked(text, index.secrets)).toEqual([])
  expect(valuesIn(`${text} ${values.find((value) => value.length > 5)}`, values)).not.toEqual([])
})

test('the clerical sample: links of each band in turn, in an order that is of the key; more of them begin with the same, and a decided link stays', async () => {
  const few = await clericalSample(index, { sample: 10_000, links: 12 })
  expect(Check(ReviewQueueSchema, few)).toBe(true)
  // Each patient of this set has one record: the report counts the same links.
  expect(few.in_band).toBe(survey.thresholds.find(({ probability }) => probability === 0.9)?.links)
  expect(few.strata.reduce((sum, { links }) => sum + links, 0)).toBe(few.in_band)
  for (const { explained } of few.pairs) expect(explained.probability).toBeGreaterThanOrEqual(0.9)
  expect(new Set(namesIn(few)).size).toBe(12)
  const names = few.strata.map(({ order }) => order)
  expect(namesIn(few)).toEqual(firstOf(names, 12))
  const more = await clericalSample(index, { sample: 10_000, links: 20 })
  expect(namesIn(more).slice(0, 12)).toEqual(namesIn(few))
  const first = few.pairs[0] as (typeof few.pairs)[0]
  const again = await clericalSample(memoryIndex(records, form, trained, limits, [decided('never', first)]), {
    ...{ sample: 10_000, links: 0 },
  })
  expect([again.pairs, again.strata]).toEqual([[], few.strata])
  expect(leaked(JSON.stringify(few), index.secrets)).toEqual([])
})
