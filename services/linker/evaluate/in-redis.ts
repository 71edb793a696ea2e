/** Links the records of a data set on an index in Redis, as the linker will in production: batches in pipelines, the next one sent meanwhile. */
import { performance } from 'node:perf_hooks'
import { ConfigurationError } from '#core/faults/errors.ts'
import type { EncodedRecord } from '#core/linkage/encode.ts'
import type { Arrival } from '../link/index-linker.ts'
import type { DataSet } from './data-set.ts'
import { encodedByWorkers } from './encode-workers.ts'
import { encoding } from './encoding.ts'
import { serverBytes, serverSeconds } from './meter.ts'
import { openStore } from './open-store.ts'
import type { EvaluateOptions, Linked, RedisStore } from './run.ts'
import { pairList } from './scored-pairs.ts'

/** Records that are encoded before they are linked: their encoding takes no time from the linker and from Redis while these are measured. */
const ENCODED_AHEAD = 4096

export async function linkInRedis(
  data: DataSet,
  order: Int32Array,
  options: EvaluateOptions & { readonly redis: RedisStore },
): Promise<Linked> {
  const { redis, batch: batchSize } = options.redis
  const { layout, kinds, encodeWritten } = encoding(data)
  const usedBefore = await serverBytes(redis)
  const scored = pairList()
  const onPair = (a: number, b: number, value: number) => scored.add(a, b, value)
  const { index, links } = await openStore(options.redis, { ...options, layout, kinds, onPair })
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
    producer: String(data.sourceOf[record]),
    encoded,
  })

  async function* batches(): AsyncGenerator<readonly [records: Int32Array, arrivals: readonly Arrival[]]> {
    if (options.workers > 1)
      for await (const { records, encoded } of encodedByWorkers(data, order, options.workers))
        for (let from = 0; from < records.length; from += batchSize) {
          const part = records.subarray(from, from + batchSize)
          yield [part, Array.from(part, (record, at) => arrivalOf(record, encoded[from + at] as EncodedRecord))]
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
        for (let from = 0; from < chunk.length; from += batchSize)
          yield [chunk.subarray(from, from + batchSize), arrivals.slice(from, from + batchSize)]
      }
  }

  async function link(records: Int32Array, arrivals: readonly Arrival[]): Promise<void> {
    const begun = performance.now()
    const replies = await links.link(arrivals)
    const ms = performance.now() - begun
    for (const [at, { number, state }] of replies.entries()) {
      if (number >= order.length) throw foreign()
      recordOf[number] = records[at] as number
      isKnown[number] = 1
      states[state]++
      times[arrived++] = ms
    }
    options.onProgress(arrived)
  }

  const started = performance.now()
  const cpu = process.cpuUsage()
  const redisCpu = await serverSeconds(redis)
  for await (const [records, arrivals] of batches()) {
    const now = link(records, arrivals)
    // A failure of it is thrown when its turn comes.
    now.catch(() => undefined)
    await before
    before = now
  }
  await before
  const seconds = (performance.now() - started) / 1000
  const used = process.cpuUsage(cpu)
  const usedByRedis = (await serverSeconds(redis)) - redisCpu
  const bytes = (await serverBytes(redis)) - usedBefore
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
    encodingSeconds: options.workers === 1 ? encodingMs / 1000 : undefined,
    store: {
      kind: 'redis',
      batch: batchSize,
      records: states,
      // Where the index was there before, its memory was as well.
      ...(found === 0 && { bytes_per_record: perRecord(bytes) }),
      redis_us_per_record: perRecord(usedByRedis * 1e6),
      // Threads that encode are of the same process.
      ...(options.workers === 1 && {
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
