/** Choices that depend on a patient's key and a value alone: the same ones in every text, and none can be told without the key. */
import { hmacSha256 } from '#core/crypto/hmac.ts'

/** 48 bits of the hash: among some thousand choices none is favoured by more than 2^-35. */
const CHOICE_BYTES = 6
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
/** Candidates that are tried before a value has a tag. */
const ATTEMPTS = 24

export interface Keyed {
  /** @param attempt another choice for the same value @returns an integer from 0 to below n */
  below(n: number, kind: string, value: string, attempt?: number): number
  /** @returns the first candidate that is accepted; undefined when there is none */
  pick<T>(from: readonly T[], kind: string, value: string, accepts: (candidate: T) => boolean): T | undefined
  /** @param letter from a to z @returns another letter: the same for all values that begin with it, so that initials agree */
  initial(letter: string): string
}

/** @param key of the patient, 32 bytes */
export function keyed(key: Buffer): Keyed {
  const mac = hmacSha256(key)
  let cycle: ReadonlyMap<string, string> | undefined
  const below: Keyed['below'] = (n, kind, value, attempt = 0) =>
    mac.bytes(`${kind}\0${attempt}\0${value}`).readUIntBE(0, CHOICE_BYTES) % n
  return {
    below,
    pick(from, kind, value, accepts) {
      if (from.length === 0) return undefined
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const candidate = from[below(from.length, kind, value, attempt)]
        if (candidate !== undefined && accepts(candidate)) return candidate
      }
      return from.find(accepts)
    },
    initial(letter) {
      cycle ??= cycleOf(mac.bytes('initials'))
      return cycle.get(letter) ?? letter
    },
  }
}

/** One cycle through all letters (Sattolo 1986): none stays where it is. */
function cycleOf(random: Buffer): ReadonlyMap<string, string> {
  const to = Array.from(LETTERS)
  for (let i = to.length - 1; i > 0; i--) {
    const other = (random[i] as number) % i
    ;[to[i], to[other]] = [to[other] as string, to[i] as string]
  }
  return new Map(Array.from(LETTERS, (letter, i) => [letter, to[i] as string]))
}
