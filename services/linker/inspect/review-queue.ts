/**
 * The review queue: the index keeps only edges that hold persons together, so records are compared with their candidates again, and pairs in the band are what is
 * left to people. Each pair of patients is there once, by the two records of the greatest gain.
 */
import { ChainonError } from '#core/faults/errors.ts'
import { filterStore } from '#core/linkage/record-store.ts'
import { REVIEW_BAND, type ReviewPair, type ReviewQueue } from '#core/linkage/review-queue.ts'
import { probabilityOf, scorer } from '#core/linkage/score.ts'
import { decisions, type PairDecision } from '../link/decisions.ts'
import { candidatesOf, isBlank, stride } from './candidates.ts'
import { explainPair } from './explain-pair.ts'
import type { OpenIndex, ReadRecord } from './open-index.ts'
import { changesOf, patientOf } from './review-changes.ts'

const AT_ONCE = 200
const HUNDREDTH = 100

export interface ReviewOptions {
  /** Records that are compared with their candidates. */
  readonly sample: number
  /** Pairs that are explained, at most. */
  readonly most: number
}

type Found = Omit<ReviewPair, 'explained'> & { readonly records: readonly [string, string] }

export async function reviewQueue(index: OpenIndex, { sample, most }: ReviewOptions): Promise<ReviewQueue> {
  const known = await index.reader.size()
  const sampled = stride(
    Array.from({ length: known }, (_, number) => number),
    sample,
  )
  const made = decisions()
  const given = await index.decisions()
  for (const one of given) made.set(one)
  const isNever = (one: string, other: string) => made.isNever(one, other)
  const nameOf = pairNames(index)
  const skipped = await decidedPairs(index, nameOf, given)
  const found = new Map<string, Found>()
  for (let from = 0; from < sampled.length; from += AT_ONCE) {
    for (const { a, b, one, other, probability } of await pairsInBand(index, sampled.slice(from, from + AT_ONCE))) {
      const pair = nameOf(one, other)
      if (skipped.has(pair)) continue
      const { onePerson, pairs: changes } = await changesOf(index, a, b, isNever)
      const gain = changes * (onePerson ? 1 - probability : probability)
      const records = one.id < other.id ? ([one.id, other.id] as const) : ([other.id, one.id] as const)
      const next = { pair, changes, gain: Math.round(gain * HUNDREDTH) / HUNDREDTH, records }
      const before = found.get(pair)
      if (!before || byGain(next, before) < 0) found.set(pair, next)
    }
  }
  const first = [...found.values()].toSorted(byGain).slice(0, most)
  const pairs: ReviewPair[] = []
  for (const one of first) pairs.push(...(await explained(index, one)))
  const { version: model } = index.model
  return { format: 'chainon-link-review/1', model, compared: sampled.length, known, in_band: found.size, pairs }
}

function byGain(one: Found, other: Found): number {
  return other.gain - one.gain || (one.records.join() < other.records.join() ? -1 : 1)
}

type NamePair = (one: Pick<ReadRecord, 'id' | 'label'>, other: Pick<ReadRecord, 'id' | 'label'>) => string

/** A review is kept under this name: no pseudonym is in it, and another index has others. */
function pairNames({ keys }: OpenIndex): NamePair {
  return (one, other) => keys.id(['review', ...[one, other].map(patientOf).toSorted()].join('\0')).toString('hex')
}

/** @returns names of the pairs of patients about whom somebody has decided */
async function decidedPairs(
  index: OpenIndex,
  nameOf: NamePair,
  given: readonly PairDecision[],
): Promise<ReadonlySet<string>> {
  const inForce = given.filter(({ decision }) => decision !== 'withdraw')
  const ids = [...new Set(inForce.flatMap(({ records }) => records))]
  const numbers = await index.reader.numbers(ids.map((id) => index.keys.id(id)))
  const opened = await index.open(numbers.filter((number) => number !== undefined))
  const labels = new Map([...opened.values()].map(({ id, label }) => [id, label]))
  const of = (id: string) => ({ id, label: labels.get(id) })
  return new Set(inForce.map(({ records: [one, other] }) => nameOf(of(one), of(other))))
}

interface Compared {
  readonly a: number
  readonly b: number
  readonly one: ReadRecord
  readonly other: ReadRecord
  readonly probability: number
}

async function pairsInBand(index: OpenIndex, numbers: readonly number[]): Promise<readonly Compared[]> {
  const { model, layout } = index
  const own = await index.open(numbers)
  const candidates = await candidatesOf(index, own)
  const all = await index.open([...new Set([...candidates.values()].flatMap((one) => one.candidates))])
  const store = filterStore(layout)
  const slots = new Map([...own, ...all].map(([number, record]) => [number, store.add(record)]))
  const { weight } = scorer(model, store, layout)
  return [...candidates].flatMap(([a, { candidates: others }]) =>
    others.flatMap((b): Compared[] => {
      const [one, other] = [own.get(a), all.get(b)]
      if (!one || !other || patientOf(one) === patientOf(other) || isBlank(one) || isBlank(other)) return []
      const probability = probabilityOf(weight(slots.get(a) as number, slots.get(b) as number))
      return probability > REVIEW_BAND.from && probability <= REVIEW_BAND.to ? [{ a, b, one, other, probability }] : []
    }),
  )
}

/** @returns nothing where a record was cancelled meanwhile */
async function explained(index: OpenIndex, { records, ...of }: Found): Promise<readonly ReviewPair[]> {
  try {
    return [{ ...of, explained: await explainPair(index, ...records) }]
  } catch (error) {
    if (error instanceof ChainonError && error.code === 'not-found') return []
    throw error
  }
}
