/**
 * Lets timers, sockets and other requests have their turn in a long computation: heartbeats above all, or the group thinks the worker
 * dead. `due` is asked for each record and costs a remainder; only `pause` makes a promise.
 */
import { setImmediate } from 'node:timers/promises'

const RECORDS_PER_SLICE = 256

export const breathe = {
  /** @param index of the record that is next, from 0 */
  due: (index: number): boolean => index > 0 && index % RECORDS_PER_SLICE === 0,
  pause: (): Promise<void> => setImmediate(),
}
