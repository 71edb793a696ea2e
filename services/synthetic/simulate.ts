/** Runs a simulation into a sink at a rate, until the number of records is reached or it is stopped. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sink, Totals } from './output/sink.ts'
import type { TruthWriter } from './output/truth.ts'
import type { Feed, SimulatedRecord } from './records.ts'
import { type WorldOptions, world } from './world.ts'

export interface SimulationOptions {
  readonly world: WorldOptions
  /** Records in all; undefined: no end. */
  readonly records: number | undefined
  /** Records per second; 0: as fast as possible. */
  readonly rate: number
  readonly sink: Sink
  readonly truth: TruthWriter | undefined
  /** Stops the simulation after the current batch. */
  readonly stop: AbortSignal
}

export interface Simulation {
  /** Records sent so far; changes while it runs. */
  readonly sent: () => number
  readonly seconds: () => number
  readonly done: Promise<Summary>
}

export interface Summary extends Totals {
  readonly sent: number
  readonly seconds: number
  readonly records_per_second: number
  readonly by_feed: Readonly<Partial<Record<Feed, number>>>
  readonly by_producer: Readonly<Record<string, number>>
}

/** Large batches make requests of thousands of records; at a low rate a batch is half a second. */
const LARGEST_BATCH = 20_000

export function startSimulation(options: SimulationOptions): Simulation {
  const started = performance.now()
  const seconds = () => (performance.now() - started) / 1000
  let sent = 0
  return { sent: () => sent, seconds, done: run() }

  async function run(): Promise<Summary> {
    const byFeed: Partial<Record<Feed, number>> = {}
    const byProducer: Record<string, number> = {}
    const size = options.rate > 0 ? Math.min(LARGEST_BATCH, Math.ceil(options.rate / 2)) : LARGEST_BATCH
    try {
      for (const batch of batches(options.world, options.records, size)) {
        if (options.stop.aborted) break
        options.truth?.write(batch)
        await options.sink.write(batch)
        for (const { feed, producer } of batch) {
          byFeed[feed] = (byFeed[feed] ?? 0) + 1
          byProducer[producer] = (byProducer[producer] ?? 0) + 1
        }
        sent += batch.length
        await pace()
      }
      await options.sink.finish()
    } finally {
      options.truth?.close()
    }
    const duration = seconds()
    return {
      sent,
      ...options.sink.totals(),
      seconds: Math.round(duration * 1000) / 1000,
      records_per_second: Math.round(sent / duration),
      by_feed: byFeed,
      by_producer: byProducer,
    }
  }

  /** Waits until the next records are due at the rate; without a rate, yields to the event loop so that signals are handled. */
  async function pace(): Promise<void> {
    const ahead = options.rate > 0 ? (sent / options.rate - seconds()) * 1000 : 0
    if (options.stop.aborted) return
    try {
      await sleep(Math.max(0, ahead), undefined, { signal: options.stop })
    } catch {
      // Stopped during the wait: the loop checks the signal.
    }
  }
}

/** Batches of exactly `size` records, the last one smaller; the rate changes the size of the batches, never their records. */
function* batches(
  options: WorldOptions,
  records: number | undefined,
  size: number,
): Generator<readonly SimulatedRecord[]> {
  let remaining = records ?? Number.POSITIVE_INFINITY
  let batch: SimulatedRecord[] = []
  for (const visit of world(options)) {
    for (const made of visit) {
      batch.push(made)
      remaining--
      if (batch.length === size || remaining === 0) {
        yield batch
        batch = []
        if (remaining === 0) return
      }
    }
  }
}
