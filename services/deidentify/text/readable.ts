/** The text of a field that the scrubber can read. What it cannot read is not passed on: nothing would be found in it. */
import type { Unreadable } from '#core/contract/text-rules.ts'
import { cdaText } from '#core/documents/cda.ts'
import { htmlText } from './markup/html.ts'
import { rtfText } from './markup/rtf.ts'

/** Longest run of letters, figures, + and / that is a word: a longer one is Base64. */
const LONGEST_WORD = 200
/** Lines of Base64 have 64 or 76 characters; so many of them in a row are no text. */
const BASE64_LINE = 60
const BASE64_LINES = 3

/** Element, declaration or comment at the start. A value may begin with `<5 mg/L`. */
const STARTS_AS_MARKUP = /^\s{0,1000}<(?:[!?]|[A-Za-z][\w:-]{0,40}[\s/>])/
/** XML that is no XHTML. */
const XML = /^\s{0,1000}(?:<\?xml(?![\s\S]{0,1000}<html[\s>])|<(?:[\w.-]{1,40}:)?ClinicalDocument[\s>])/
/** Anywhere: several attachments are one text. Only a text that begins so is read. */
const RTF = /\{\\rtf\d/
/** A closing tag, a line break, or a letter that is written as a code: names are cut by them. */
const HAS_MARKUP = /<\/[A-Za-z][\w:-]{0,40}\s{0,10}>|<br\s{0,10}\/?>|&(?:[A-Za-z]{2,8}|#\d{2,5}|#x[\dA-Fa-f]{2,4});/
/** U+FFFD, and UTF-8 that was read as Latin-1 (`Ã©`). */
const MISREAD = /\uFFFD|[\u00C2\u00C3][\u0080-\u00BF]/
/** More marks on one letter than any language writes: to compose them takes time that grows with their square. */
const PILED_UP = /\p{M}{16}/u
/** Invisible: soft hyphens, marks of direction, joiners. A name would not be found with one in it. */
const INVISIBLE = /\u034F|[\u00AD\u061C\u180E\u200B-\u200F\u202A-\u202E\u2060-\u2064\u2066-\u206F\uFEFF]/g

export type ReadText =
  | { readonly ok: true; readonly text: string }
  /** What a person could read in it cannot be told. */
  | { readonly ok: false; readonly reason: Unreadable }

/**
 * @param given plain text, HTML, RTF or a CDA document
 * @returns the text as it is scanned and passed on: without marks, composed characters, and none that cannot be seen. Time is linear in the length
 */
export function readText(given: string): ReadText {
  if (given.startsWith('%PDF-')) return { ok: false, reason: 'binary' }
  const plain = withoutMarkup(given)
  if (plain === undefined) return { ok: false, reason: 'markup' }
  if (isBinary(plain)) return { ok: false, reason: 'binary' }
  if (MISREAD.test(plain) || PILED_UP.test(plain) || !plain.isWellFormed()) return { ok: false, reason: 'encoding' }
  const text = plain.normalize('NFC').replace(INVISIBLE, '')
  // Marks that were written as codes: a document within a document.
  return HAS_MARKUP.test(text) || RTF.test(text) ? { ok: false, reason: 'markup' } : { ok: true, text }
}

/** @returns the text that a reader sees; undefined for another format of XML, damaged RTF, and a document without any text */
function withoutMarkup(given: string): string | undefined {
  const isRtf = RTF.test(given)
  if (!(isRtf || STARTS_AS_MARKUP.test(given) || HAS_MARKUP.test(given))) return given
  const text = isRtf ? rtfText(given) : XML.test(given) ? cdaText(given) : htmlText(given)
  return text === '' ? undefined : text
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
