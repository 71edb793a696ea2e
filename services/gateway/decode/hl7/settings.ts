/** What a message does not say of itself; the operator declares it (deploy/CONFIGURATION.md). */
import type { LocalTime } from '#core/contract/local-time.ts'

export interface Settings {
  /** Character set of messages whose MSH-18 is empty. */
  readonly charset: string
  /** Reads times without an offset. */
  readonly localTime: LocalTime
  /** Assigning authorities (CX-4: name or OID) whose identifiers are the IPP; empty: a patient may have only one IPP. */
  readonly ippAuthorities: readonly string[]
}
