/** How a contract is written: the one source of its types, of what is checked, and of the messages. */
import Type from 'typebox'
import { closed } from '../schema/closed.ts'
import type { Written } from '../schema/written.ts'
import { Guard, OnViolation } from './guard-schema.ts'
import { AcceptedLeak, Tells } from './leak-schema.ts'
import { FieldRule, RecordRule, RULES_NAMED } from './rule-schema.ts'

const PRIVACY_CLASS = Type.Enum(['none', 'direct', 'trait', 'date', 'place', 'text', 'professional'])

/** Name after de-identification. Names that begin with `_` are Chainon's own. */
const StoredName = Type.String({
  pattern: '^[A-Za-z][A-Za-z0-9_]{0,62}$',
  expected: 'letters, digits and _ (63 at most), and begin with a letter',
})

/** Languages that the scrubber of texts reads. */
export const TextLanguage = Type.Enum(['fr', 'en'])
export type TextLanguage = Written<typeof TextLanguage>

const FieldName = Type.String({ minLength: 1, expected: 'the name of a field' })

const CLASS = { class: PRIVACY_CLASS }
const REPLACED = { class: PRIVACY_CLASS, as: Type.Optional(StoredName) }

/** What becomes of a field's value. `ACTIONS` (actions.ts) decides what each action leaves. */
export const Privacy = Type.Union([
  /** Only what the guard accepts: a string is never kept without one (core/guards/). */
  closed({
    ...CLASS,
    action: Type.Literal('keep'),
    guard: Type.Optional(Guard),
    on_violation: Type.Optional(OnViolation),
  }),
  /** Replaced by a keyed pseudonym of `domain`. */
  closed({
    ...REPLACED,
    action: Type.Literal('pseudonymise'),
    domain: Type.Enum(['record', 'patient', 'encounter', 'study', 'series', 'accession']),
  }),
  /** Nothing is left. */
  closed({ ...CLASS, action: Type.Literal('drop') }),
  /** Leaves only linkage tokens. */
  closed({ ...CLASS, action: Type.Literal('tokenise') }),
  /** A date or time cut to the first day of its month, quarter or year. */
  closed({ ...REPLACED, action: Type.Literal('truncate'), to: Type.Enum(['month', 'quarter', 'year']) }),
  /** Replaced by the class that it is in: a place by its department, a birth date by an age or a year, a number by an interval. */
  closed({
    ...REPLACED,
    action: Type.Literal('generalise'),
    to: Type.Enum(['department', 'age_band', 'birth_year', 'bins']),
    /** The date or time at which the age is taken. */
    at: Type.Optional(FieldName),
    /** Lower ends of the bands or intervals; below the first and from the last on there is one more of each. */
    edges: Type.Optional(Type.Array(Type.Number(), { minItems: 1 })),
  }),
  /** A number rounded to a multiple of `step`, or to significant digits; guarded as a kept one. */
  closed({
    ...REPLACED,
    action: Type.Literal('round'),
    step: Type.Optional(Type.Number({ exclusiveMinimum: 0, expected: 'a number greater than 0' })),
    digits: Type.Optional(Type.Integer({ minimum: 1, maximum: 15 })),
    guard: Type.Optional(Guard),
    on_violation: Type.Optional(OnViolation),
  }),
  /** A date or time moved by as many days as every other of the same patient (`shift` of the contract says how far). */
  closed({ ...REPLACED, action: Type.Literal('shift'), on_violation: Type.Optional(OnViolation) }),
  /**
   * Free text: what identifies a person in it is replaced. Without a language nothing is scrubbed well, so none is assumed: a contract of an
   * earlier version, where scrub dropped the text, is refused until its author says that the text is to be passed on.
   */
  closed({
    ...REPLACED,
    action: Type.Literal('scrub'),
    language: TextLanguage,
    /** The field that names the language of each text (`fr`, `en-GB`); where it is null, `language` holds. */
    language_field: Type.Optional(FieldName),
    /** `tags`: the kind of what stood there, as in `[NAME]`. */
    replacement: Type.Literal('tags'),
    /** Dates with day, month and year are moved as those of the patient's fields, instead of a tag. */
    dates: Type.Optional(Type.Literal('shift')),
    /** What becomes of a text in which the scrubber let stand more doubtful words of a hundred than `above`: each is counted. */
    uncertain: Type.Optional(
      closed({ above: Type.Number({ minimum: 0, maximum: 100 }), action: Type.Enum(['quarantine', 'drop', 'keep']) }),
    ),
  }),
])
export type Privacy = Written<typeof Privacy>
export type PrivacyClass = Privacy['class']
export type PrivacyAction = Privacy['action']

