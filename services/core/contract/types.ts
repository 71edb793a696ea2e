/** The contract of a feed, as read from `schemas/feeds/<feed>.avsc`. Everything else of a feed is derived from it. */
import type { AcceptedLeak, Tells } from './leak-schema.ts'
import type { Privacy } from './privacy-schema.ts'
import type { FieldRule, RecordRule } from './rule-schema.ts'
import type { Fact, FieldType, LinkageRole, Shift } from './schema.ts'

export type { GuardCase, OnViolation } from './guard-schema.ts'
export type { PrivacyAction, PrivacyClass, TextLanguage } from './privacy-schema.ts'
export type { FieldRule, RecordRule, Severity } from './rule-schema.ts'
export type { Fact, LinkageRole } from './schema.ts'

export type ValueKind = 'string' | 'integer' | 'long' | 'double' | 'boolean' | 'date' | 'timestamp' | 'enum'

export interface FieldContract {
  readonly name: string
  readonly doc: string
  readonly kind: ValueKind
  readonly nullable: boolean
  /** Symbols of an enum, else empty. */
  readonly symbols: readonly string[]
  /** Present when the schema names one; a producer may then leave the field out. */
  readonly default?: unknown
  /** Longest value in UTF-16 code units; strings only. */
  readonly maxLength: number
  readonly privacy: Privacy
  /** Name after de-identification. */
  readonly as: string
  readonly linkage?: LinkageRole
  readonly rules: readonly FieldRule[]
  /** The field that says how much of this date or time the source wrote. */
  readonly precision?: string
  /** What its values say of the person beside their own meaning. */
  readonly tells?: readonly Tells[]
  /** The Avro type as written in the contract. */
  readonly avroType: FieldType
}

export interface FeedContract {
  /** The file's name without extension: also the topic's and the table's. */
  readonly feed: string
  readonly name: string
  readonly namespace: string
  readonly doc: string
  readonly key: readonly string[]
  /** The field with the version of a record: the record with the highest value is in force. */
  readonly version: string
  /** The field that names the patient at the producer. */
  readonly subject: string
  readonly eventTime: string
  readonly fields: readonly FieldContract[]
  readonly recordRules: readonly RecordRule[]
  /** Conditions that a record must all meet to be in the feed's view; empty when every record is a fact. */
  readonly facts: readonly Fact[]
  /** How far its dates are shifted; absent when none are. */
  readonly shift?: Shift
  readonly acceptedLeaks: readonly AcceptedLeak[]
  /** Present when a record may have a file in the object store. */
  readonly objects?: true
  /** True when a record carries identity traits and so is linked. */
  readonly linked: boolean
}
