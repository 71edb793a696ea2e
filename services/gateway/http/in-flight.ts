/** Bytes of request bodies in the memory of the gateway, with a bound: beyond the bound it answers 429 and its memory does not grow. */
export interface Ticket {
  /**
   * @param bytes total bytes of the request so far; less than before changes nothing
   * @returns false when that would exceed the bound
   */
  growTo(bytes: number): boolean
  /** Releases the bytes; may be called twice. */
  release(): void
}

export interface InFlight {
  /** @returns a ticket for that many bytes, or undefined when they would exceed the bound */
  reserve(bytes: number): Ticket | undefined
  readonly bytes: number
}

/**
 * @param maxBytes bound over all requests
 * @param observe called with the new total after each change
 */
export function createInFlight(maxBytes: number, observe: (bytes: number) => void): InFlight {
  let total = 0
  const add = (bytes: number) => {
    total += bytes
    observe(total)
  }
  return {
    get bytes() {
      return total
    },
    reserve(bytes) {
      if (total + bytes > maxBytes) return undefined
      let reserved = bytes
      let released = false
      add(reserved)
      return {
        growTo(wanted) {
          if (released || wanted <= reserved) return !released
          if (total + wanted - reserved > maxBytes) return false
          add(wanted - reserved)
          reserved = wanted
          return true
        },
        release() {
          if (released) return
          released = true
          add(-reserved)
        },
      }
    },
  }
}