export const LinkageRole = Type.Enum([
  'ins',
  'nir',
  'identity_status',
  'birth_family_name',
  'birth_given_names',
  'birth_date',
  'sex',
  'birth_place_insee',
  // Only compared: these make no token.
  'used_family_name',
  'address_line',
  'postcode',
  'city',
  'phone',
  'email',
])
export type LinkageRole = Written<typeof LinkageRole>

const NotNull = Type.Union([
  Type.Enum(['string', 'int', 'long', 'double', 'boolean']),
  closed({ type: Type.Literal('int'), logicalType: Type.Literal('date') }),
  closed({ type: Type.Literal('long'), logicalType: Type.Literal('timestamp-millis') }),
  closed({
    type: Type.Literal('enum'),
    name: Type.String(),
    symbols: Type.Array(Type.String(), { minItems: 1 }),
    default: Type.Optional(Type.String()),
    doc: Type.Optional(Type.String()),
  }),
])
const ONE_TYPE = 'string, int, long, double, boolean, an enum, a date or a timestamp-millis'
const NotNullType = Type.Union(NotNull.anyOf, { expected: ONE_TYPE })
export type NotNullType = Written<typeof NotNullType>
const ANY_TYPE = { expected: `${ONE_TYPE}, or a union of null and one` }

/** Those of Avro's types that a record of a feed may use. */
export const FieldType = Type.Union(
  [...NotNull.anyOf, Type.Tuple([Type.Literal('null'), NotNullType], ANY_TYPE)],
  ANY_TYPE,
)
export type FieldType = Written<typeof FieldType>

const NotEmpty = Type.String({ minLength: 1, expected: 'text that is not empty' })

export const Field = closed({
  name: NotEmpty,
  type: FieldType,
  doc: NotEmpty,
  /** A producer may leave out a field that has one. */
  default: Type.Optional(Type.Unknown()),
  privacy: Type.Union(Privacy.anyOf, { missing: 'a field without a privacy policy is never passed on' }),
  linkage: Type.Optional(LinkageRole),
  /** Longest value in UTF-16 code units; strings only. */
  maxLength: Type.Optional(Type.Integer({ minimum: 1 })),
  rules: Type.Optional(Type.Array(FieldRule, RULES_NAMED)),
  /** The field that says how much of this date or time the source wrote: the value is then its first instant. */
  precision: Type.Optional(NotEmpty),
  tells: Type.Optional(Type.Array(Tells, { minItems: 1 })),
})
export type Field = Written<typeof Field>

/** What a field must say, if it says anything, for a record to be a fact. */
const Fact = closed({ field: NotEmpty, values: Type.Array(NotEmpty, { minItems: 1 }) })
export type Fact = Written<typeof Fact>

/** How far dates are shifted: every feed of an installation has the same, or the dates of a patient would not shift alike. */
export const Shift = closed({
  /** Days, before or after. */
  within: Type.Integer({ minimum: 7, maximum: 3650 }),
  /** Only whole weeks, so that a Monday stays one. */
  weekday: Type.Optional(Type.Literal('keep')),
})
export type Shift = Written<typeof Shift>

/** A contract as a whole: `schemas/feeds/<feed>.avsc`. */
export const Contract = closed({
  type: Type.Literal('record'),
  name: NotEmpty,
  namespace: NotEmpty,
  doc: NotEmpty,
  key: Type.Tuple([Type.Literal('record_id')], { expected: '["record_id"]' }),
  /** The field with the version of a record: the record with the highest value is in force. */
  version: NotEmpty,
  /** The field that names the patient at the producer. */
  subject: NotEmpty,
  event_time: NotEmpty,
  rules: Type.Optional(Type.Array(RecordRule, RULES_NAMED)),
  /** Conditions that a record must all meet to be in the feed's view: what was refuted, planned or not done is in `<feed>_all` only. */
  facts: Type.Optional(Type.Array(Fact, { minItems: 1 })),
  shift: Type.Optional(Shift),
  /** Columns that undo a decision, and why that is accepted (`leaks.ts`). */
  accepted_leaks: Type.Optional(Type.Array(AcceptedLeak, { minItems: 1 })),
  fields: Type.Array(Field, { minItems: 1, named: { noun: 'field', by: 'name' } }),
})
export type Contract = Written<typeof Contract>
