/** Lets timers and sockets have their turn in a long computation: heartbeats above all, or the group thinks the worker dead. */
import { setImmediate } from 'node:timers/promises'

const RECORDS_BETWEEN = 256

/** Call with the number of records done: gives way after each few hundred. */
export async function breathe(done: number): Promise<void> {
  if (done % RECORDS_BETWEEN === RECORDS_BETWEEN - 1) await setImmediate()
}
