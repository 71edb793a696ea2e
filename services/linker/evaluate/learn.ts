/** Trains a model on a data set, without its truth: in an order of its own, so that the model does not depend on that of the records. */
import { defaultModel } from '#core/linkage/default-model.ts'
import type { Frequencies } from '#core/linkage/frequencies.ts'
import type { Layout } from '#core/linkage/layout.ts'
import { comparedFields } from '#core/linkage/levels.ts'
import type { Model } from '#core/linkage/model.ts'
import { probabilityOf, scorer } from '#core/linkage/score.ts'
import { startingModel } from '#core/linkage/starting-model.ts'
import { type Limits, tokenIndex } from '#core/linkage/token-index.ts'
import { countFrequencies, type Trained, type TrainingPairs, train } from '#core/linkage/train.ts'
import type { DataSet } from './data-set.ts'
import { type Intake, intake } from './encoding.ts'
import { randomOf } from './random.ts'

export interface Learnt extends Trained {
  readonly onePerSource: boolean
  /** Expected number of pairs of one person within a source, when there are two. */
  readonly withinSource: number | undefined
  readonly trainingPairs: number
}

/** More pairs do not change the model, and cost time. */
const MOST_PAIRS = 80_000
/** Records whose candidates are learnt from; each is compared with as many as reconciliation will compare it with, and not only with its budget's. */
const MOST_RECORDS = 20_000
const SEED = 1
/** Of the records of a source, fewer than this have another one of their person there: then it is assumed that none has. */
const FEW = 0.01
const LIKELY = 0.9

export function learn(data: DataSet, plain: boolean, limits: Limits, say: (what: string) => void): Learnt {
  const { order, records, tokens, sources } = gather(data, plain, say)
  const learnFrom = (onePerSource: boolean) => {
    const candidates = candidatePairs(records, tokens, sources, onePerSource, limits)
    const pairs = sampled(candidates)
    const inB = sources.reduce((sum, source) => sum + source, 0)
    // Of all pairs that the linker compares, those that are learnt from.
    const share = candidates.share * (pairs.a.length / Math.max(1, candidates.a.length))
    const possible = onePerSource ? inB * (order.length - inB) : (order.length * (order.length - 1)) / 2
    const trained = train(records.store, records.layout, pairs, {
      prior: priorFor(records.layout),
      version: `learnt-${data.ids.length}`,
      records: Int32Array.from(order.keys()),
      possiblePairs: possible * share,
      next: randomOf(SEED),
      onRound: say,
    })
    return { trained, pairs, share }
  }
  const { trained, pairs, share } = learnFrom(false)
  const trainingPairs = pairs.a.length
  if (data.sources === 1) return { ...trained, onePerSource: false, withinSource: undefined, trainingPairs }
  const withinSource = expectedWithin(records, trained, pairs, sources) / share
  if (withinSource > FEW * order.length) return { ...trained, onePerSource: false, withinSource, trainingPairs }
  const again = learnFrom(true)
  return { ...again.trained, onePerSource: true, withinSource, trainingPairs: again.pairs.a.length }
}

/** @returns how frequent the values of a data set are, for a model that was learnt elsewhere */
export function frequenciesOf(
  data: DataSet,
  model: Model,
  plain: boolean,
  limits: Limits,
  say: (what: string) => void,
): Frequencies {
  const { order, records, tokens, sources } = gather(data, plain, say)
  const pairs = sampled(candidatePairs(records, tokens, sources, false, limits))
  return countFrequencies(records.store, records.layout, pairs, { model, records: Int32Array.from(order.keys()) })
}

interface Gathered {
  /** By their ids. */
  readonly order: Int32Array
  readonly records: Intake
  readonly tokens: readonly Int32Array[]
  readonly sources: Uint8Array
}

function gather(data: DataSet, plain: boolean, say: (what: string) => void): Gathered {
  const order = Int32Array.from(data.ids.keys())
  order.sort((a, b) => ((data.ids[a] as string) < (data.ids[b] as string) ? -1 : 1))
  const records = intake(data, plain)
  const tokens: Int32Array[] = []
  for (const record of order) {
    tokens.push(records.take(data.record(record)))
    if (tokens.length % 5000 === 0) say(`encoded ${tokens.length} of ${order.length} records`)
  }
  return { order, records, tokens, sources: Uint8Array.from(order, (record) => data.sourceOf[record] as number) }
}

/** The shipped model where it knows the field, and a plain beginning for the others. */
function priorFor(layout: Layout): Model {
  const start = startingModel(comparedFields(layout))
  const shipped = defaultModel()
  return {
    ...start,
    fields: start.fields.map((field) => shipped.fields.find(({ trait }) => trait === field.trait) ?? field),
  }
}

/** The pairs that the linker compares, in time, for a share of the records. */
function candidatePairs(
  { kinds }: Intake,
  tokens: readonly Int32Array[],
  sources: Uint8Array,
  onePerSource: boolean,
  limits: Limits,
): { readonly a: number[]; readonly b: number[]; readonly share: number } {
  const step = Math.ceil(tokens.length / MOST_RECORDS)
  const members = {
    producerOf: (record: number) => sources[record] as number,
    // They are numbered by their ids.
    compare: (record: number, other: number) => record - other,
  }
  const newIndex = () => tokenIndex(kinds, limits.hub, members)
  const indexes = [newIndex(), newIndex()]
  const a: number[] = []
  const b: number[] = []
  tokens.forEach((own, record) => {
    const source = onePerSource ? (sources[record] as number) : 0
    if (record % step === 0)
      for (const candidate of indexes[onePerSource ? 1 - source : 0]?.candidates(own, Number.POSITIVE_INFINITY)
        .records ?? []) {
        a.push(candidate)
        b.push(record)
      }
    indexes[source]?.add(record, own)
  })
  return { a, b, share: 1 / step }
}

function sampled({ a, b }: { readonly a: readonly number[]; readonly b: readonly number[] }): TrainingPairs {
  const step = Math.max(1, a.length / MOST_PAIRS)
  const size = Math.floor(a.length / step)
  const at = (values: readonly number[]) =>
    Int32Array.from({ length: size }, (_, i) => values[Math.floor(i * step)] as number)
  return { a: at(a), b: at(b) }
}

function expectedWithin(
  { store, layout }: Intake,
  { model, frequencies }: Trained,
  { a, b }: TrainingPairs,
  sources: Uint8Array,
): number {
  const { weight } = scorer(model, frequencies, store, layout)
  let expected = 0
  for (const [p, record] of a.entries()) {
    const other = b[p] as number
    if (sources[record] !== sources[other]) continue
    // Doubtful pairs are brothers and sisters more often than the probability of each says.
    const probability = probabilityOf(weight(record, other))
    if (probability > LIKELY) expected += probability
  }
  return expected
}
