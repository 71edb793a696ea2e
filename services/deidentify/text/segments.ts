/** Cuts a long text, so that memory does not grow with it. */
import { classOf, NEWLINE, SPACE } from './characters.ts'

/** Characters that are read at a time. */
const LARGEST = 65_536
/** How far back an end of line, else a space, is looked for. */
const SEARCHED = 4_096

export interface Segment {
  readonly start: number
  readonly end: number
}

/** @returns segments that cover the text; they end at a line's end, else between words, else anywhere */
export function* segments(text: string): Generator<Segment> {
  for (let start = 0; start < text.length; ) {
    const end = start + LARGEST >= text.length ? text.length : cut(text, start + LARGEST)
    yield { start, end }
    start = end
  }
}

function cut(text: string, limit: number): number {
  let space = -1
  for (let i = limit; i > limit - SEARCHED; i--) {
    const type = classOf(text.charCodeAt(i - 1))
    if (type === NEWLINE) return i
    if (type === SPACE && space < 0) space = i
  }
  return space > 0 ? space : limit
}
