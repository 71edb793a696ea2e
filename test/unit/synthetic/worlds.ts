/** A small simulated region for the tests of this folder. */
import type { SimulatedRecord } from '../../../services/synthetic/records.ts'
import { type WorldOptions, world } from '../../../services/synthetic/world.ts'

export const START_MS = Date.UTC(2023, 6, 1)
export const UNTIL_MS = Date.UTC(2025, 5, 30, 23, 59, 59)

export const OPTIONS: WorldOptions = {
  seed: 7,
  hospitals: 3,
  patients: 1_500,
  startMs: START_MS,
  untilMs: UNTIL_MS,
  rates: { typo: 0.05, missing: 0.1, swap: 0.02 },
  shared: 0.18,
}

/** @returns the first `count` records */
export function records(count: number, more: Partial<WorldOptions> = {}): SimulatedRecord[] {
  const made: SimulatedRecord[] = []
  for (const visit of world({ ...OPTIONS, ...more })) {
    made.push(...visit)
    if (made.length >= count) return made.slice(0, count)
  }
  return made
}

/** @returns the records of one feed */
export function ofFeed<F extends SimulatedRecord['feed']>(
  made: readonly SimulatedRecord[],
  feed: F,
): Extract<SimulatedRecord, { feed: F }>[] {
  return made.filter((one): one is Extract<SimulatedRecord, { feed: F }> => one.feed === feed)
}
