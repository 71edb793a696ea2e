/** Patterns at one place of a text. Each pattern has a greatest length, so that a text takes time linear in its own. */
import type { Finding, Kind } from '../types.ts'

/** A digit right after would make it another number. */
export const NO_DIGIT_AFTER = '(?![\\d])'

/** @param source of a regular expression whose repetitions are all bounded */
export const pattern = (source: string): RegExp => new RegExp(source, 'iuy')

/** @returns the end of the match that begins at `at`, or -1 */
export function endAt(expression: RegExp, text: string, at: number): number {
  expression.lastIndex = at
  return expression.test(text) ? expression.lastIndex : -1
}

export const finding = (start: number, end: number, kind: Kind, certain = true): Finding => ({
  start,
  end,
  kind,
  certain,
})

export const digitsOf = (text: string): string => text.replace(/\D/g, '')
