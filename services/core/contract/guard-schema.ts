/** How the guard of a kept value is written: the one source of its types, of what is checked, and of the messages. */
import Type from 'typebox'
import { CODE_SYSTEM_NAMES } from '../guards/code-systems.ts'
import { mayHold } from '../guards/probe.ts'
import { patternOf } from '../rules/pattern.ts'
import { readPattern } from '../rules/pattern-syntax.ts'
import { closed } from '../schema/closed.ts'
import type { Written } from '../schema/written.ts'

/** A guard is for whole values: a pattern that finds a code inside a sentence would keep the sentence. */
export function wholePattern(text: string): ReturnType<typeof patternOf> {
  return patternOf(`^(?:${text})$`)
}

const GuardPattern = Type.Refine(
  Type.String(),
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

const Condition = closed({ field: Type.String(), equals: Type.String() })

/** Values that are accepted where each condition of `when` is met. */
const GuardCase = Type.Refine(
  closed({
    values: Type.Optional(
      Type.Array(Type.String({ minLength: 1, expected: 'text that is not empty' }), { minItems: 1 }),
    ),
    codes: Type.Optional(Type.Array(Type.Enum(CODE_SYSTEM_NAMES), { minItems: 1 })),
    pattern: Type.Optional(GuardPattern),
    min: Type.Optional(Type.Number()),
    max: Type.Optional(Type.Number()),
    when: Type.Optional(Type.Array(Condition, { minItems: 1 })),
  }),
  ({ when: _when, ...accepted }) => Object.keys(accepted).length > 0,
  () => "needs 'values', 'codes' or 'pattern' for a string, 'min' or 'max' for a number",
)
export type GuardCase = Written<typeof GuardCase>

/** A value is kept when one of the cases accepts it. */
export const Guard = Type.Array(GuardCase, { minItems: 1 })

/** What becomes of a value, or of its record, that no case accepts. */
export const OnViolation = Type.Enum(['null', 'refuse'])
export type OnViolation = Written<typeof OnViolation>
