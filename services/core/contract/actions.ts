/**
 * What de-identification leaves of a field, decided for every privacy action in one total table: a new action compiles
 * only when each question has its answer. Whether a field survives, its type and default after de-identification, its column, and
 * the zone in which its rules are checked all derive from here.
 */
import type { Zone } from '../pipeline/zones.ts'
import { columnType } from './column-types.ts'
import type { OnViolation } from './guard-schema.ts'
import type { FieldContract, PrivacyAction, PrivacyClass, ValueKind } from './types.ts'

/** How what is left of a field is stored after de-identification. */
export interface StoredForm {
  readonly avroType: unknown
  /** `{}` when the field has none. */
  readonly default: { readonly default?: unknown }
  /** ClickHouse type. */
  readonly columnType: string
}

type Effect =
  /**
   * value: the value itself. coarser: a less exact value, which does not identify the person. pseudonym: a keyed pseudonym. scrubbed: a text
   * in which what was found to identify a person is replaced.
   */
  | {
      readonly leaves: 'value' | 'coarser' | 'pseudonym' | 'scrubbed'
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

export const ACTIONS: Readonly<Record<PrivacyAction, ActionSpec>> = {
  keep: {
    leaves: 'value',
    kinds: 'all',
    stored: (field) =>
      field.nullable || violationOf(field) === 'refuse'
        ? {
            avroType: structuredClone(field.avroType),
            default: asWritten(field),
            columnType: columnType(field.kind, field.nullable),
          }
        : {
            avroType: ['null', structuredClone(field.avroType)],
            default: NULL,
            columnType: columnType(field.kind, true),
          },
  },
  pseudonymise: {
    leaves: 'pseudonym',
    kinds: ['string'],
    stored: (field) => ({
      avroType: field.nullable ? ['null', 'string'] : 'string',
      default: asWritten(field),
      columnType: columnType('string', field.nullable),
    }),
  },
  truncate: {
    leaves: 'coarser',
    kinds: ['date'],
    stored: () => ({
      avroType: ['null', { type: 'int', logicalType: 'date' }],
      default: NULL,
      columnType: columnType('date', true),
    }),
  },
  generalise: {
    leaves: 'coarser',
    kinds: ['string'],
    // Few different values, as an enum has.
    stored: () => ({ avroType: ['null', 'string'], default: NULL, columnType: columnType('enum', true) }),
  },
  drop: { leaves: 'nothing', kinds: 'all' },
  tokenise: { leaves: 'nothing', kinds: 'all' },
  scrub: {
    leaves: 'scrubbed',
    kinds: ['string'],
    stored: () => ({ avroType: ['null', 'string'], default: NULL, columnType: columnType('string', true) }),
  },
}

/** Which actions each privacy class allows. */
export const CLASS_ALLOWS: Readonly<Record<PrivacyClass, readonly PrivacyAction[]>> = {
  none: ['keep', 'drop'],
  direct: ['pseudonymise', 'tokenise', 'drop'],
  trait: ['keep', 'tokenise', 'truncate', 'drop'],
  date: ['keep', 'truncate', 'drop'],
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
  return ['value', 'coarser'].includes(ACTIONS[field.privacy.action].leaves)
}

/** @returns whether the value itself is left, so that rules and conditions on it can be checked after de-identification */
export function keepsValue(field: Pick<FieldContract, 'privacy'>): boolean {
  return ACTIONS[field.privacy.action].leaves === 'value'
}

/**
 * @returns what happens to a value that the guard of a kept field does not accept: it is replaced by null, or its record is refused; without
 *   a word of the contract null where the field may be null
 */
export function violationOf({ nullable, privacy }: Pick<FieldContract, 'nullable' | 'privacy'>): OnViolation {
  const written = privacy.action === 'keep' ? privacy.on_violation : undefined
  return written ?? (nullable ? 'null' : 'refuse')
}

/** @returns the zone in which the field's rules are checked: the pseudonymised one when the value is left, because that log is kept */
export function ruleZone(field: FieldContract): Zone {
  return keepsValue(field) ? 'pseudonymised' : 'identified'
}
