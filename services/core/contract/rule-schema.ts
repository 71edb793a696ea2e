/** How the rules of a contract are written: the one source of their types, of what is checked, and of the messages. */
import Type from 'typebox'
import { patternOf } from '../rules/pattern.ts'
import { closed } from '../schema/closed.ts'
import type { Written } from '../schema/written.ts'
import { parseCalendarDate, parseTimestamp } from './calendar.ts'
import { RULE_ID_FORM, type RuleId } from './rule-id.ts'

const EVERY_RULE = {
  id: Type.Unsafe<RuleId>(
    Type.String({ pattern: RULE_ID_FORM, expected: 'up to 64 lower case letters, digits and -' }),
  ),
  severity: Type.Enum(['reject', 'flag']),
  /** The rule applies only where this field has this value; elsewhere it is "not applicable". */
  when: Type.Optional(closed({ field: Type.String(), equals: Type.String() })),
}

const RegularExpression = Type.Refine(
  Type.String(),
  (text) => patternOf(text).ok,
  (text) => {
    const pattern = patternOf(text)
    return pattern.ok ? '' : pattern.problem
  },
)

const Moment = Type.Refine(
  Type.String(),
  (text) => parseCalendarDate(text) !== undefined || parseTimestamp(text) !== undefined,
  () => 'must be a date of the calendar, YYYY-MM-DD, or a timestamp with an offset',
)

const Pattern = closed({ ...EVERY_RULE, check: Type.Literal('pattern'), pattern: RegularExpression })
const Range = Type.Refine(
  closed({
    ...EVERY_RULE,
    check: Type.Literal('range'),
    min: Type.Optional(Type.Number()),
    max: Type.Optional(Type.Number()),
  }),
  ({ min, max }) => min !== undefined || max !== undefined,
  () => "range needs 'min' or 'max'",
)
const OneOf = closed({
  ...EVERY_RULE,
  check: Type.Literal('one-of'),
  values: Type.Array(Type.String(), { minItems: 1 }),
})
const Temporal = Type.Refine(
  closed({
    ...EVERY_RULE,
    check: Type.Literal('temporal'),
    notAfter: Type.Optional(Type.Literal('received')),
    notBefore: Type.Optional(Moment),
  }),
  ({ notAfter, notBefore }) => notAfter !== undefined || notBefore !== undefined,
  () => "temporal needs 'notAfter': received or 'notBefore': a date",
)
const CheckDigit = closed({
  ...EVERY_RULE,
  check: Type.Literal('check-digit'),
  algorithm: Type.Enum(['nir', 'loinc', 'luhn']),
})

const Compare = closed({
  ...EVERY_RULE,
  check: Type.Literal('compare'),
  left: Type.String(),
  operator: Type.Enum(['>=', '>', '==']),
  right: Type.String(),
})
const RequiredWith = closed({
  ...EVERY_RULE,
  check: Type.Literal('required-with'),
  field: Type.String(),
  with: Type.String(),
})

export const FieldRule = Type.Union([Pattern, Range, OneOf, Temporal, CheckDigit])
export type FieldRule = Written<typeof FieldRule>

export const RecordRule = Type.Union([Compare, RequiredWith])
export type RecordRule = Written<typeof RecordRule>

export type Severity = FieldRule['severity']

/** Messages name a rule by its id. */
export const RULES_NAMED = { named: { noun: 'rule', by: 'id' } } as const
