/** Counts how frequent values are in the index while the linker works, in pieces between its batches, when that is due. */
import type { Weighing } from '../link/weighing.ts'
import type { LinkerWorker } from '../worker.ts'

/** Some milliseconds of reading. */
const PERSONS_AT_ONCE = 1024

/** @returns records of the index when its values were counted last; undefined: it was opened again meanwhile, and the count is given up */
export async function countFrequencies(between: LinkerWorker['between']): Promise<number | undefined> {
  let own: Weighing | undefined
  const step = <T>(work: (weighing: Weighing) => T | Promise<T>) =>
    between(async ({ weighing }) => {
      own ??= weighing
      return own === weighing ? { result: await work(weighing) } : undefined
    })
  const count = (await step((weighing) => weighing.begin()))?.result
  if (count) {
    for (let from = 0; from < count.persons.length; from += PERSONS_AT_ONCE)
      if (!(await step(() => count.add(count.persons.subarray(from, from + PERSONS_AT_ONCE))))) return undefined
    if (!(await step(() => count.use()))) return undefined
  }
  return own?.counted()
}
