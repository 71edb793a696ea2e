/** One direction of a connection: passes bytes on in order, with the delay and rate of the proxy, or keeps them while it is closed. */

export interface Pace {
  /** Milliseconds that each chunk is late. */
  readonly latencyMs: number
  /** 0: no limit. */
  readonly bytesPerSecond: number
}

export class Lane {
  readonly #deliver: (chunk: Buffer) => void
  readonly #pace: () => Pace
  readonly #timers = new Set<NodeJS.Timeout>()
  #kept: Buffer[] = []
  #closed = 0
  #busyUntil = 0

  constructor(deliver: (chunk: Buffer) => void, pace: () => Pace) {
    this.#deliver = deliver
    this.#pace = pace
  }

  write(chunk: Buffer): void {
    if (this.#closed > 0) this.#kept.push(chunk)
    else this.#send(chunk)
  }

  /** Keeps what comes; every `close` needs its `open`. */
  close(): void {
    this.#closed++
  }

  open(): void {
    this.#closed--
    if (this.#closed > 0) return
    const kept = this.#kept
    this.#kept = []
    for (const chunk of kept) this.#send(chunk)
  }

  /** Forgets what is kept. @returns its bytes */
  discard(): number {
    const bytes = this.#kept.reduce((sum, chunk) => sum + chunk.length, 0)
    this.#kept = []
    return bytes
  }

  get keptBytes(): number {
    return this.#kept.reduce((sum, chunk) => sum + chunk.length, 0)
  }

  destroy(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    this.#kept = []
  }

  #send(chunk: Buffer): void {
    const { latencyMs, bytesPerSecond } = this.#pace()
    const now = performance.now()
    const transfer = bytesPerSecond > 0 ? (chunk.length / bytesPerSecond) * 1000 : 0
    // Later bytes never overtake earlier ones, also when the pace changes.
    const at = Math.max(now + latencyMs, this.#busyUntil) + transfer
    this.#busyUntil = at
    if (at <= now && this.#timers.size === 0) {
      this.#deliver(chunk)
      return
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#deliver(chunk)
    }, at - now)
    this.#timers.add(timer)
  }
}
