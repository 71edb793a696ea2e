/** The schema of a mapping file: the one definition of its types, its checks and their messages. */
import Type from 'typebox'
import { isTimeZone } from '../contract/local-time.ts'
import { closed } from '../schema/closed.ts'
import type { Written } from '../schema/written.ts'
import { dateForm } from './date-form.ts'
import { DELIMITERS } from './dialect.ts'
import { ENCODINGS } from './encoding.ts'

const Text = Type.String({ expected: 'text (put quotes around what looks like a number)' })

const Names = Type.Array(Text, { minItems: 1, maxItems: 2000 })

const Zone = Type.Refine(
  Text,
  isTimeZone,
  () => 'must be a name of the IANA time zone database, for instance Europe/Paris',
)

const Form = Type.Refine(
  Text,
  (form) => dateForm(form) !== undefined,
  () =>
    'must have YYYY, MM or M, DD or D, and may have HH or H, mm, ss, fff (fractions), Z (offset), for instance DD/MM/YYYY HH:mm',
)

const Source = closed({
  field: Type.String({ expected: 'a field of the feed' }),
  column: Type.Optional(Text),
  columns: Type.Optional(Names),
  join: Type.Optional(Type.String({ expected: 'the text between the columns' })),
  constant: Type.Optional(
    Type.Union([Type.String(), Type.Number(), Type.Boolean()], { expected: 'a text, a number, true or false' }),
  ),
  format: Type.Optional(Form),
  values: Type.Optional(
    Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]), {
      expected: 'an object: what is written, and the value of the field (null for none)',
    }),
  ),
})
export type FieldSource = Written<typeof Source>

/** The first byte of a line is 1. */
const Byte = Type.Integer({ minimum: 1, maximum: 100_000 })

const Position = closed({
  column: Text,
  from: Byte,
  to: Byte,
  equals: Type.Optional(Text),
})
export type Position = Written<typeof Position>

export const MappingFile = closed({
  feed: Type.String({ expected: 'the name of a feed' }),
  encoding: Type.Optional(Type.Enum([...ENCODINGS])),
  delimiter: Type.Optional(Type.Enum([...DELIMITERS], { expected: "one of ';', ',', '\\t', '|' in quotes" })),
  quotes: Type.Optional(Type.Boolean()),
  decimal: Type.Optional(Type.Enum(['.', ','])),
  time_zone: Type.Optional(Zone),
  trim: Type.Optional(Type.Boolean()),
  nulls: Type.Optional(Type.Array(Text, { maxItems: 100 })),
  header: Type.Optional(Names),
  positions: Type.Optional(
    Type.Array(Position, { minItems: 1, maxItems: 2000, named: { noun: 'column', by: 'column' } }),
  ),
  fields: Type.Array(Source, { minItems: 1, maxItems: 500, named: { noun: 'field', by: 'field' } }),
  ignore: Type.Optional(Type.Array(Text, { maxItems: 2000 })),
})
export type MappingFile = Written<typeof MappingFile>
