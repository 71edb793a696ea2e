/** Bytes of request bodies that the gateway holds at this moment, bounded: past the bound it answers 429 instead of growing. */
export interface Ticket {
  /**
   * @param bytes how many bytes the request holds in all by now; less than before changes nothing
   * @returns false when that would pass the bound
   */
  growTo(bytes: number): boolean
  /** Releases the bytes; may be called twice. */
  release(): void
}

export interface InFlight {
  /** @returns a ticket for that many bytes, or undefined when they would pass the bound */
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
      let held = bytes
      let released = false
      add(held)
      return {
        growTo(wanted) {
          if (released || wanted <= held) return !released
          if (total + wanted - held > maxBytes) return false
          add(wanted - held)
          held = wanted
          return true
        },
        release() {
          if (released) return
          released = true
          add(-held)
        },
      }
    },
  }
}
