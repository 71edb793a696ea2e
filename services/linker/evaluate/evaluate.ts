/** Runs the records of a data set through the linker, one at a time, and compares its pairs and persons with the truth. */
import { createHash } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import type { EncodedRecord } from '#core/linkage/encode.ts'
import type { Model } from '#core/linkage/model.ts'
import { scorer } from '#core/linkage/score.ts'
import type { Limits } from '#core/linkage/token-index.ts'
import { LINK, linker } from '../link/linker.ts'
import type { DataSet } from './data-set.ts'
import { encodedByWorkers } from './encode-workers.ts'
import { intake } from './encoding.ts'
import { calibration, pairQuality, personQuality, type Quality, type ScoredPairs, truthOf } from './metrics.ts'
import { randomOf, shuffle } from './random.ts'

export interface EvaluateOptions {
  readonly plain: boolean
  /** Threads that encode; 1: the linker's own. */
  readonly workers: number
  /** Order of arrival; undefined: as in the files. */
  readonly shuffle: number | undefined
  readonly model: Model
  readonly onePerSource: boolean
  readonly limits: Limits
  readonly onProgress: (done: number) => void
}

/** Pairs below this weight are no links at any threshold that matters. */
const KEPT = -12
const PROGRESS_EVERY = 1000
/** A pair is a link when its probability is above .9; from .1 it is to be reviewed. */
const LIKELY = Math.log2(9)

export async function evaluate(data: DataSet, options: EvaluateOptions) {
  const order = Int32Array.from(data.ids.keys())
  if (options.shuffle !== undefined) shuffle(order, randomOf(options.shuffle))
  const records = intake(data, options.plain)
  const { weight } = scorer(options.model, records.store, records.layout)
  const scored = pairList()
  const arrived: number[] = []
  const onPair = (a: number, b: number, value: number) => scored.add(arrived[a] as number, arrived[b] as number, value)
  const { kinds } = records
  const links = linker({ kinds, limits: options.limits, weight, onePerSource: options.onePerSource, onPair })
  const times = new Float32Array(order.length)
  let encoding = 0
  const started = performance.now()
  const link = (record: number, tokens: Int32Array, begun: number) => {
    const at = arrived.push(record) - 1
    links.add(at, data.ids[record] as string, data.sourceOf[record] as number, tokens)
    times[at] = performance.now() - begun
    if (at % PROGRESS_EVERY === 0) options.onProgress(at)
  }
  if (options.workers === 1)
    for (const record of order) {
      const begun = performance.now()
      const tokens = records.take(data.record(record))
      encoding += performance.now() - begun
      link(record, tokens, begun)
    }
  else
    for await (const batch of encodedByWorkers(data, order, options.workers))
      for (const [at, record] of batch.records.entries()) {
        const begun = performance.now()
        link(record, records.put(batch.encoded[at] as EncodedRecord), begun)
      }
  const seconds = (performance.now() - started) / 1000
  const corrected = links.reconcile(onPair)
  const personOf = new Int32Array(order.length)
  for (const [at, record] of arrived.entries()) personOf[record] = arrived[links.personOf(at)] as number
  times.sort()
  const quantile = (share: number) => Math.round((times[Math.floor(share * (times.length - 1))] ?? 0) * 1000) / 1000
  const { counts } = links
  return {
    pairs_compared: counts.compared,
    ...measured(data, scored.pairs(order.length), personOf),
    limits: {
      hub_tokens_skipped: counts.hubs,
      records_over_budget: counts.overBudget,
      components_split: counts.split,
      records_corrected_by_reconciliation: corrected,
    },
    records_per_second: Math.round(order.length / seconds),
    // With threads that encode, what the linker's own does besides is not apart.
    ...(options.workers === 1 && {
      encode_per_second: Math.round(order.length / (encoding / 1000)),
      link_per_second: Math.round(order.length / (seconds - encoding / 1000)),
    }),
    p50_ms: quantile(0.5),
    p99_ms: quantile(0.99),
    max_ms: quantile(1),
    peak_memory_mb: Math.round(process.resourceUsage().maxRSS / 1024),
  }
}

