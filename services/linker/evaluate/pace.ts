/**
 * How fast the linker links records on an index of many, and how long each waits until its person is in Redis: in batches as fast as it can, and at rates of
 * arrival. An index is filled first, and measured by the linker that has filled it, and by one that opens it then.
 */
import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { ConfigurationError } from '#core/faults/errors.ts'
import { NO_FREQUENCIES } from '#core/linkage/frequencies.ts'
import type { Model } from '#core/linkage/model.ts'
import type { Limits } from '#core/linkage/token-index.ts'
import { batchSize, MOST_IN_BATCH } from '../link/batch-size.ts'
import type { DataSetFlags } from './data-set-for.ts'
import { meter, serverBytes } from './meter.ts'
import { openStore } from './open-store.ts'
import { asFastAsItCan, atRate } from './pace-arrivals.ts'
import { type Feed, openFeed, type Sent } from './pace-feed.ts'
import { randomOf } from './random.ts'
import type { RedisStore } from './run.ts'

/** Records of a batch, and records a second, by the linker that has filled the index, and by one that has opened it just now. */
const PLAN = {
  running: { batches: [8, 32, MOST_IN_BATCH], rates: [1000, 2000, 4000, 6000, 8000] },
  opened: { batches: [MOST_IN_BATCH], rates: [1000, 4000] },
}
type Plan = (typeof PLAN)['running']
/** Not measured: meanwhile the process compiles its code. */
const FIRST = 8000
/** What a size of batches is measured with, for each second of a rate. */
const RECORDS_A_SECOND = 3200
const FILLED_AT_ONCE = 4096

export interface PaceOptions {
  readonly dir: string
  readonly flags: DataSetFlags
  readonly store: RedisStore
  readonly model: Model
  readonly limits: Limits
  /** Who send the records, in turn. */
  readonly producers: number
  /** Of each rate. */
  readonly seconds: number
  readonly onProgress: (text: string) => void
}

/** @throws ConfigurationError when the data set is wrong or has too few records, or the index is of another form */
export async function pace(options: PaceOptions) {
  const { dir, flags, store, producers, seconds } = options
  // New ones also on an index that was kept.
  const prefix = randomBytes(4).toString('hex')
  const name = store.name ?? prefix
  const feed = await openFeed({ dir, flags, prefix }, producers)
  const measured = Object.values(PLAN).reduce((sum, plan) => sum + recordsOf(plan, seconds), 0)
  try {
    if (feed.records < 2 * measured)
      throw new ConfigurationError('The data set cannot be used', [
        `it must have ${2 * measured} records and more, or --seconds must be lower`,
      ])
    const running = await onOpened(options, name, feed, async (open) => {
      if (open.records > 0) return undefined
      const filled = await fill(open, feed, feed.records - measured)
      return { ...filled, ...(await measureAll(open, feed, feed.records - measured, PLAN.running)) }
    })
    const opened = await onOpened(options, name, feed, (open) =>
      measureAll(open, feed, feed.records - recordsOf(PLAN.opened, seconds), PLAN.opened, store.name === undefined),
    )
    return { producers, seconds_of_a_rate: seconds, ...(running && { running }), opened }
  } finally {
    await feed.close()
  }
}

type Opened = Awaited<ReturnType<typeof opened>>

async function opened({ store, model, limits, seconds, onProgress }: PaceOptions, name: string, feed: Feed) {
  const { layout, kinds } = feed
  const costs = meter(store.redis)
  const begun = performance.now()
  const { index, links } = await openStore(
    { ...store, name },
    // One more kind of tokens is of the patient number, as in an installation.
    {
      ...{ layout, model, limits, onePerSource: false },
      kinds: [...kinds, 'patient'],
      frequencies: NO_FREQUENCIES,
      onPair: () => undefined,
      watch: costs.watch,
    },
  )
  const openingMs = Math.round(performance.now() - begun)
  return { index, links, costs, openingMs, records: index.size(), redis: store.redis, seconds, onProgress }
}

