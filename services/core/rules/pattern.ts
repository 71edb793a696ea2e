/**
 * The only place where a text that people write becomes a regular expression. The time of a check is linear in the length of the value,
 * whatever the pattern: V8's engine runs a pattern for which a bound of its backtracking is proven, and RE2 runs the others.
 * V8 is 3 to 11 times as fast on the patterns of our contracts (loadtest/results), all of which have such a bound.
 */
import { RE2JS } from 're2js'
import { readPattern } from './pattern-syntax.ts'

/** Steps that a backtracking engine may take from one place of the value. */
const MAX_STEPS = 1000
const MAX_PATTERN_LENGTH = 1000

export type PatternCheck =
  | { readonly ok: true; readonly engine: 'v8' | 're2'; test(value: string): boolean }
  /** Why the pattern cannot be run; names a construct and never a part of the pattern. */
  | { readonly ok: false; readonly problem: string }

/** @param text a regular expression of ECMAScript, read with the flag `u` */
export function patternOf(text: string): PatternCheck {
  if (text.length > MAX_PATTERN_LENGTH)
    return { ok: false, problem: `must have at most ${MAX_PATTERN_LENGTH} characters` }
  let backtracking: RegExp
  try {
    backtracking = new RegExp(text, 'u')
  } catch {
    return { ok: false, problem: 'must be a regular expression (ECMAScript, with the flag u)' }
  }
  const syntax = readPattern(text)
  if (!syntax.ok) return { ok: false, problem: `cannot be run in linear time: it has ${syntax.construct}` }
  if (syntax.ways * syntax.length <= MAX_STEPS)
    return { ok: true, engine: 'v8', test: (value) => backtracking.test(value) }
  try {
    const linear = RE2JS.compile(syntax.re2)
    return { ok: true, engine: 're2', test: (value) => linear.test(value) }
  } catch {
    return { ok: false, problem: 'cannot be run in linear time: it repeats too much (RE2 allows 1000 times)' }
  }
}
