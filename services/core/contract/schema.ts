/** How a contract is written: the one source of its types, of what is checked, of the messages, of the reference and of the editors' schema. */
import Type from 'typebox'
import { closed } from '../schema/closed.ts'
import type { Written } from '../schema/written.ts'
import { AcceptedLeak, Tells } from './leak-schema.ts'
import { Privacy } from './privacy-schema.ts'
import { FieldRule, RecordRule, RULES_NAMED } from './rule-schema.ts'

export const LinkageRole = Type.Enum(
  [
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
    // Of no identity: it makes a token of two patient numbers, and is not compared.
    'same_patient',
  ],
  {
    description:
      'What the field is of an identity, for linkage; `same_patient`: another patient number of the same producer, said to be of the same person. A feed with such a field is linked',
  },
)
export type LinkageRole = Written<typeof LinkageRole>

const NotNull = Type.Union([
  Type.Enum(['string', 'int', 'long', 'double', 'boolean']),
  closed({ type: Type.Literal('int'), logicalType: Type.Literal('date') }, 'A date, written YYYY-MM-DD'),
  closed(
    { type: Type.Literal('long'), logicalType: Type.Literal('timestamp-millis') },
    'A time, written in ISO 8601 with an offset',
  ),
  closed(
    {
      type: Type.Literal('enum'),
      name: Type.String({ description: 'Name of the enum, of its own in the contract' }),
      symbols: Type.Array(Type.String(), { minItems: 1, description: 'The values that it may have' }),
      default: Type.Optional(Type.String({ description: 'What a reader with older symbols reads a newer one as' })),
      doc: Type.Optional(Type.String({ description: 'What the values mean' })),
    },
    'One of a list of symbols',
  ),
])
const ONE_TYPE = 'string, int, long, double, boolean, an enum, a date or a timestamp-millis'
const NotNullType = Type.Union(NotNull.anyOf, { expected: ONE_TYPE })
export type NotNullType = Written<typeof NotNullType>
const ANY_TYPE = { expected: `${ONE_TYPE}, or a union of null and one` }

/** Those of Avro's types that a record of a feed may use. */
export const FieldType = Type.Union([...NotNull.anyOf, Type.Tuple([Type.Literal('null'), NotNullType], ANY_TYPE)], {
  ...ANY_TYPE,
  description: `Avro's type: ${ANY_TYPE.expected}`,
})
export type FieldType = Written<typeof FieldType>

const notEmpty = (description: string) => Type.String({ minLength: 1, expected: 'text that is not empty', description })

export const Field = closed(
  {
    name: notEmpty('Name of the field in what producers send'),
    type: FieldType,
    doc: notEmpty('What the value means'),
    default: Type.Optional(
      Type.Unknown({
        description: 'A producer may leave out a field that has one; it is null for a field that may be null',
      }),
    ),
    privacy: Type.Union(Privacy.anyOf, {
      missing: 'a field without a privacy policy is never passed on',
      description: 'What the value is for the protection of persons, and what becomes of it',
    }),
    linkage: Type.Optional(LinkageRole),
    maxLength: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Longest value in UTF-16 code units; strings only' }),
    ),
    rules: Type.Optional(
      Type.Array(FieldRule, { ...RULES_NAMED, description: 'Rules on the value, each counted under its id' }),
    ),
    precision: Type.Optional(
      notEmpty(
        'The field that says how much of this date or time the source wrote: the value is then its first instant',
      ),
    ),
    tells: Type.Optional(
      Type.Array(Tells, { minItems: 1, description: 'What its values say of the person beside their own meaning' }),
    ),
  },
  'A field of the feed, and what becomes of it',
)
export type Field = Written<typeof Field>

const Fact = closed(
  {
    field: notEmpty('An enum or a boolean that is kept'),
    values: Type.Array(Type.String({ minLength: 1, expected: 'text that is not empty' }), {
      minItems: 1,
      description: 'Its values for a fact; null says nothing',
    }),
  },
  'What a field must say, if it says anything, for a record to be a fact',
)
export type Fact = Written<typeof Fact>

/** How far dates are shifted: every feed of an installation has the same, or the dates of a patient would not shift alike. */
export const Shift = closed(
  {
    within: Type.Integer({ minimum: 7, maximum: 3650, description: 'Days, before or after' }),
    weekday: Type.Optional(
      Type.Literal('keep', { description: '`keep`: only whole weeks, so that a Monday stays one' }),
    ),
  },
  'How far dates are shifted; every feed of an installation has the same',
)
export type Shift = Written<typeof Shift>

/** A contract as a whole: `schemas/feeds/<feed>.avsc`. */
export const Contract = closed(
  {
    $schema: Type.Optional(
      Type.String({ description: 'For editors: the path of `schemas/feed-contract.schema.json` from this file' }),
    ),
    type: Type.Literal('record', { description: "Avro's type of a record" }),
    name: notEmpty('Name of the record in Avro'),
    namespace: notEmpty('Namespace of the record in Avro'),
    doc: notEmpty('What a record is'),
    key: Type.Tuple([Type.Literal('record_id')], {
      expected: '["record_id"]',
      description: 'The field that names a record at its producer',
    }),
    version: notEmpty('The field with the version of a record, a long: the record with the highest value is in force'),
    subject: notEmpty('The field that names the patient at the producer'),
    event_time: notEmpty('The date or time at which the record is true of the patient'),
    rules: Type.Optional(
      Type.Array(RecordRule, { ...RULES_NAMED, description: 'Rules between fields, each counted under its id' }),
    ),
    facts: Type.Optional(
      Type.Array(Fact, {
        minItems: 1,
        description:
          "Conditions that a record must all meet to be in the feed's view: what was refuted, planned or not done is in `<feed>_all` only",
      }),
    ),
    shift: Type.Optional(Shift),
    objects: Type.Optional(
      Type.Literal(true, {
        description:
          'A record may have a file in the object store, which its sender gave with it: the columns `_object`, `_object_bytes`, `_object_sha256` and `_object_state`',
      }),
    ),
    accepted_leaks: Type.Optional(
      Type.Array(AcceptedLeak, {
        minItems: 1,
        description: 'Columns that undo the decision on another one, and why that is accepted',
      }),
    ),
    fields: Type.Array(Field, {
      minItems: 1,
      named: { noun: 'field', by: 'name' },
      description: 'The fields; record_id, operation and those with a role must be among them',
    }),
  },
  'The contract of a feed of Chainon: an Avro record schema with what becomes of each field',
)
export type Contract = Written<typeof Contract>
