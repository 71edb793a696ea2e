/** How fast a body, or a frame of MLLP, has to come: one that comes slowly, or not at all, occupies memory and a connection. */

export interface Pace {
  /** Milliseconds within which all of it must come. */
  readonly totalMs: number
  /** Milliseconds over which the rate is measured: a sender may be silent for less. */
  readonly windowMs: number
  readonly minBytesPerSecond: number
}

export interface PaceWatch {
  received(bytes: number): void
  stop(): void
}

/** @param tooSlow called once, unless it is stopped before */
export function watchPace(pace: Pace, tooSlow: (reason: 'slow-rate' | 'slow-total') => void): PaceWatch {
  const started = performance.now()
  let bytes = 0
  let stopped = false
  const stop = () => {
    stopped = true
    clearInterval(timer)
  }
  const judge = () => {
    if (stopped) return
    const late = performance.now() - started >= pace.totalMs
    if (!late && bytes >= (pace.minBytesPerSecond * pace.windowMs) / 1000) {
      bytes = 0
      return
    }
    stop()
    tooSlow(late ? 'slow-total' : 'slow-rate')
  }
  // Timers come before sockets in a turn of the event loop: what came while the gateway was busy is read first.
  const timer = setInterval(() => setImmediate(judge), pace.windowMs)
  timer.unref()
  return {
    received(more) {
      bytes += more
    },
    stop,
  }
}
