/** English: figures that a transcription writes as words. Of layer 3, certain. */
import { GLUED, LOWER, MARK, SPACED, type Tokens, WORD } from './tokens.ts'
import type { Finding } from './types.ts'
import { setOf } from './word-set.ts'

const FIGURES = setOf('oh o zero one two three four five six seven eight nine')
const REPEATED = setOf('double triple')
/** Fewest figures of a number of a person, and of a telephone number. */
const FEWEST = 5
const TELEPHONE = 7
const LONGEST = 20

/** Seven oh four five five five oh one one two. @param t a word */
export function spokenNumber(tokens: Tokens, t: number): Finding | undefined {
  if (!isFigure(tokens, t)) return undefined
  let last = t
  let figures = 1
  for (let at = t + 1; at < t + LONGEST && at < tokens.count; at++) {
    if (
      tokens.type[at] === MARK &&
      tokens.gap[at] === GLUED &&
      /[,-]/.test(tokens.text[tokens.start[at] as number] as string)
    )
      continue
    if ((tokens.gap[at] as number) > SPACED || !isFigure(tokens, at)) break
    last = at
    figures++
  }
  if (figures < FEWEST || REPEATED.has(tokens.hash[last] as number)) return undefined
  return {
    start: tokens.start[t] as number,
    end: tokens.end[last] as number,
    kind: figures >= TELEPHONE ? 'phone' : 'id',
    certain: true,
  }
}

const isFigure = ({ type, written, hash }: Tokens, t: number): boolean =>
  type[t] === WORD && written[t] === LOWER && (FIGURES.has(hash[t] as number) || REPEATED.has(hash[t] as number))
