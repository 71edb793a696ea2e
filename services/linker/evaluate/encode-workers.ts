/** Several threads encode, each its batches, and one linker takes what is ready first: the order of arrival is not that of the files. */
import { Worker } from 'node:worker_threads'
import type { EncodedRecord } from '#core/linkage/encode.ts'
import type { DataSet } from './data-set.ts'
import type { Form } from './encoding.ts'

const BATCH = 500
/** Batches that a thread has at a time: one that it encodes and one that waits. */
const AHEAD = 2

export interface Arrival {
  readonly records: Int32Array
  readonly encoded: readonly EncodedRecord[]
}

export async function* encodedByWorkers(data: DataSet, order: Int32Array, count: number): AsyncGenerator<Arrival> {
  const ready: Arrival[] = []
  let wake: () => void = () => undefined
  let failure: Error | undefined
  let next = 0
  let running = 0
  const workers = Array.from({ length: count }, () => {
    const worker = new Worker(new URL('./encode-worker.ts', import.meta.url), {
      workerData: { traits: data.traits, dates: data.dates, passes: data.passes } satisfies Form,
    })
    const sent: Int32Array[] = []
    const send = () => {
      if (next >= order.length) return
      const records = order.subarray(next, (next += BATCH))
      sent.push(records)
      running++
      worker.postMessage(Array.from(records, data.record))
    }
    worker.on('message', (encoded: EncodedRecord[]) => {
      ready.push({ records: sent.shift() as Int32Array, encoded })
      running--
      send()
      wake()
    })
    worker.on('error', (error) => {
      failure = error as Error
      wake()
    })
    for (let i = 0; i < AHEAD; i++) send()
    return worker
  })
  try {
    while (running > 0 || ready.length > 0) {
      if (failure) throw failure
      const batch = ready.shift()
      if (batch) yield batch
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}
