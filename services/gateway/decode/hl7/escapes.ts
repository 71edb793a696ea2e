/** Escape sequences (HL7 2.5, 2.7). One pass: the time is linear in the length of the text, whatever is in it. */
import type { Separators } from './separators.ts'

/** Reads the bytes of `\X..\` in the character set of the message; undefined when they are none of it. */
export type ReadBytes = (bytes: Buffer) => string | undefined

/** Commands of formatted text that begin a new line; others move or highlight it, and leave no character. */
const NEW_LINE = /^\.(?:br|sp\d*|ce)$/
const WITHOUT_TEXT = /^(?:[HN]|\.(?:fi|nf|in[+-]?\d*|ti[+-]?\d*|sk\d*))$/
const HEX = /^X(?:[0-9A-Fa-f]{2})+$/
/** HAPI, and what is built on it, writes an end of line as two bytes, which no set of table 0211 that is read here has. */
const WIDE_LINE_END = /^X00(0[ADad])$/

/**
 * A sequence that is not known, and a single escape character, stay as they were written: senders that do not escape write them in texts.
 *
 * @param text one value, without separators
 */
export function unescape(text: string, separators: Separators, readBytes: ReadBytes): string {
  const { escape } = separators
  if (escape === undefined) return text
  let at = text.indexOf(escape)
  if (at === -1) return text
  let result = text.slice(0, at)
  while (at !== -1) {
    const end = text.indexOf(escape, at + 1)
    const meaning = end === -1 ? undefined : meaningOf(text.slice(at + 1, end), separators, readBytes)
    const from = end === -1 ? text.length : meaning === undefined ? end : end + 1
    result += meaning ?? text.slice(at, from)
    // What is not a sequence ends before its second escape character: that one may begin a sequence.
    at = end === -1 ? -1 : text.indexOf(escape, from)
    result += text.slice(from, at === -1 ? undefined : at)
  }
  return result
}

function meaningOf(sequence: string, separators: Separators, readBytes: ReadBytes): string | undefined {
  switch (sequence) {
    case 'F':
      return separators.field
    case 'S':
      return separators.component
    case 'T':
      return separators.subcomponent
    case 'R':
      return separators.repetition
    case 'E':
      return separators.escape
    case 'P':
      return '#'
    default:
  }
  if (NEW_LINE.test(sequence)) return '\n'
  if (WITHOUT_TEXT.test(sequence)) return ''
  const hex = sequence.replace(WIDE_LINE_END, 'X$1')
  return HEX.test(hex) ? readBytes(Buffer.from(hex.slice(1), 'hex')) : undefined
}
