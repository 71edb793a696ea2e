/** Puts a tag, or something else, in the place of each span. */
import type { Span } from './types.ts'

/** @returns the tag of a kind: `[BIRTH_DATE]` */
const tag = (kind: string): string => `[${kind.toUpperCase()}]`

/**
 * @param spans in the order of the text, none overlapping
 * @param instead of a tag, for a span that has something else; undefined where it has a tag
 * @returns the text in which each span is a tag or what it has instead; the tagged parts of one name or place, with a space between, are one tag
 */
export function replaceSpans(
  text: string,
  spans: readonly Span[],
  instead: (span: Span, written: string) => string | undefined = () => undefined,
): string {
  let out = ''
  let at = 0
  let last: Span | undefined
  let isTagged = false
  for (const span of spans) {
    const between = text.slice(at, span.start)
    const samePlace =
      last?.kind === span.kind && (span.kind === 'name' || span.kind === 'professional') && between === ' '
    const other = instead(span, text.slice(span.start, span.end))
    if (other !== undefined) out += between + other
    // What stands before it is no tag where it has something else.
    else if (!samePlace || !isTagged) out += between + tag(span.kind)
    isTagged = other === undefined
    at = span.end
    last = span
  }
  return out + text.slice(at)
}
