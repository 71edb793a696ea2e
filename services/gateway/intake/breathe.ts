/** A large body must not hold the process for a second: between slices of it, other requests and acknowledgements get their turn. */
import { setImmediate } from 'node:timers/promises'

const RECORDS_PER_SLICE = 2000

export const breathe = {
  due: (index: number): boolean => index % RECORDS_PER_SLICE === 0,
  pause: (): Promise<void> => setImmediate(),
}
