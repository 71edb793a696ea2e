/**
 * Yields to the event loop in a long computation, so that timers, sockets and other requests are served. Without heartbeats the
 * consumer group removes the worker. `yieldDue` is called for each record and costs one modulo; only the yield makes a promise.
 */
import { setImmediate } from 'node:timers/promises'

const RECORDS_PER_SLICE = 256

/** @param index of the record that is next, from 0 @returns whether to yield before it */
export function yieldDue(index: number): boolean {
  return index > 0 && index % RECORDS_PER_SLICE === 0
}

/** Characters of a text; scanning so many takes a tenth to a quarter of a second. */
export const CHARACTERS_PER_SLICE = 65_536

export function yieldToEventLoop(): Promise<void> {
  return setImmediate()
}
