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

export interface Encoded {
  readonly names: readonly (readonly [record: string, patient: string])[]
  /** Of one record after the other. */
  readonly filters: Int32Array<ArrayBuffer>
  readonly tokens: Int32Array<ArrayBuffer>
  readonly newborn: Uint8Array<ArrayBuffer>
}

export interface Feed extends Pick<ReturnType<typeof encoding>, 'layout' | 'kinds'> {
  readonly records: number
  /** One call after the other. @returns the records, all of them arrivals of the feed `patient`, of one producer after the other */
  read(from: number, to: number): Promise<readonly Arrival[]>
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
    const [record, patient] = names[at] as Encoded['names'][number]
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
      return Array.from({ length: to - from }, (_, at) => arrivalAt(encoded, at, from + at))
    },
    close: async () => void (await worker.terminate()),
  }
}
