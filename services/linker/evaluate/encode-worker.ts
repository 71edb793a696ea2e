/** Encodes batches of records in a thread of its own (encode-workers.ts). */
import { parentPort, workerData } from 'node:worker_threads'
import type { Traits } from '#core/linkage/traits.ts'
import { encoding, type Form } from './encoding.ts'

const { encodeWritten } = encoding(workerData as Form)
parentPort?.on('message', (batch: readonly Traits[]) => parentPort?.postMessage(batch.map(encodeWritten)))
