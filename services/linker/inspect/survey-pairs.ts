/**
 * Compares a sample of the records with their candidates, as the linker does, and counts the pairs: the index keeps only those that are more likely one
 * person than not. A pair is met from each of its two records, so that each meeting counts half.
 */
import { filterStore, MISSING } from '#core/linkage/record-store.ts'
import { scorer } from '#core/linkage/score.ts'
import type { Survey } from '#core/linkage/survey.ts'
import { tokenNames } from '#core/linkage/token-names.ts'
import type { TokenKind } from '#core/linkage/tokens.ts'
import { candidatesOf, isBlank, stride } from './candidates.ts'
import type { OpenIndex, ReadRecord } from './open-index.ts'
import { pairCounts } from './pair-counts.ts'
import { feedOf } from './survey-records.ts'

const AT_ONCE = 200

type Found = Pick<Survey, 'sample' | 'weights' | 'thresholds' | 'review' | 'passes' | 'silver'>

/**
 * @param numbers of the records that count @param most of them that are compared
 * @param feeds two: pairs of a record of each; undefined: all pairs
 */
export async function surveyPairs(
  index: OpenIndex,
  numbers: readonly number[],
  most: number,
  feeds: readonly string[] | undefined,
): Promise<Found> {
  const sampled = stride(numbers, most)
  const share = sampled.length === 0 ? 0 : numbers.length / sampled.length / 2
  const hasNumber = index.layout.fields.some(({ trait }) => trait === 'national_id')
  const counts = pairCounts(index.kinds, hasNumber, share)
  const sample = {
    records: sampled.length,
    of: numbers.length,
    over_budget: 0,
    hub_tokens: 0,
    certain_pairs: 0,
    pairs_without_value: 0,
  }
  for (let from = 0; from < sampled.length; from += AT_ONCE) {
    const batch = sampled.slice(from, from + AT_ONCE)
    const own = await index.open(batch)
    const found = await candidatesOf(index, own)
    const all = await index.open([...new Set([...found.values()].flatMap(({ candidates }) => candidates))])
    const compare = comparer(index)
    for (const [number, { candidates, hubs, overBudget, tokens }] of found) {
      sample.hub_tokens += hubs
      if (overBudget) sample.over_budget++
      const record = own.get(number) as ReadRecord
      for (const candidate of candidates) {
        const other = all.get(candidate)
        if (!other || !isWanted(record, other, feeds)) continue
        if (isCertain(record, other)) sample.certain_pairs += share
        else if (isBlank(record) || isBlank(other)) sample.pairs_without_value += share
        else
          counts.add({ ...compare(number, record, candidate, other), kinds: kindsOfPair(index, record, other, tokens) })
      }
    }
  }
  return { sample, ...counts.counts() }
}

function isWanted(record: ReadRecord, other: ReadRecord, feeds: readonly string[] | undefined): boolean {
  if (!feeds) return true
  const [one, two] = [feedOf(record), feedOf(other)]
  return (one === feeds[0] && two === feeds[1]) || (one === feeds[1] && two === feeds[0])
}

function comparer({ model, frequencies, layout }: OpenIndex) {
  const store = filterStore(layout)
  const slots = new Map<number, number>()
  const full = scorer(model, frequencies, store, layout)
  const number = full.fields.findIndex(({ trait }) => trait === 'national_id')
  const withoutNumber = { ...model, fields: model.fields.filter(({ trait }) => trait !== 'national_id') }
  const without = scorer(withoutNumber, frequencies, store, layout)
  const slotOf = (key: number, record: ReadRecord) => {
    const slot = slots.get(key) ?? store.add(record)
    slots.set(key, slot)
    return slot
  }
  return function compare(one: number, record: ReadRecord, two: number, other: ReadRecord) {
    const [a, b] = [slotOf(one, record), slotOf(two, other)]
    const weight = full.weight(a, b)
    // Numbers that are only similar say nothing: a wrong digit, or twins.
    const level = full.levels[number] ?? MISSING
    const agreeing = level === MISSING ? undefined : level === full.fields[number]?.top
    return { weight, weightWithout: number < 0 ? 0 : without.weight(a, b), agreeing }
  }
}

/** Whatever they have in common: of one patient number, or said to be one person by their producer. */
function isCertain(one: ReadRecord, other: ReadRecord): boolean {
  return (one.label !== undefined && one.label === other.label) || (one.pair !== undefined && one.pair === other.pair)
}

function kindsOfPair(
  { kinds, layout }: OpenIndex,
  record: ReadRecord,
  other: ReadRecord,
  usable: ReadonlySet<string>,
): readonly TokenKind[] | undefined {
  const names = tokenNames(
    kinds,
    (trait) => {
      const field = layout.fields.find((one) => one.trait === trait)
      return field !== undefined && record.filters.subarray(field.offset, field.offset + field.words).some(Boolean)
    },
    // The last ones are those of the patient's number and of the pair.
    record.tokens.length - (record.label === undefined ? 0 : 1) - (record.pair === undefined ? 0 : 1),
  )
  const theirs = new Set(other.tokens.map((token) => token.toString('hex')))
  return names?.filter((_, at) => {
    const token = record.tokens[at]?.toString('hex') ?? ''
    return usable.has(token) && theirs.has(token)
  })
}
