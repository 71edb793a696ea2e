/** Counts how frequent values are in the index while the linker works, in pieces between its batches, when that is due. */
import type { Weighing } from '../link/weighing.ts'
import type { LinkerWorker } from '../worker.ts'

/** Some milliseconds of reading. */
const PERSONS_AT_ONCE = 1024

export interface LastCount {
  /** Records of the index when its values were counted last; 0: they never were. */
  readonly records: number
  /** By this call. */
  readonly isNew: boolean
}

/** A count is given up when the index is opened again meanwhile. */
export async function countFrequencies(between: LinkerWorker['between']): Promise<LastCount> {
  let own: Weighing | undefined
  const step = <T>(work: (weighing: Weighing) => T | Promise<T>) =>
    between(async ({ weighing }) => {
      own ??= weighing
      return own === weighing ? { result: await work(weighing) } : undefined
    })
  const count = (await step((weighing) => weighing.begin()))?.result
  let isWhole = count !== undefined
  for (let from = 0; count && isWhole && from < count.persons.length; from += PERSONS_AT_ONCE)
    isWhole = (await step(() => count.add(count.persons.subarray(from, from + PERSONS_AT_ONCE)))) !== undefined
  if (count && isWhole) {
    await count.finish()
    isWhole = (await step(() => count.use())) !== undefined
  }
  return { records: own?.counted() ?? 0, isNew: isWhole }
}
