/** Offsets of the output: Unicode code points, where JavaScript counts UTF-16 code units. */
import type { Span } from './types.ts'

/** @returns a function from some spans, in the order of the text and after those of the call before, to the same spans with offsets in code points */
export function codePointsOf(text: string): (spans: readonly Span[]) => Span[] {
  let unit = 0
  let point = 0
  const pointAt = (offset: number) => {
    for (; unit < offset; unit++) {
      const code = text.charCodeAt(unit)
      // The second half of a pair adds none.
      const second = code >= 0xdc00 && code <= 0xdfff && unit > 0 && (text.charCodeAt(unit - 1) & 0xfc00) === 0xd800
      if (!second) point++
    }
    return point
  }
  return (spans) => spans.map(({ start, end, kind }) => ({ start: pointAt(start), end: pointAt(end), kind }))
}
