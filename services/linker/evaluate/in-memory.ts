/** Links the records of a data set with all state in memory. */
import { performance } from 'node:perf_hooks'
import type { EncodedRecord } from '#core/linkage/encode.ts'
import { scorer } from '#core/linkage/score.ts'
import { linker } from '../link/linker.ts'
import type { DataSet } from './data-set.ts'
import { encodedByWorkers } from './encode-workers.ts'
import { intake } from './encoding.ts'
import type { EvaluateOptions, Linked } from './run.ts'
import { pairList } from './scored-pairs.ts'

const PROGRESS_EVERY = 1000

export async function linkInMemory(data: DataSet, order: Int32Array, options: EvaluateOptions): Promise<Linked> {
  const records = intake(data, options.plain)
  const { weight } = scorer(options.model, options.frequencies, records.store, records.layout)
  const scored = pairList()
  const onPair = (a: number, b: number, value: number) => scored.add(a, b, value)
  const { kinds } = records
  const links = linker({
    kinds,
    limits: options.limits,
    weight,
    onePerSource: options.onePerSource,
    onPair,
  })
  const recordOf = new Int32Array(order.length)
  const times = new Float32Array(order.length)
  let arrived = 0
  let encoding = 0
  const started = performance.now()
  const link = (record: number, tokens: Int32Array, begun: number) => {
    const number = arrived++
    recordOf[number] = record
    links.add(number, data.ids[record] as string, data.sourceOf[record] as number, tokens)
    times[number] = performance.now() - begun
    if (number % PROGRESS_EVERY === 0) options.onProgress(number)
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
  return {
    scored,
    recordOf,
    personOf: Int32Array.from(recordOf.keys(), (number) => links.personOf(number)),
    counts: links.counts,
    corrected,
    times,
    seconds,
    // With threads that encode, what the linker's own does besides is not apart.
    encodingSeconds: options.workers === 1 ? encoding / 1000 : undefined,
  }
}