/** The linker of an index that is opened again is another one, and what the one before had in memory is gone. */
async function onOpened<T>(
  options: PaceOptions,
  name: string,
  feed: Feed,
  work: (open: Opened) => Promise<T>,
): Promise<T> {
  const open = await opened(options, name, feed)
  try {
    return await work(open)
  } finally {
    open.costs.close()
  }
}

const recordsOf = ({ batches, rates }: Plan, seconds: number) =>
  FIRST + batches.length * RECORDS_A_SECOND * seconds + rates.reduce((sum, rate) => sum + rate * seconds, 0)

/** While a part is linked, the next one is encoded. */
async function fill({ links, redis, onProgress }: Opened, feed: Feed, count: number) {
  const before = await serverBytes(redis)
  const begun = performance.now()
  let next = feed.read(0, Math.min(count, FILLED_AT_ONCE))
  for (let from = 0; from < count; from += FILLED_AT_ONCE) {
    const part = await next
    const to = from + part.length
    if (to < count) next = feed.read(to, Math.min(count, to + FILLED_AT_ONCE))
    await asFastAsItCan(links, part, MOST_IN_BATCH)
    onProgress(`${to} of ${count} records fill the index`)
  }
  const seconds = (performance.now() - begun) / 1000
  return {
    filled: count,
    filling_seconds: Math.round(seconds),
    bytes_per_record: Math.round(((await serverBytes(redis)) - before) / count),
  }
}

async function measureAll(open: Opened, feed: Feed, from: number, plan: Plan, isLast = false) {
  const { index, links, costs, openingMs, records, seconds, onProgress } = open
  let taken = from
  const take = (count: number) => feed.read(taken, (taken += count))

  async function measured(what: string, given: Sent, link: () => Promise<Float64Array>) {
    onProgress(what)
    const end = await costs.begin()
    const times = await link()
    const used = await end()
    times.sort()
    const quantile = (share: number) => rounded(times[Math.floor(share * (times.length - 1))] as number)
    const pauses = used.pausesMs.toSorted((a, b) => a - b)
    return {
      per_second: Math.round(given.length / used.seconds),
      p50_ms: quantile(0.5),
      p90_ms: quantile(0.9),
      p99_ms: quantile(0.99),
      max_ms: quantile(1),
      linker_us: rounded((1000 * used.linkerCpuMs) / given.length),
      redis_us: rounded((1000 * used.redisCpuMs) / given.length),
      records_a_write: rounded(given.length / used.writes),
      write_ms: rounded(used.writeMs / used.writes),
      asked_a_record: rounded(used.asked / given.length),
      ask_ms: rounded(used.asks === 0 ? 0 : used.askMs / used.asks),
      pauses: pauses.length,
      pauses_percent: rounded((100 * pauses.reduce((sum, ms) => sum + ms, 0)) / (1000 * used.seconds)),
      longest_pause_ms: rounded(pauses.at(-1) ?? 0),
    }
  }

  await asFastAsItCan(links, await take(FIRST), MOST_IN_BATCH)
  const batches: Record<string, unknown> = {}
  for (const size of plan.batches) {
    const given = await take(RECORDS_A_SECOND * seconds)
    batches[size] = await measured(`batches of ${size}`, given, () => asFastAsItCan(links, given, size))
  }
  const rates: Record<string, unknown> = {}
  for (const rate of plan.rates) {
    const given = await take(rate * seconds)
    const arrivals = { rate, random: randomOf(rate), batchSize }
    // Waiting for the next arrival takes processor time here, and none of the linker.
    const { linker_us: _, ...times } = await measured(`${rate} records a second`, given, () =>
      atRate(links, given, arrivals),
    )
    rates[rate] = times
  }
  const memory = process.memoryUsage()
  if (isLast) await index.remove()
  return {
    ...{ records: index.size(), opened_records: records, opening_ms: openingMs },
    ...{ resident_mb: Math.round(memory.rss / 1e6), heap_mb: Math.round(memory.heapUsed / 1e6) },
    ...{ batches, rates },
  }
}

const rounded = (value: number) => Math.round(value * 100) / 100
