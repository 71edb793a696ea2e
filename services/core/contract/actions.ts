/**
 * What de-identification leaves of a field, decided for every privacy action in one total table: a new action compiles
 * only when each question has its answer. Whether a field survives, its type and default after de-identification, its column, and
 * the zone in which its rules are checked all derive from here.
 */
import type { Zone } from '../pipeline/zones.ts'
import { columnType } from './column-types.ts'
import type { OnViolation } from './guard-schema.ts'
import type { FieldContract, GuardCase, PrivacyAction, PrivacyClass, RecordRule, ValueKind } from './types.ts'

/** How what is left of a field is stored after de-identification. */
export interface StoredForm {
  /** Of what is stored, which need not be that of the field: an age band is a string. */
  readonly kind: ValueKind
  readonly avroType: unknown
  /** `{}` when the field has none. */
  readonly default: { readonly default?: unknown }
  /** ClickHouse type. */
  readonly columnType: string
}

type Effect =
  /**
   * value: the value itself. near: a value beside it, rounded or shifted, in which a number of a person would still be seen. coarser: a less
   * exact value, which does not identify the person. pseudonym: a keyed pseudonym. scrubbed: a text in which what was found to identify a
   * person is replaced.
   */
  | {
      readonly leaves: 'value' | 'near' | 'coarser' | 'pseudonym' | 'scrubbed'
      readonly stored: (field: FieldContract) => StoredForm
    }
  | { readonly leaves: 'nothing' }

type ActionSpec = Effect & {
  /** Kinds of values that the action is for. */
  readonly kinds: readonly ValueKind[] | 'all'
}

const asWritten = ({ default: value }: FieldContract) => (value === undefined ? {} : { default: value })
/** A value that cannot be made coarser (not a valid place) or scrubbed (not a text) becomes null, so null is the default as well. */
const NULL = { default: null }

/** As the contract writes the field, and nullable where its guard may replace the value by null. */
function storedAsWritten(field: FieldContract): StoredForm {
  const { kind } = field
  return field.nullable || violationOf(field) === 'refuse'
    ? {
        kind,
        avroType: structuredClone(field.avroType),
        default: asWritten(field),
        columnType: columnType(kind, field.nullable),
      }
    : { ...nullable(kind), avroType: ['null', structuredClone(field.avroType)] }
}

const AVRO = { string: 'string', integer: 'int', date: { type: 'int', logicalType: 'date' } } as const

/** @param kind of values that may be null @param column of a kind with few different values, as an enum has */
function nullable(kind: ValueKind, column: ValueKind = kind): StoredForm {
  const avroType = kind in AVRO ? AVRO[kind as keyof typeof AVRO] : kind
  return { kind, avroType: ['null', structuredClone(avroType)], default: NULL, columnType: columnType(column, true) }
}

const NUMBERS: readonly ValueKind[] = ['integer', 'long', 'double']
const TIMES: readonly ValueKind[] = ['date', 'timestamp']

export const ACTIONS: Readonly<Record<PrivacyAction, ActionSpec>> = {
  keep: { leaves: 'value', kinds: 'all', stored: storedAsWritten },
  pseudonymise: {
    leaves: 'pseudonym',
    kinds: ['string'],
    stored: (field) => ({
      kind: 'string',
      avroType: field.nullable ? ['null', 'string'] : 'string',
      default: asWritten(field),
      columnType: columnType('string', field.nullable),
    }),
  },
  truncate: { leaves: 'coarser', kinds: TIMES, stored: () => nullable('date') },
  generalise: {
    leaves: 'coarser',
    kinds: ['string', 'date', ...NUMBERS],
    stored: ({ privacy }) =>
      privacy.action === 'generalise' && privacy.to === 'birth_year' ? nullable('integer') : nullable('string', 'enum'),
  },
  round: { leaves: 'near', kinds: NUMBERS, stored: storedAsWritten },
  shift: { leaves: 'near', kinds: TIMES, stored: storedAsWritten },
  drop: { leaves: 'nothing', kinds: 'all' },
  tokenise: { leaves: 'nothing', kinds: 'all' },
  scrub: { leaves: 'scrubbed', kinds: ['string'], stored: () => nullable('string') },
}

/** Which actions each privacy class allows. */
export const CLASS_ALLOWS: Readonly<Record<PrivacyClass, readonly PrivacyAction[]>> = {
  none: ['keep', 'round', 'generalise', 'drop'],
  direct: ['pseudonymise', 'tokenise', 'drop'],
  trait: ['keep', 'tokenise', 'truncate', 'generalise', 'drop'],
  date: ['keep', 'truncate', 'shift', 'drop'],
  place: ['generalise', 'drop'],
  text: ['scrub', 'drop'],
  professional: ['drop'],
}

/** @returns whether anything of the field is left after de-identification */
export function survives(field: FieldContract): boolean {
  return ACTIONS[field.privacy.action].leaves !== 'nothing'
}

/** @returns how the field is stored after de-identification; undefined when nothing of it is left */
export function storedForm(field: FieldContract): StoredForm | undefined {
  const spec = ACTIONS[field.privacy.action]
  return spec.leaves === 'nothing' ? undefined : spec.stored(field)
}

/** @returns whether what is left of the field has a meaning of its own, so that a filter may read it; a pseudonym has none, a scrubbed text is for reading */
export function isReadable(field: FieldContract): boolean {
  return ['value', 'near', 'coarser'].includes(ACTIONS[field.privacy.action].leaves)
}

/** @returns whether what is left could still be, or show, a number of a person, so that a guard decides on the value first */
export function isGuarded({ privacy }: Pick<FieldContract, 'privacy'>): boolean {
  return ['value', 'near'].includes(ACTIONS[privacy.action].leaves)
}

/** @returns the guard of the field; empty when it has none */
export function guardOf({ privacy }: Pick<FieldContract, 'privacy'>): readonly GuardCase[] {
  return ('guard' in privacy ? privacy.guard : undefined) ?? []
}

/** @returns whether the value itself is left, so that rules and conditions on it can be checked after de-identification */
export function keepsValue(field: Pick<FieldContract, 'privacy'>): boolean {
  return ACTIONS[field.privacy.action].leaves === 'value'
}

/**
 * @returns what happens to a value that the guard of a field does not accept: it is replaced by null, or its record is refused; without
 *   a word of the contract null where the field may be null
 */
export function violationOf({ nullable, privacy }: Pick<FieldContract, 'nullable' | 'privacy'>): OnViolation {
  const written = 'on_violation' in privacy ? privacy.on_violation : undefined
  return written ?? (nullable ? 'null' : 'refuse')
}

/** @returns the zone in which the field's rules are checked: the pseudonymised one when the value is left, because that log is kept */
export function ruleZone(field: FieldContract): Zone {
  return keepsValue(field) ? 'pseudonymised' : 'identified'
}

/**
 * @returns the zone in which a rule of the record is checked: the pseudonymised one when the values of all fields that it compares are left,
 *   else the identified one, where they still are. So an order of dates is that of the true ones, also where they are shifted or cut.
 */
export function recordRuleZone(rule: RecordRule, byName: ReadonlyMap<string, FieldContract>): Zone {
  const names = rule.check === 'compare' ? [rule.left, rule.right] : [rule.field, rule.with]
  const keepsAll = names.every((name) => {
    const field = byName.get(name)
    return field === undefined || keepsValue(field)
  })
  return keepsAll ? 'pseudonymised' : 'identified'
}
