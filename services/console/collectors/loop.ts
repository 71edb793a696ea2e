/** Work that is repeated, never twice at the same time. */
export interface Loop {
  /** Waits for what is under way. */
  stop(): Promise<void>
}

/**
 * @param periodMs from the beginning of one run to that of the next; a run that takes longer is followed at once
 * @param firstAfterMs when the first run begins
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
      const began = Date.now()
      await work()
      if (!stopped) await pause(Math.max(0, periodMs - (Date.now() - began)))
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
