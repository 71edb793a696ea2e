/** How the rules of a contract are written: the one source of their types, of what is checked, and of the messages. */
import Type from 'typebox'
import { patternOf } from '../rules/pattern.ts'
import { closed, needsOneOf } from '../schema/closed.ts'
import type { Written } from '../schema/written.ts'
import { parseCalendarDate, parseTimestamp } from './calendar.ts'
import { RULE_ID_FORM, type RuleId } from './rule-id.ts'

const EVERY_RULE = {
  id: Type.Unsafe<RuleId>(
    Type.String({
      pattern: RULE_ID_FORM,
      expected: 'up to 64 lower case letters, digits and -',
      description: 'Name of the rule in answers, counters and columns; of its own in the contract',
    }),
  ),
  severity: Type.Enum(['reject', 'flag'], {
    description: '`reject`: the record is not taken; `flag`: it is, and its row names the rule',
  }),
  when: Type.Optional(
    closed(
      {
        field: Type.String({ description: 'A string or an enum of the record' }),
        equals: Type.String({ description: 'The value that it must have' }),
      },
      'The rule applies only where this field has this value; elsewhere it is "not applicable"',
    ),
  ),
}

const RegularExpression = Type.Refine(
  Type.String({ description: 'A regular expression (RE2) that must find something; ^ and $ are for the whole value' }),
  (text) => patternOf(text).ok,
  (text) => {
    const pattern = patternOf(text)
    return pattern.ok ? '' : pattern.problem
  },
)

const Moment = Type.Refine(
  Type.String({ description: 'The earliest value: a date, or a time with an offset' }),
  (text) => parseCalendarDate(text) !== undefined || parseTimestamp(text) !== undefined,
  () => 'must be a date of the calendar, YYYY-MM-DD, or a timestamp with an offset',
)

const Pattern = closed(
  { ...EVERY_RULE, check: Type.Literal('pattern'), pattern: RegularExpression },
  'The string has the form',
)
const Range = needsOneOf(
  closed(
    {
      ...EVERY_RULE,
      check: Type.Literal('range'),
      min: Type.Optional(Type.Number({ description: 'The lowest value' })),
      max: Type.Optional(Type.Number({ description: 'The highest value' })),
    },
    'The number is in the range',
  ),
  ['min', 'max'],
  "range needs 'min' or 'max'",
)
const OneOf = closed(
  {
    ...EVERY_RULE,
    check: Type.Literal('one-of'),
    values: Type.Array(Type.String(), { minItems: 1, description: 'The values that are right' }),
  },
  'The string is one of a list',
)
const Temporal = needsOneOf(
  closed(
    {
      ...EVERY_RULE,
      check: Type.Literal('temporal'),
      notAfter: Type.Optional(
        Type.Literal('received', { description: '`received`: the value is at most a day after the receipt' }),
      ),
      notBefore: Type.Optional(Moment),
    },
    'The date or time is neither too late nor too early',
  ),
  ['notAfter', 'notBefore'],
  "temporal needs 'notAfter': received or 'notBefore': a date",
)
const CheckDigit = closed(
  {
    ...EVERY_RULE,
    check: Type.Literal('check-digit'),
    algorithm: Type.Enum(['nir', 'loinc', 'luhn'], { description: 'How the check digit is computed' }),
  },
  'The check digit of the string is right',
)

const Compare = closed(
  {
    ...EVERY_RULE,
    check: Type.Literal('compare'),
    left: Type.String({ description: 'A number or a time of the record' }),
    operator: Type.Enum(['>=', '>', '=='], { description: 'How `left` must be to `right`' }),
    right: Type.String({ description: 'Another one of the same kind' }),
  },
  'Two fields are in this order',
)
const RequiredWith = closed(
  {
    ...EVERY_RULE,
    check: Type.Literal('required-with'),
    field: Type.String({ description: 'The field that must not be null' }),
    with: Type.String({ description: 'where this one is not null' }),
  },
  'A field is there where another one is',
)

export const FieldRule = Type.Union([Pattern, Range, OneOf, Temporal, CheckDigit])
export type FieldRule = Written<typeof FieldRule>

export const RecordRule = Type.Union([Compare, RequiredWith])
export type RecordRule = Written<typeof RecordRule>

export type Severity = FieldRule['severity']

/** Messages name a rule by its id. */
export const RULES_NAMED = { named: { noun: 'rule', by: 'id' } } as const
