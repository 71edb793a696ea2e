/** Runs the records of a data set through the linker, one at a time, and compares its pairs and persons with the truth. */
import { createHash } from 'node:crypto'
import { LINK } from '../link/component.ts'
import type { DataSet } from './data-set.ts'
import { linkInMemory } from './in-memory.ts'
import { linkInRedis } from './in-redis.ts'
import { calibration, pairQuality, personQuality, type Quality, type ScoredPairs, truthOf } from './metrics.ts'
import { randomOf, shuffle } from './random.ts'
import type { EvaluateOptions } from './run.ts'

/** A pair that needs no review; from .1 to here it does. */
const LIKELY = Math.log2(9)

export async function evaluate(data: DataSet, options: EvaluateOptions) {
  const order = Int32Array.from(data.ids.keys())
  if (options.shuffle !== undefined) shuffle(order, randomOf(options.shuffle))
  const linked = options.redis
    ? await linkInRedis(data, order, { ...options, redis: options.redis })
    : await linkInMemory(data, order, options)
  const { counts, recordOf, times, seconds, encodingSeconds } = linked
  const personOf = new Int32Array(order.length)
  for (const [number, record] of recordOf.entries())
    personOf[record] = recordOf[linked.personOf[number] as number] as number
  options.onPersons?.(personOf)
  times.sort()
  const quantile = (share: number) => Math.round((times[Math.floor(share * (times.length - 1))] ?? 0) * 1000) / 1000
  return {
    pairs_compared: counts.compared,
    ...measured(data, linked.scored.pairs(recordOf), personOf),
    limits: {
      hub_tokens_skipped: counts.hubs,
      records_over_budget: counts.overBudget,
      components_split: counts.split,
      records_corrected_by_reconciliation: linked.corrected,
    },
    records_per_second: Math.round(order.length / seconds),
    ...(encodingSeconds !== undefined && {
      encode_per_second: Math.round(order.length / encodingSeconds),
      link_per_second: Math.round(order.length / (seconds - encodingSeconds)),
    }),
    p50_ms: quantile(0.5),
    p99_ms: quantile(0.99),
    max_ms: quantile(1),
    peak_memory_mb: Math.round(process.resourceUsage().maxRSS / 1024),
    ...(linked.store && { store: linked.store }),
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
      threshold: LINK,
      ...(at[0] as Quality),
      best_f1: best.f1,
      best,
      above_0_9: at[1] as Quality,
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