function measured(data: DataSet, pairs: ScoredPairs, personOf: Int32Array) {
  const source = data.sources === 2 ? data.sourceOf : undefined
  const truth = truthOf(data.ids.length, data.links, source)
  const counted = source ? crossing(pairs, source) : pairs
  const { at, best, found } = pairQuality(counted, truth, [LINK, LIKELY])
  const { bands, above_0_9, review } = calibration(counted, truth)
  return {
    true_pairs: truth.pairs,
    pairs: {
      threshold: LIKELY,
      ...(at[1] as Quality),
      best_f1: best.f1,
      best,
      above_0_5: at[0] as Quality,
      found_by_blocking: found,
    },
    clusters: personQuality(personOf, truth, source),
    persons: { count: new Set(personOf).size, digest: digestOf(data, personOf) },
    calibration: { bands, above_0_9 },
    review: { pairs: review.pairs, per_1000_records: Math.round((review.pairs / data.ids.length) * 10_000) / 10 },
    ...(data.kin.length > 0 && { kin: kinLinked(data, pairs, personOf) }),
  }
}

/** @returns for each kind of kin: pairs of two people, and the shares of them that are linked, above .9 and as one person */
function kinLinked({ kin }: DataSet, { a, b, weights }: ScoredPairs, personOf: Int32Array) {
  const keyOf = (one: number, two: number) => Math.min(one, two) * personOf.length + Math.max(one, two)
  const sure = new Set<number>()
  for (const [p, weight] of weights.entries()) if (weight > LIKELY) sure.add(keyOf(a[p] as number, b[p] as number))
  const kinds: Record<string, { pairs: number; above_0_9: number; one_person: number }> = {}
  for (const [one, two, kind] of kin) {
    const found = (kinds[kind] ??= { pairs: 0, above_0_9: 0, one_person: 0 })
    found.pairs++
    if (sure.has(keyOf(one, two))) found.above_0_9++
    if (personOf[one] === personOf[two]) found.one_person++
  }
  const share = (count: number, of: number) => Math.round((count / of) * 10_000) / 10_000
  return Object.fromEntries(
    Object.entries(kinds).map(([kind, { pairs, above_0_9, one_person }]) => [
      kind,
      { pairs, above_0_9: share(above_0_9, pairs), one_person: share(one_person, pairs) },
    ]),
  )
}

/** @returns the same text for the same persons, in whatever order the records came */
function digestOf({ ids }: DataSet, personOf: Int32Array): string {
  const groups = new Map<number, string[]>()
  for (const [record, person] of personOf.entries()) {
    const group = groups.get(person)
    if (group) group.push(ids[record] as string)
    else groups.set(person, [ids[record] as string])
  }
  const lines = Array.from(groups.values(), (group) => group.toSorted().join('\0')).toSorted()
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16)
}

function crossing({ a, b, weights }: ScoredPairs, source: Uint8Array): ScoredPairs {
  const keep = Uint32Array.from(a.keys()).filter((p) => source[a[p] as number] !== source[b[p] as number])
  return {
    a: Int32Array.from(keep, (p) => a[p] as number),
    b: Int32Array.from(keep, (p) => b[p] as number),
    weights: Float32Array.from(keep, (p) => weights[p] as number),
  }
}

function pairList() {
  let size = 0
  let a = new Int32Array(1 << 16)
  let b = new Int32Array(1 << 16)
  let weights = new Float32Array(1 << 16)
  const grown = <T extends Int32Array | Float32Array>(values: T, larger: T): T => {
    larger.set(values)
    return larger
  }
  return {
    add(one: number, two: number, weight: number) {
      if (weight < KEPT) return
      if (size === a.length) {
        a = grown(a, new Int32Array(2 * size))
        b = grown(b, new Int32Array(2 * size))
        weights = grown(weights, new Float32Array(2 * size))
      }
      a[size] = one
      b[size] = two
      weights[size++] = weight
    },
    /** Each pair once: one that was compared is compared again when its component is made again. */
    pairs(records: number): ScoredPairs {
      const keyOf = (p: number) => {
        const [one, two] = [a[p] as number, b[p] as number]
        return Math.min(one, two) * records + Math.max(one, two)
      }
      const keys = Float64Array.from({ length: size }, (_, p) => keyOf(p))
      const order = Uint32Array.from(keys.keys()).sort((x, y) => (keys[x] as number) - (keys[y] as number))
      const once = order.filter((p, at) => at === 0 || keys[p] !== keys[order[at - 1] as number])
      return {
        a: Int32Array.from(once, (p) => a[p] as number),
        b: Int32Array.from(once, (p) => b[p] as number),
        weights: Float32Array.from(once, (p) => weights[p] as number),
      }
    },
  }
}
