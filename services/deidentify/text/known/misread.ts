/** Letters that a scanner or a hand writes as figures, and figures as letters: DUP0NT, O6 I2 34 56 78. */
import { GLUED, MARK, NUMBER, SPACED, type Tokens, WORD } from '../tokens.ts'

const SHAPES: Readonly<Record<string, string>> = { o: '0', i: '1', l: '1', s: '5', b: '8', z: '2', g: '9', q: '9' }

/** @param key folded @returns the key with every letter that looks like a figure as that figure */
export const asMisread = (key: string): string => key.replace(/[oilsbzgq]/g, (letter) => SHAPES[letter] ?? letter)

const FIGURES = /^[oilsb]{1,10}$/

/** @returns whether a word and a number are glued here, or a word of such letters stands beside a number */
export function isMisread({ type, gap }: Tokens, parts: readonly string[], t: number): boolean {
  const next = type[t + 1] === MARK ? t + 2 : t + 1
  if ((type[next] !== NUMBER && type[next] !== WORD) || (gap[next] as number) > SPACED) return false
  const isMixed = type[next] !== type[t]
  if (isMixed && next === t + 1 && gap[next] === GLUED) return true
  const isFigure = (at: number) => type[at] === NUMBER || FIGURES.test(parts[at] as string)
  return (isMixed || type[t] === WORD) && isFigure(t) && isFigure(next)
}
