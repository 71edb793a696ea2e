/** Why two records of the index are of one person, or of two. Of their encodings nothing is in the answer. */
import { ChainonError } from '#core/faults/errors.ts'
import { explainer } from '#core/linkage/explain.ts'
import { filterStore } from '#core/linkage/record-store.ts'
import { type ExplainedPair, shownExplanation, tenths } from '#core/linkage/shown-explanation.ts'
import { CERTAIN } from '../link/component.ts'
import { isBlank } from './candidates.ts'
import type { OpenIndex, ReadRecord } from './open-index.ts'

const NAME = /^[a-z0-9_]{1,64}\/p1_[A-Za-z0-9_-]{1,120}$/

/**
 * @param names argument and value of each
 * @returns numbers in the index
 * @throws ChainonError not-found when the index does not have one, or it is cancelled; the message has no value
 */
export async function findRecords(
  index: OpenIndex,
  names: readonly (readonly [argument: string, id: string])[],
): Promise<readonly number[]> {
  for (const [argument, id] of names)
    if (!NAME.test(id))
      throw new ChainonError('not-found', `${argument} must be <feed>/<first-level pseudonym of the record, p1_...>`)
  const found = await index.reader.numbers(names.map(([, id]) => index.keys.id(id)))
  const opened = await index.open(found.filter((number) => number !== undefined))
  return found.map((number, at) => {
    if (number === undefined || !opened.has(number))
      throw new ChainonError('not-found', `${names[at]?.[0]} is not in the linkage index, or it is cancelled`)
    return number
  })
}

/** @throws ChainonError not-found */
export async function explainPair(index: OpenIndex, one: string, other: string): Promise<ExplainedPair> {
  const { reader, model, frequencies, layout } = index
  const numbers = await findRecords(index, [
    ['RECORD_A', one],
    ['RECORD_B', other],
  ])
  const [a, b] = numbers as readonly [number, number]
  if (a === b) throw new ChainonError('not-found', 'RECORD_A and RECORD_B are one record')
  const opened = await index.open(numbers)
  const [first, second] = numbers.map((number) => opened.get(number))
  if (!first || !second) throw new ChainonError('not-found', 'a record was cancelled meanwhile')
  const store = filterStore(layout)
  const explained = explainer(model, frequencies, store, layout)(store.add(first), store.add(second))
  const [edges, persons] = await Promise.all([reader.edges([a]), reader.persons([a, b])])
  const edge = edges[0]?.get(b)
  return {
    records: [one, other],
    model: model.version,
    decided_by: decidedBy(first, second),
    edge: edge === undefined ? null : edge >= CERTAIN ? 'certain' : tenths(edge),
    one_person: persons[0] === persons[1],
    ...shownExplanation(explained),
  }
}

/** As the linker weighs two records, in its order. */
function decidedBy(one: ReadRecord, other: ReadRecord): ExplainedPair['decided_by'] {
  if (one.pair !== undefined && one.pair === other.pair) return 'same-patient'
  if (one.label !== undefined && one.label === other.label) return 'patient-number'
  return isBlank(one) || isBlank(other) ? 'no-value' : 'model'
}
