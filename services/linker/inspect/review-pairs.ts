/** What the review queue and the clerical sample have in common: pairs of patients by what the model says of them now, and their names. */
import { ChainonError } from '#core/faults/errors.ts'
import { filterStore } from '#core/linkage/record-store.ts'
import type { ReviewPair } from '#core/linkage/review/review-queue.ts'
import { probabilityOf, scorer } from '#core/linkage/score.ts'
import { candidatesOf, isBlank } from './candidates.ts'
import { explainPair } from './explain-pair.ts'
import type { OpenIndex, ReadRecord } from './open-index.ts'
import { patientOf } from './review-changes.ts'

/** Records that are compared with their candidates at a time. */
export const AT_ONCE = 200

export type Found = Omit<ReviewPair, 'explained'> & { readonly records: readonly [string, string] }

export const idsOf = ({ one, other }: Compared): readonly [string, string] =>
  one.id < other.id ? [one.id, other.id] : [other.id, one.id]

export type NamePair = (one: Pick<ReadRecord, 'id' | 'label'>, other: Pick<ReadRecord, 'id' | 'label'>) => string

/** A review is kept under this name: no pseudonym is in it, and another index has others. */
export function pairNames({ keys }: OpenIndex): NamePair {
  return (one, other) => keys.id(['review', ...[one, other].map(patientOf).toSorted()].join('\0')).toString('hex')
}

export interface Compared {
  readonly a: number
  readonly b: number
  readonly one: ReadRecord
  readonly other: ReadRecord
  readonly probability: number
}

/** @returns pairs of two patients with a probability above the first bound and up to the second: a pair may be there from each of its records */
export async function pairsBetween(
  index: OpenIndex,
  numbers: readonly number[],
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly Compared[]> {
  const { model, frequencies, layout } = index
  const own = await index.open(numbers)
  const candidates = await candidatesOf(index, own)
  const all = await index.open([...new Set([...candidates.values()].flatMap((one) => one.candidates))])
  const store = filterStore(layout)
  const slots = new Map([...own, ...all].map(([number, record]) => [number, store.add(record)]))
  const { weight } = scorer(model, frequencies, store, layout)
  return [...candidates].flatMap(([a, { candidates: others }]) =>
    others.flatMap((b): Compared[] => {
      const [one, other] = [own.get(a), all.get(b)]
      if (!one || !other || patientOf(one) === patientOf(other) || isBlank(one) || isBlank(other)) return []
      const probability = probabilityOf(weight(slots.get(a) as number, slots.get(b) as number))
      return probability > from && probability <= to ? [{ a, b, one, other, probability }] : []
    }),
  )
}

/** @returns nothing where a record was cancelled meanwhile */
export async function explained(index: OpenIndex, { records, ...of }: Found): Promise<readonly ReviewPair[]> {
  try {
    return [{ ...of, explained: await explainPair(index, ...records) }]
  } catch (error) {
    if (error instanceof ChainonError && error.code === 'not-found') return []
    throw error
  }
}
