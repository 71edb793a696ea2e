/**
 * Slows down who fails to log in. A valid key is never slowed: its 256 random bits cannot be guessed, and whoever knows its id, or shares the address of
 * its producer, must not be able to lock that producer out. What is slowed is the answer to a failure, so that a flood of guesses costs its
 * sender more than the gateway, and is seen.
 */
import { createLru } from '#core/crypto/lru.ts'

/** Failures within a minute that are answered at once: a wrong copy of a key, a deployment with a former one. */
const FREE = 10
const FIRST_DELAY_MS = 50
const LONGEST_DELAY_MS = 2_000
const WINDOW_MS = 60_000
/** Addresses and key ids that are remembered; at most twice as many. */
const REMEMBERED = 10_000

export interface FailureCounts {
  /** @returns the failures of the name within its current minute, this one included */
  add(name: string): number
  /** @returns the failures of the name within its current minute */
  count(name: string): number
}

/** @param now milliseconds */
export function failureCounts(now: () => number): FailureCounts {
  const counts = createLru<{ readonly since: number; failures: number }>(REMEMBERED)
  const current = (name: string) => {
    const known = counts.get(name)
    return known && now() - known.since < WINDOW_MS ? known : undefined
  }
  return {
    count: (name) => current(name)?.failures ?? 0,
    add(name) {
      const known = current(name)
      if (known) return ++known.failures
      counts.set(name, { since: now(), failures: 1 })
      return 1
    },
  }
}

/** @returns milliseconds to wait before the answer to that failure of a minute: doubling, up to two seconds */
export function delayMs(failures: number): number {
  return failures <= FREE ? 0 : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures - FREE - 1, 10))
}

/** At the 1st, 2nd, 4th, 8th failure of a minute: a flood must not fill the disk. */
export function isTold(failures: number): boolean {
  return Number.isInteger(Math.log2(failures))
}

/** @returns the network that counts as one sender: the address, of IPv6 its first 64 bits, which one sender has to himself */
export function senderOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!address.includes(':')) return address
  const [before = '', after] = address.split('%', 1)[0]?.split('::') ?? []
  const head = before.split(':').filter(Boolean)
  const tail = (after ?? '').split(':').filter(Boolean)
  const zeros = after === undefined ? [] : Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0')
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(':')}::/64`
}
