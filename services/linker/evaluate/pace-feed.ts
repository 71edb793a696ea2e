/**
 * The records of a data set as the linker gets them of a feed, encoded by another thread when they are asked for: neither the values of a million records nor
 * the encoding is then in the linker's heap and time, as neither is in production.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { ConfigurationError } from '#core/faults/errors.ts'
import type { Arrival } from '../link/index-linker.ts'
import { arrivalOf } from '../stream/arrivals.ts'
import type { DataSetFlags } from './data-set-for.ts'
import { encoding, type Form } from './encoding.ts'

export interface FeedOf {
  readonly dir: string
  readonly flags: DataSetFlags
  /** Of what pseudonyms are made of: those of another one are others. */
  readonly prefix: string
}

export type Ready =
  | { readonly records: number; readonly form: Form }
  | { readonly wrong: string; readonly problems: readonly string[] }

/** Records from one number up to another. */
export interface Asked {
  readonly from: number
  readonly to: number
}

/** Of one record after the other. */
export interface Encoded {
  /** Pseudonyms of the record and of its patient, ASCII. */
  readonly names: Uint8Array<ArrayBuffer>
  readonly filters: Int32Array<ArrayBuffer>
  readonly tokens: Int32Array<ArrayBuffer>
  readonly newborn: Uint8Array<ArrayBuffer>
}

export const PSEUDONYM_BYTES = 46

/** Records that have been sent, all of them arrivals of the feed `patient`, of one producer after the other. */
export interface Sent {
  readonly length: number
  /** What the linker makes of messages when it gets them: until then there is no object of a record. */
  slice(from: number, to: number): readonly Arrival[]
}

export interface Feed extends Pick<ReturnType<typeof encoding>, 'layout' | 'kinds'> {
  readonly records: number
  /** One call after the other. */
  read(from: number, to: number): Promise<Sent>
  close(): Promise<void>
}

/** @param producers that send the records @throws ConfigurationError when the data set is wrong */
export async function openFeed(of: FeedOf, producers: number): Promise<Feed> {
  const worker = new Worker(new URL('./pace-feed-worker.ts', import.meta.url), { workerData: of })
  const [ready] = (await once(worker, 'message')) as [Ready]
  if ('wrong' in ready) {
    await worker.terminate()
    throw new ConfigurationError(ready.wrong, ready.problems)
  }
  const { layout, kinds } = encoding(ready.form)
  const words = 2 * kinds.length

  function arrivalAt({ names, filters, tokens, newborn }: Encoded, at: number, number: number): Arrival {
    const text = Buffer.from(names.buffer, 2 * PSEUDONYM_BYTES * at, 2 * PSEUDONYM_BYTES)
    const [record, patient] = [text.toString('latin1', 0, PSEUDONYM_BYTES), text.toString('latin1', PSEUDONYM_BYTES)]
    const encoded = {
      filters: filters.slice(at * layout.words, (at + 1) * layout.words),
      tokens: tokens.slice(at * words, (at + 1) * words),
      newborn: newborn[at] === 1,
    }
    const producer = `hospital-${number % producers}`
    const arrival = arrivalOf('patient', { producer, patient, record, version: 1, receivedAt: 1e15 + number, encoded })
    return { ...arrival, encoded: arrival.encoded ?? encoded }
  }

  return {
    layout,
    kinds,
    records: ready.records,
    async read(from, to) {
      worker.postMessage({ from, to } satisfies Asked)
      const [encoded] = (await once(worker, 'message')) as [Encoded]
      return {
        length: to - from,
        slice: (first, last) =>
          Array.from({ length: last - first }, (_, at) => arrivalAt(encoded, first + at, from + first + at)),
      }
    },
    close: async () => void (await worker.terminate()),
  }
}
