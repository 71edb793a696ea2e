/** The contract of a feed, as read from `schemas/feeds/<feed>.avsc`. Everything else of a feed is derived from it. */

import type { RuleId } from './rule-id.ts'

export type PrivacyClass = 'none' | 'direct' | 'trait' | 'date' | 'place' | 'text' | 'professional'

export type PrivacyAction =
  | { readonly action: 'keep' }
  /** Replaced by a keyed pseudonym of `domain`, stored under the name `as`. */
  | { readonly action: 'pseudonymise'; readonly domain: PseudonymDomain }
  /** Leaves no trace. */
  | { readonly action: 'drop' }
  /** Leaves only linkage tokens. */
  | { readonly action: 'tokenise' }
  /** A date cut to its month or year. */
  | { readonly action: 'truncate'; readonly to: 'month' | 'year' }
  /** A place cut to its department. */
  | { readonly action: 'generalise'; readonly to: 'department' }
  /** Free text: dropped until a scrubber is there to pass it on. */
  | { readonly action: 'scrub' }

export type PseudonymDomain = 'record' | 'patient' | 'encounter'

export type LinkageRole =
  | 'ins'
  | 'nir'
  | 'identity_status'
  | 'birth_family_name'
  | 'birth_given_names'
  | 'birth_date'
  | 'sex'
  | 'birth_place_insee'

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
  readonly privacy: PrivacyAction & { readonly class: PrivacyClass }
  /** Name after de-identification. */
  readonly as: string
  readonly linkage?: LinkageRole
  readonly rules: readonly Rule[]
  /** The Avro type as written in the contract. */
  readonly avroType: unknown
}

export type Severity = 'reject' | 'flag'

interface RuleBase {
  readonly id: RuleId
  readonly severity: Severity
  /** The rule applies only where this field has this value; elsewhere it is "not applicable". */
  readonly when?: { readonly field: string; readonly equals: string }
}

export type FieldRule = RuleBase &
  (
    | { readonly check: 'pattern'; readonly pattern: string }
    | { readonly check: 'range'; readonly min?: number; readonly max?: number }
    | { readonly check: 'one-of'; readonly values: readonly string[] }
    | { readonly check: 'temporal'; readonly notAfter?: 'received'; readonly notBefore?: string }
    | { readonly check: 'check-digit'; readonly algorithm: 'nir' | 'loinc' | 'luhn' }
  )

export type RecordRule = RuleBase &
  (
    | { readonly check: 'compare'; readonly left: string; readonly operator: '>=' | '>' | '=='; readonly right: string }
    | { readonly check: 'required-with'; readonly field: string; readonly with: string }
  )

export type Rule = FieldRule

export interface FeedContract {
  /** The file's name without extension: also the topic's and the table's. */
  readonly feed: string
  readonly name: string
  readonly namespace: string
  readonly doc: string
  readonly key: readonly string[]
  /** The field whose highest value wins. */
  readonly version: string
  /** The field that names the patient at the producer. */
  readonly subject: string
  readonly eventTime: string
  readonly fields: readonly FieldContract[]
  readonly recordRules: readonly RecordRule[]
  /** True when a record carries identity traits and so is linked. */
  readonly linked: boolean
}
