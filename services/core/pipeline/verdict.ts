/**
 * The verdict of a step on a record. A record's fault is a value, never an exception: an exception means infrastructure or a bug.
 */
import type { RuleId } from '../contract/rule-id.ts'
import type { DropReason, RecordFault } from '../faults/codes.ts'

/** What failed: a rule of the contract, or a fault's code where no rule of the contract is concerned. */
export type RuleName = RecordFault | RuleId

/** Where and by which rule a record failed: names only, never a value of the record. */
export interface FaultDetail {
  /** JSON pointer of the field, `""` for the record as a whole. */
  readonly pointer: string
  readonly rule: RuleName
}

/** Every fault that was found, the first one first. */
export type FaultDetails = readonly [FaultDetail, ...FaultDetail[]]

/** Who sent a record and when; known when it could be read. */
export interface Provenance {
  readonly producer: string
  /** The record's stamp: when the gateway received it, microseconds since 1970; each record of a gateway has a later one. */
  readonly receivedAt: number
}

export interface Pass<Out> {
  readonly kind: 'pass'
  readonly value: Out
}

export interface Failure<Fault extends RecordFault> {
  readonly kind: 'fail'
  readonly fault: Fault
  readonly details: FaultDetails
  /** Absent when the record could not be read. */
  readonly provenance?: Provenance
  /** Set when an earlier service found the fault, and this one reads it from the marker. */
  readonly foundBy?: { readonly service: string; readonly stage: string }
}

export interface Drop<Reason extends DropReason> {
  readonly kind: 'drop'
  readonly reason: Reason
}

/**
 * @typeParam Fault codes with which the step can fail a record; `never`: it cannot
 * @typeParam Reason reasons for which it can drop one, without an outcome; `never` where a drop would be a gap
 */
export type Verdict<Out, Fault extends RecordFault = never, Reason extends DropReason = never> =
  | Pass<Out>
  | ([Fault] extends [never] ? never : Failure<Fault>)
  | ([Reason] extends [never] ? never : Drop<Reason>)

export function pass<Out>(value: Out): Pass<Out> {
  return { kind: 'pass', value }
}

/** @param details the record as a whole and the fault's own code, when nothing more is known */
export function fail<Fault extends RecordFault>(
  fault: Fault,
  provenance?: Provenance,
  details: FaultDetails = [{ pointer: '', rule: fault }],
): Failure<Fault> {
  return provenance === undefined ? { kind: 'fail', fault, details } : { kind: 'fail', fault, details, provenance }
}

export function drop<Reason extends DropReason>(reason: Reason): Drop<Reason> {
  return { kind: 'drop', reason }
}
