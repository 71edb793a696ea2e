/** The two ways to name a record: as the warehouse does, or as the linker does. */
import { LINKED_RECORD } from '#core/contract/link-decision.ts'
import type { Pseudonymiser } from '#core/crypto/pseudonym.ts'

const LINKED = new RegExp(LINKED_RECORD)
const STORED = /^p2_[\w-]{43}(?:_k\d+)?$/

export const isRecord = (given: string): boolean => STORED.test(given) || LINKED.test(given)

/** `<feed>/<first-level pseudonym>`, which the log of links need not be read for. */
export const isLinked = (given: string): boolean => LINKED.test(given)

/** @returns the second-level pseudonym */
export function storedName(level2: Pseudonymiser, given: string): string {
  return isLinked(given) ? level2.pseudonym('record', given.slice(given.indexOf('/') + 1)) : given
}
