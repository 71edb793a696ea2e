/** How the guard of a kept value is written: the one source of its types, of what is checked, and of the messages. */
import Type from 'typebox'
import { CODE_SYSTEM_NAMES } from '../guards/code-systems.ts'
import { mayHold } from '../guards/probe.ts'
import { patternOf } from '../rules/pattern.ts'
import { readPattern } from '../rules/pattern-syntax.ts'
import { closed, needsOneOf } from '../schema/closed.ts'
import type { Written } from '../schema/written.ts'

/** A guard is for whole values: a pattern that finds a code inside a sentence would keep the sentence. */
export function wholePattern(text: string): ReturnType<typeof patternOf> {
  return patternOf(`^(?:${text})$`)
}

const GuardPattern = Type.Refine(
  Type.String({
    description:
      'A string is accepted that has this form as a whole; a form that a name, a number of a person or a date of birth has is rejected',
  }),
  (text) => problemOf(text) === undefined,
  (text) => problemOf(text) ?? '',
)

function problemOf(text: string): string | undefined {
  const pattern = wholePattern(text)
  if (!pattern.ok) return pattern.problem
  if (takesAnyCharacter(text)) return 'takes any character: name those that a code has'
  const syntax = readPattern(text)
  if (!syntax.ok || syntax.length === Number.POSITIVE_INFINITY)
    return 'takes a text of any length: repeat at most so many times'
  const held = mayHold((sample) => pattern.test(sample))
  return held === undefined ? undefined : `may hold ${held}: name a code system, or list the values`
}

/** `.`, a negated class, or the complement of a class. */
function takesAnyCharacter(text: string): boolean {
  const unescaped = text.replaceAll('\\\\', '')
  if (/\\[SWDP]|\[\^/.test(unescaped)) return true
  return unescaped
    .replace(/\\./gsu, '')
    .replace(/\[[^\]]*\]/g, '')
    .includes('.')
}

/** A condition may also name the producer: the codes of its wards, its local tests. */
export const PRODUCER = '_producer'

const Condition = closed({
  field: Type.String({ description: 'A string or an enum of the record, or `_producer`: the producer of the record' }),
  equals: Type.String({ description: 'The value that it must have' }),
})

/** Values that are accepted where each condition of `when` is met. */
const GuardCase = needsOneOf(
  closed({
    values: Type.Optional(
      Type.Array(Type.String({ minLength: 1, expected: 'text that is not empty' }), {
        minItems: 1,
        description: 'A string is accepted that is one of these',
      }),
    ),
    codes: Type.Optional(
      Type.Array(Type.Enum(CODE_SYSTEM_NAMES), {
        minItems: 1,
        description: 'A string is accepted that is a code of one of these systems',
      }),
    ),
    pattern: Type.Optional(GuardPattern),
    min: Type.Optional(Type.Number({ description: 'A number is accepted from here on' })),
    max: Type.Optional(Type.Number({ description: 'A number is accepted up to here' })),
    when: Type.Optional(
      Type.Array(Condition, { minItems: 1, description: 'The case counts only where each of these holds' }),
    ),
  }),
  ['values', 'codes', 'pattern', 'min', 'max'],
  "needs 'values', 'codes' or 'pattern' for a string, 'min' or 'max' for a number",
)
export type GuardCase = Written<typeof GuardCase>

/** A value is kept when one of the cases accepts it. */
export const Guard = Type.Array(GuardCase, {
  minItems: 1,
  description: 'Cases, of which one must accept the value',
})

/** What becomes of a value, or of its record, that no case accepts. */
export const OnViolation = Type.Enum(['null', 'refuse'], {
  description:
    '`null`: a value that no case accepts is withheld; `refuse`: its record is rejected. The default is `null` where the field may be null',
})
export type OnViolation = Written<typeof OnViolation>
