/**
 * What is in the memory of the gateway because of requests, with bounds: over all, and for each producer, so that none can take what the others
 * need. Bytes count when they have come, and not when they are announced.
 */
import { ProblemError } from '../problem.ts'

export interface ShareLimits {
  /** Bytes of bodies, and of what is made of them, over all requests and messages. */
  readonly maxInFlightBytes: number
  /** Of these, what one producer may have. */
  readonly producerInFlightBytes: number
  /** Connections of one producer with a request under way, and its connections to the MLLP listeners. */
  readonly producerConnections: number
}

/** Which bound is reached. */
export type ShareLimit = 'total-bytes' | 'producer-bytes' | 'producer-connections'

/** One request, or one connection of a listener. */
export interface Share {
  /** @returns the bound that so many bytes more would exceed; undefined when they fit */
  lacks(bytes: number): ShareLimit | undefined
  /**
   * @param bytes in memory so far; less than before changes nothing
   * @returns the bound that they would exceed: then nothing changes
   */
  growTo(bytes: number): ShareLimit | undefined
  /** Releases the bytes; the connection stays. */
  empty(): void
  /** Releases bytes and connection; may be called twice. */
  release(): void
}

export interface Shares {
  /** @returns undefined when the producer has as many connections as it may */
  open(producer: string): Share | undefined
  readonly bytes: number
}

interface Held {
  bytes: number
  connections: number
}

/**
 * @param observe called with the new total after each change
 * @param refused called with each bound that refuses
 */
export function createShares(
  limits: ShareLimits,
  observe: (bytes: number) => void,
  refused: (limit: ShareLimit) => void,
): Shares {
  let total = 0
  /** Of the producers with an open share: they are few, and no name stays. */
  const producers = new Map<string, Held>()

  function share(producer: string, held: Held): Share {
    let own = 0
    let open = true
    const add = (bytes: number) => {
      own += bytes
      held.bytes += bytes
      total += bytes
      observe(total)
    }
    const lacks = (bytes: number): ShareLimit | undefined => {
      const limit =
        held.bytes + bytes > limits.producerInFlightBytes
          ? 'producer-bytes'
          : total + bytes > limits.maxInFlightBytes
            ? 'total-bytes'
            : undefined
      if (limit !== undefined) refused(limit)
      return limit
    }
    return {
      lacks,
      growTo(bytes) {
        if (!open || bytes <= own) return undefined
        const limit = lacks(bytes - own)
        if (limit === undefined) add(bytes - own)
        return limit
      },
      empty: () => add(-own),
      release() {
        if (!open) return
        open = false
        add(-own)
        held.connections--
        if (held.connections === 0) producers.delete(producer)
      },
    }
  }

  return {
    get bytes() {
      return total
    },
    open(producer) {
      const held = producers.get(producer) ?? { bytes: 0, connections: 0 }
      if (held.connections >= limits.producerConnections) {
        refused('producer-connections')
        return undefined
      }
      held.connections++
      producers.set(producer, held)
      return share(producer, held)
    },
  }
}

/** @returns the problem of a request that a bound refuses */
export function shareProblem(limit: ShareLimit, limits: ShareLimits): ProblemError {
  switch (limit) {
    case 'total-bytes':
      return new ProblemError('too-many-in-flight')
    case 'producer-bytes':
      return new ProblemError(
        'producer-share',
        `One producer may have ${limits.producerInFlightBytes} bytes in flight; wait for answers before you send more.`,
      )
    case 'producer-connections':
      return new ProblemError(
        'producer-share',
        `One producer may have ${limits.producerConnections} connections with a request under way; wait for answers before you send more.`,
      )
  }
}
