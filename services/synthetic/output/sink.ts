/** The destination of the simulated records. */
import type { SimulatedRecord } from '../records.ts'

export interface Totals {
  readonly accepted: number
  readonly rejected: number
  /** Rejected records by rule of the gateway. */
  readonly rejected_by_rule: Readonly<Record<string, number>>
}

export interface Sink {
  /** Writes records in their order; resolves when it is ready for more. */
  write(batch: readonly SimulatedRecord[]): Promise<void>
  /** Resolves when all records are written. */
  finish(): Promise<void>
  totals(): Totals
}

/** @returns the records of each producer and feed as lines of JSON, in their order */
export function linesByProducer(
  batch: readonly SimulatedRecord[],
): Map<string, Map<SimulatedRecord['feed'], string[]>> {
  const producers = new Map<string, Map<SimulatedRecord['feed'], string[]>>()
  for (const made of batch) {
    let feeds = producers.get(made.producer)
    if (!feeds) producers.set(made.producer, (feeds = new Map()))
    let lines = feeds.get(made.feed)
    if (!lines) feeds.set(made.feed, (lines = []))
    lines.push(JSON.stringify(made.record))
  }
  return producers
}
