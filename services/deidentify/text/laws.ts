/** The date of a law is no date of a person. */
import type { Notes } from './annotate.ts'
import { CUE } from './cues.ts'
import { tokenAt } from './spans.ts'
import { LINE_END, type Tokens } from './tokens.ts'
import type { Span } from './types.ts'

/** Tokens between `Loi` and the end of its date: `Décret n° 2016-994 du 20 juillet 2016`. */
const REACH = 9

/** @returns the spans without the dates and numbers that follow the name of a law on its line */
export function withoutLaws<T extends Span>(tokens: Tokens, notes: Notes, spans: readonly T[]): T[] {
  return spans.filter(({ start, kind }) => {
    if (kind !== 'date' && kind !== 'id') return true
    const first = tokenAt(tokens, start)
    for (let t = first - 1; t >= 0 && t >= first - REACH; t--) {
      if (tokens.type[t] === LINE_END) return true
      if ((notes.cues[t] as number) & CUE.law && tokens.written[t] !== 0) return false
    }
    return true
  })
}
