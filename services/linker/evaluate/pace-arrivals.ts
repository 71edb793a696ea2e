/** Gives records to the linker as they arrive, and takes the time of each until it is written with its person. */
import { performance } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import type { IndexLinker } from '../link/index-linker.ts'
import type { Sent } from './pace-feed.ts'

/** How many records are to be linked now, and when they arrived in milliseconds; none: they are not here yet. */
type Next = (from: number) => readonly [to: number, arrivedAt: (at: number) => number]

/** A batch arrives when the one before the last is written. */
export function asFastAsItCan(links: IndexLinker, given: Sent, batch: number): Promise<Float64Array> {
  return inTurn(links, given, (from) => {
    const now = performance.now()
    return [Math.min(given.length, from + batch), () => now]
  })
}

/** Records arrive independently of each other (Poisson); a batch is of what waits. */
export function atRate(
  links: IndexLinker,
  given: Sent,
  {
    rate,
    random,
    batchSize,
  }: { readonly rate: number; readonly random: () => number; readonly batchSize: (waiting: number) => number },
): Promise<Float64Array> {
  const due = arrivalTimes(given.length, rate, random)
  const begun = performance.now()
  const arrivedAt = (at: number) => begun + (due[at] as number)
  let arrived = 0
  return inTurn(links, given, (from) => {
    const now = performance.now()
    while (arrived < given.length && arrivedAt(arrived) <= now) arrived++
    return [from + batchSize(arrived - from), arrivedAt]
  })
}

/** @returns milliseconds from the begin, rising: the times between two are exponential */
export function arrivalTimes(count: number, rate: number, random: () => number): Float64Array {
  let at = 0
  return Float64Array.from({ length: count }, () => {
    at -= (1000 / rate) * Math.log(1 - random())
    return at
  })
}

/** Two batches are under way at a time. @returns milliseconds of each record, from its arrival until it is in Redis with its person */
async function inTurn(links: IndexLinker, given: Sent, next: Next): Promise<Float64Array> {
  const times = new Float64Array(given.length)
  let before: Promise<void> = Promise.resolve()
  let underWay = 0
  for (let from = 0; from < given.length; ) {
    const first = from
    const [to, arrivedAt] = next(first)
    from = to
    if (to === first) {
      // Timers are too coarse. With nothing under way no event is missed, and no garbage is made that the linker would not have.
      if (underWay > 0) await setImmediate()
      else spinUntil(arrivedAt(first))
      continue
    }
    underWay++
    const now = links.link(given.slice(first, to)).then(() => {
      const ended = performance.now()
      underWay--
      for (let at = first; at < to; at++) times[at] = ended - arrivedAt(at)
    })
    // A failure of it is thrown when its turn comes.
    now.catch(() => undefined)
    await before
    before = now
  }
  await before
  return times
}

function spinUntil(time: number): void {
  while (performance.now() < time);
}
