/**
 * What a step says of a record. A record's fault is a value, never an exception: an exception means infrastructure or a bug.
 */
import type { FaultCode } from '../faults/codes.ts'

/** Where and by which rule a record failed: names only, never a value of the record. */
export interface FaultDetail {
  /** JSON pointer of the field, `""` for the record as a whole. */
  readonly pointer: string
  /** The rule's id, or the fault's code where no rule of the contract is concerned. */
  readonly rule: string
}

export type Verdict<Out, Fault extends string = never> =
  | { readonly kind: 'pass'; readonly value: Out }
  | { readonly kind: 'quarantine'; readonly fault: Fault; readonly detail: FaultDetail }
  | { readonly kind: 'drop'; readonly fault: Fault }

export function pass<Out>(value: Out): Verdict<Out> {
  return { kind: 'pass', value }
}

export function quarantine<Fault extends FaultCode>(fault: Fault, detail: FaultDetail): Verdict<never, Fault> {
  return { kind: 'quarantine', fault, detail }
}

export function drop<Fault extends FaultCode>(fault: Fault): Verdict<never, Fault> {
  return { kind: 'drop', fault }
}
