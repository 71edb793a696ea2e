/** Links the records of a data set on an index in Redis, as the linker will in production: batches in pipelines, the next one sent meanwhile. */
import { createHash, randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { ConfigurationError } from '#core/faults/errors.ts'
import type { EncodedRecord } from '#core/linkage/encode.ts'
import { filterStore } from '#core/linkage/record-store.ts'
import { scorer } from '#core/linkage/score.ts'
import { codec } from '../index/codec.ts'
import { indexKeys } from '../index/keys.ts'
import { openIndex } from '../index/link-index.ts'
import { type Arrival, indexLinker } from '../link/index-linker.ts'
import type { DataSet } from './data-set.ts'
import { encodedByWorkers } from './encode-workers.ts'
import { encoding } from './encoding.ts'
import type { EvaluateOptions, Linked, RedisStore } from './run.ts'
import { pairList } from './scored-pairs.ts'

/** Records that are encoded before they are linked: their encoding takes no time from the linker and from Redis while these are measured. */
const ENCODED_AHEAD = 4096

/** Records with their encodings, and when each arrived, in milliseconds. */
type Batch = readonly [records: Int32Array, arrivals: readonly Arrival[], arrivedAt: (at: number) => number]

function asSent(): () => number {
  const now = performance.now()
  return () => now
}

export async function linkInRedis(
  data: DataSet,
  order: Int32Array,
  options: EvaluateOptions & { readonly redis: RedisStore },
): Promise<Linked> {
  const { redis, secret, batch: batchSize, rate } = options.redis
  const { layout, kinds, encodeWritten } = encoding(data)
  const keys = indexKeys(secret)
  const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
  const usedBefore = await memoryOf(redis)
  const openedAt = performance.now()
  const index = await openIndex(redis, options.redis.name ?? randomBytes(6).toString('hex'), {
    layout: digest(layout),
    key: keys.fingerprint,
    model: digest(options.model),
    kinds: kinds.length,
    hub: options.limits.hub,
  })
  const openingMs = performance.now() - openedAt
  const store = filterStore(layout)
  const scored = pairList()
  const onPair = (a: number, b: number, value: number) => scored.add(a, b, value)
  const links = indexLinker({
    index,
    keys,
    codec: codec(layout),
    budget: options.limits.budget,
    store,
    weight: scorer(options.model, store, layout).weight,
    onePerSource: options.onePerSource,
    onPair,
  })
  const found = index.size()
  const recordOf = new Int32Array(order.length)
  const times = new Float32Array(order.length)
  const isKnown = new Uint8Array(order.length)
  let encodingMs = 0
  let encodingCpuUs = 0
  let arrived = 0
  /** The batch that was sent last; its failure is thrown by who waits for it. */
  let before: Promise<void> = Promise.resolve()
  const states = { new: 0, same: 0, replaced: 0, stale: 0 }
  const arrivalOf = (record: number, encoded: EncodedRecord): Arrival => ({
    id: data.ids[record] as string,
    version: 0,
    source: data.sourceOf[record] as number,
    encoded,
  })

  /** What has arrived, when it arrives at a rate: as much as there is since the batch before was sent. */
  async function* atRate(chunk: Int32Array, arrivals: readonly Arrival[], rate: number): AsyncGenerator<Batch> {
    const begun = performance.now()
    const dueAt = (at: number) => begun + (1000 * at) / rate
    for (let from = 0; from < chunk.length; ) {
      const to = Math.min(chunk.length, from + batchSize, Math.ceil(((performance.now() - begun) * rate) / 1000))
      if (to > from) yield [chunk.subarray(from, to), arrivals.slice(from, to), (at) => dueAt(from + at)]
      // Timers are too coarse.
      else await setImmediate()
      from = Math.max(from, to)
    }
  }

  async function* batches(): AsyncGenerator<Batch> {
    if (options.workers > 1)
      for await (const { records, encoded } of encodedByWorkers(data, order, options.workers))
        for (let from = 0; from < records.length; from += batchSize) {
          const part = records.subarray(from, from + batchSize)
          yield [
            part,
            Array.from(part, (record, at) => arrivalOf(record, encoded[from + at] as EncodedRecord)),
            asSent(),
          ]
        }
    else
      for (let start = 0; start < order.length; start += ENCODED_AHEAD) {
        await before
        const chunk = order.subarray(start, start + ENCODED_AHEAD)
        const begun = performance.now()
        const cpuBegun = process.cpuUsage()
        const arrivals = Array.from(chunk, (record) => arrivalOf(record, encodeWritten(data.record(record))))
        encodingMs += performance.now() - begun
        const { user, system } = process.cpuUsage(cpuBegun)
        encodingCpuUs += user + system
        if (rate !== undefined) yield* atRate(chunk, arrivals, rate)
        else
          for (let from = 0; from < chunk.length; from += batchSize)
            yield [chunk.subarray(from, from + batchSize), arrivals.slice(from, from + batchSize), asSent()]
      }
  }

  async function link([records, arrivals, begun]: Batch): Promise<void> {
    const replies = await links.link(arrivals)
    const ended = performance.now()
    for (const [at, { number, state }] of replies.entries()) {
      if (number >= order.length) throw foreign()
      recordOf[number] = records[at] as number
      isKnown[number] = 1
      states[state]++
      times[arrived++] = ended - begun(at)
    }
    options.onProgress(arrived)
  }

  const started = performance.now()
  const cpu = process.cpuUsage()
  const redisCpu = await cpuOf(redis)
  for await (const batch of batches()) {
    const now = link(batch)
    // A failure of it is thrown when its turn comes.
    now.catch(() => undefined)
    await before
    before = now
  }
  await before
  const seconds = (performance.now() - started) / 1000
  const used = process.cpuUsage(cpu)
  const usedByRedis = (await cpuOf(redis)) - redisCpu
  const bytes = (await memoryOf(redis)) - usedBefore
  if (isKnown.includes(0)) throw foreign()
  const corrected = await links.reconcile(onPair)
  const personOf = index.persons()
  if (options.redis.name === undefined) await index.remove()
  const perRecord = (value: number) => Math.round((value / order.length) * 10) / 10
  const linkerUs = (used.user + used.system - encodingCpuUs) / order.length
  return {
    scored,
    recordOf,
    personOf,
    counts: links.counts,
    corrected,
    times,
    seconds,
    encodingSeconds: options.workers === 1 && rate === undefined ? encodingMs / 1000 : undefined,
    store: {
      kind: 'redis',
      batch: batchSize,
      records: states,
      // Where the index was there before, its memory was as well.
      ...(found === 0 ? { bytes_per_record: perRecord(bytes) } : { found, opening_ms: Math.round(openingMs) }),
      redis_us_per_record: perRecord(usedByRedis * 1e6),
      ...(rate !== undefined && { rate }),
      // Threads that encode are of the same process, and so is waiting for the next record to arrive.
      ...(options.workers === 1 &&
        rate === undefined && {
          linker_us_per_record: Math.round(linkerUs * 10) / 10,
          records_per_second_of_a_linker_core: Math.round(1e6 / linkerUs),
        }),
    },
  }
}

function foreign(): ConfigurationError {
  return new ConfigurationError('The linkage index cannot be used', [
    'it has records of another data set: name another one',
  ])
}

async function memoryOf(redis: Redis): Promise<number> {
  return infoOf(await redis.info('memory'), 'used_memory')
}

/** @returns seconds */
async function cpuOf(redis: Redis): Promise<number> {
  const text = await redis.info('cpu')
  return infoOf(text, 'used_cpu_user') + infoOf(text, 'used_cpu_sys')
}

function infoOf(text: string, field: string): number {
  return Number(new RegExp(`^${field}:([0-9.]+)`, 'm').exec(text)?.[1] ?? 0)
}
