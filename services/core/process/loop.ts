/** Repeats work; two runs never overlap. */
export interface Loop {
  /** Waits for the run in progress. */
  stop(): Promise<void>
}

/**
 * @param periodMs from the start of one run to the start of the next; after a longer run the next one starts immediately
 * @param firstAfterMs delay of the first run
 */
export function every(periodMs: number, work: () => Promise<void>, firstAfterMs = 0): Loop {
  let stopped = false
  let wake: () => void = () => undefined
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  const run = async () => {
    if (firstAfterMs > 0) await pause(firstAfterMs)
    while (!stopped) {
      const startedAt = Date.now()
      await work()
      if (!stopped) await pause(Math.max(0, periodMs - (Date.now() - startedAt)))
    }
  }
  const running = run()
  return {
    async stop() {
      stopped = true
      wake()
      await running
    },
  }
}
