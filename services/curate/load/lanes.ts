/**
 * A number of lanes, each of which loads one slice at a time. A slice that finds a free lane goes alone and at once. While all lanes are
 * busy slices wait; the lane that becomes free takes all that wait together, up to a full block. So nothing ever waits for others to come, few
 * partitions are never merged, and many are merged the more the slower the inserts are.
 */

export interface Waiting<T> {
  readonly slice: T
  /** `alone` when the slice was not loaded, and must come again by itself. */
  readonly done: (how: 'loaded' | 'alone') => void
  readonly fail: (error: unknown) => void
}

export interface LanesOptions<T> {
  readonly lanes: number
  /** Records of slices that are taken together, at most. */
  readonly maxRecords: number
  readonly recordsOf: (slice: T) => number
  /** Whether the slice can be taken with others. */
  readonly canMerge: (slice: T) => boolean
  /** Loads slices, at least one, and answers each; never throws. */
  readonly load: (taken: readonly [Waiting<T>, ...Waiting<T>[]]) => Promise<void>
}

/** @returns a function that resolves when a slice is loaded */
export function loadLanes<T>(options: LanesOptions<T>): (slice: T) => Promise<'loaded' | 'alone'> {
  const { lanes, maxRecords, recordsOf, canMerge, load } = options
  let queue: Waiting<T>[] = []
  let free = lanes

  function take([first, ...others]: readonly [Waiting<T>, ...Waiting<T>[]]): readonly [Waiting<T>, ...Waiting<T>[]] {
    const taken: [Waiting<T>, ...Waiting<T>[]] = [first]
    const left: Waiting<T>[] = []
    let records = recordsOf(first.slice)
    for (const one of others) {
      const more = recordsOf(one.slice)
      if (canMerge(first.slice) && canMerge(one.slice) && records + more <= maxRecords) {
        taken.push(one)
        records += more
      } else {
        left.push(one)
      }
    }
    queue = left
    return taken
  }

  async function run(): Promise<void> {
    free--
    for (let [first, ...others] = queue; first; [first, ...others] = queue) await load(take([first, ...others]))
    free++
  }

  return (slice) =>
    new Promise((resolve, reject) => {
      queue.push({ slice, done: resolve, fail: reject })
      if (free > 0) void run()
    })
}

/** @returns those for which `check` throws nothing; the others fail with what it throws */
export function passing<W extends Waiting<unknown>>(waiting: readonly W[], check: (one: W) => void): readonly W[] {
  return waiting.filter((one) => {
    try {
      check(one)
      return true
    } catch (error) {
      one.fail(error)
      return false
    }
  })
}

/** @returns a function that calls no more than so many at the same time */
export function limited(most: number): <T>(call: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let free = most
  return async (call) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await call()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}
