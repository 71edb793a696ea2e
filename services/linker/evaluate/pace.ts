/**
 * How fast the linker links records on an index of many, and how long each waits: records that are new to the index, in batches as fast as it can, and at rates of arrival.
 */
import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { ConfigurationError } from '#core/faults/errors.ts'
import type { Model } from '#core/linkage/model.ts'
import type { Limits } from '#core/linkage/token-index.ts'
import type { Arrival } from '../link/index-linker.ts'
import type { DataSet } from './data-set.ts'
import { encoding } from './encoding.ts'
import { openStore } from './open-store.ts'
import type { RedisStore } from './run.ts'

const BATCHES = [8, 16, 32, 64, 128, 256]
/** Records a second. */
const RATES = [1000, 2000, 4000, 8000]
const MOST_AT_ONCE = 64
/** Of each batch size and rate. */
const RECORDS = 8000
/** Not measured: meanwhile the process compiles its code. */
const FIRST = 8000

/** How many records are to be linked now, and when they arrived in milliseconds; none: ask again. */
type Next = (from: number) => readonly [to: number, arrivedAt: (at: number) => number]

/** @throws ConfigurationError when the data set has too few records, or the index is of another form */
export async function pace(data: DataSet, store: RedisStore, model: Model, limits: Limits) {
  const { redis } = store
  const { layout, kinds, encodeWritten } = encoding(data)
  const needed = FIRST + RECORDS * (BATCHES.length + RATES.length)
  if (data.ids.length < needed)
    throw new ConfigurationError('The data set cannot be used', [`it must have ${needed} records and more`])
  const begun = performance.now()
  const none = () => undefined
  const { index, links } = await openStore(store, { layout, kinds, model, limits, onePerSource: false, onPair: none })
  const openingMs = Math.round(performance.now() - begun)
  const records = index.size()
  let taken = 0
  // New ones also where it is measured again.
  const prefix = randomBytes(4).toString('hex')

  /** The next ones of the set, encoded: that is not the linker's work. */
  function arrivals(count: number): readonly Arrival[] {
    return Array.from({ length: count }, () => {
      const record = taken++
      return {
        id: `${prefix}/${data.ids[record]}`,
        version: 0,
        source: 0,
        producer: String(data.sourceOf[record]),
        encoded: encodeWritten(data.record(record)),
      }
    })
  }

  /** Two batches are under way at a time. */
  async function measure(given: readonly Arrival[], next: Next) {
    const times = new Float64Array(given.length)
    const server = await serverSeconds(redis)
    const cpu = process.cpuUsage()
    const started = performance.now()
    let before: Promise<void> = Promise.resolve()
    for (let from = 0; from < given.length; ) {
      const first = from
      const [to, arrivedAt] = next(first)
      from = to
      if (to === first) {
        // Timers are too coarse.
        await setImmediate()
        continue
      }
      const now = links.link(given.slice(first, to)).then(() => {
        const ended = performance.now()
        for (let at = first; at < to; at++) times[at] = ended - arrivedAt(at)
      })
      // A failure of it is thrown when its turn comes.
      now.catch(none)
      await before
      before = now
    }
    await before
    const seconds = (performance.now() - started) / 1000
    const { user, system } = process.cpuUsage(cpu)
    times.sort()
    const quantile = (share: number) => rounded(times[Math.floor(share * (times.length - 1))] as number)
    return {
      per_second: Math.round(given.length / seconds),
      p50_ms: quantile(0.5),
      p90_ms: quantile(0.9),
      p99_ms: quantile(0.99),
      max_ms: quantile(1),
      linker_us: rounded((user + system) / given.length),
      redis_us: rounded((1e6 * ((await serverSeconds(redis)) - server)) / given.length),
    }
  }

  function inBatches(batch: number, given: readonly Arrival[]) {
    return measure(given, (from) => {
      const now = performance.now()
      return [Math.min(given.length, from + batch), () => now]
    })
  }

  /** What has arrived since the batch before was sent. Waiting takes the linker's processor time here. */
  async function atRate(rate: number, given: readonly Arrival[]) {
    const started = performance.now()
    const { linker_us: _, ...measured } = await measure(given, (from) => {
      const due = Math.ceil(((performance.now() - started) * rate) / 1000)
      return [Math.max(from, Math.min(given.length, from + MOST_AT_ONCE, due)), (at) => started + (1000 * at) / rate]
    })
    return measured
  }

  await inBatches(32, arrivals(FIRST))
  const batches: Record<string, unknown> = {}
  for (const batch of BATCHES) batches[batch] = await inBatches(batch, arrivals(RECORDS))
  const rates: Record<string, unknown> = {}
  for (const rate of RATES) rates[rate] = await atRate(rate, arrivals(RECORDS))
  return { records, opening_ms: openingMs, linker_mb: Math.round(process.memoryUsage().rss / 1e6), batches, rates }
}

/** @returns processor seconds of Redis */
export async function serverSeconds(redis: Redis): Promise<number> {
  const text = await redis.info('cpu')
  return [...text.matchAll(/^used_cpu_(?:user|sys):([0-9.]+)/gm)].reduce((sum, [, seconds]) => sum + Number(seconds), 0)
}

const rounded = (value: number) => Math.round(value * 100) / 100
