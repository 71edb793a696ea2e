/** Whether a field holds a text that the scrubber can read. What it cannot read is not passed on: nothing would be found in it. */
import type { Unreadable } from '#core/contract/text-rules.ts'

/** Longest run of letters, figures, + and / that is a word: a longer one is Base64. */
const LONGEST_WORD = 200
/** Lines of Base64 have 64 or 76 characters; so many of them in a row are no text. */
const BASE64_LINE = 60
const BASE64_LINES = 3

/** Element, declaration or comment at the start; RTF. A value may begin with `<5 mg/L`. */
const STARTS_AS_MARKUP = /^\s{0,1000}(?:<(?:[!?]|[A-Za-z][\w:-]{0,40}[\s/>])|\{\\rtf)/
/** A closing tag, a line break, or a letter that is written as a code: names are cut by them. */
const HAS_MARKUP = /<\/[A-Za-z][\w:-]{0,40}\s{0,10}>|<br\s{0,10}\/?>|&(?:[A-Za-z]{2,8}|#\d{2,5}|#x[\dA-Fa-f]{2,4});/
/** U+FFFD, and UTF-8 that was read as Latin-1 (`Ã©`). */
const MISREAD = /\uFFFD|[\u00C2\u00C3][\u0080-\u00BF]/
/** More marks on one letter than any language writes: to compose them takes time that grows with their square. */
const PILED_UP = /\p{M}{16}/u
/** Invisible: soft hyphens, marks of direction, joiners. A name would not be found with one in it. */
const INVISIBLE = /\u034F|[\u00AD\u061C\u180E\u200B-\u200F\u202A-\u202E\u2060-\u2064\u2066-\u206F\uFEFF]/g

/** @returns why the text cannot be read; undefined when it can. Time is linear in its length */
export function unreadable(text: string): Unreadable | undefined {
  if (text.startsWith('%PDF-') || isBinary(text)) return 'binary'
  if (MISREAD.test(text) || PILED_UP.test(text) || !text.isWellFormed()) return 'encoding'
  return STARTS_AS_MARKUP.test(text) || HAS_MARKUP.test(text) ? 'markup' : undefined
}

/** @returns the text as it is scanned and passed on: composed characters, and none that cannot be seen */
export function visible(text: string): string {
  return text.normalize('NFC').replace(INVISIBLE, '')
}

/** Control characters but tab and ends of lines and pages, or Base64. */
function isBinary(text: string): boolean {
  let run = 0
  let lines = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 9 || (code > 13 && code < 32) || (code > 126 && code < 160 && code !== 0x85)) return true
    if (isBase64(code)) {
      if (++run > LONGEST_WORD) return true
    } else if (code === 10) {
      lines = run >= BASE64_LINE ? lines + 1 : 0
      if (lines >= BASE64_LINES) return true
      run = 0
    } else if (code !== 13) {
      run = 0
      lines = 0
    }
  }
  return false
}

function isBase64(code: number): boolean {
  return (code > 96 && code < 123) || (code > 64 && code < 91) || (code > 46 && code < 58) || code === 43
}
