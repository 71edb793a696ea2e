/** Puts a tag in the place of each span. */
import type { Span } from './types.ts'

/** @returns the tag of a kind: `[BIRTH_DATE]` */
const tag = (kind: string): string => `[${kind.toUpperCase()}]`

/**
 * @param spans in the order of the text, none overlapping
 * @returns the text in which each span is a tag; the parts of one name or place, with a space between, are one tag
 */
export function withTags(text: string, spans: readonly Span[]): string {
  let out = ''
  let at = 0
  let last: Span | undefined
  for (const span of spans) {
    const between = text.slice(at, span.start)
    const samePlace =
      last?.kind === span.kind && (span.kind === 'name' || span.kind === 'professional') && between === ' '
    if (!samePlace) out += between + tag(span.kind)
    at = span.end
    last = span
  }
  return out + text.slice(at)
}
