/** Where a text stops being JSON (RFC 8259): the engine's own message has no place, or quotes the text. */

const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const LINE_FEED = 0x0a

/** What may come next. */
type Expected = 'value' | 'value-or-end' | 'name' | 'name-or-end' | 'comma-or-end' | 'nothing'

/** @returns the offset of the first byte that cannot be there, `to` when the text ends too early, or undefined when it is JSON */
export function firstError(text: Buffer, from = 0, to = text.length): number | undefined {
  const open: number[] = []
  let expected: Expected = 'value'
  for (let at = skipSpace(text, from, to); ; at = skipSpace(text, at, to)) {
    if (at >= to) return expected === 'nothing' ? undefined : to
    const byte = text[at] ?? 0
    const close = open.at(-1)
    if (expected === 'nothing') return at
    if ((expected === 'comma-or-end' || expected === 'value-or-end' || expected === 'name-or-end') && byte === close) {
      open.pop()
      expected = open.length > 0 ? 'comma-or-end' : 'nothing'
      at++
    } else if (expected === 'comma-or-end') {
      if (byte !== COMMA) return at
      expected = close === CLOSE_OBJECT ? 'name' : 'value'
      at++
    } else if (expected === 'name' || expected === 'name-or-end') {
      const end = byte === QUOTE ? stringEnd(text, at, to) : { error: at }
      if ('error' in end) return end.error
      at = skipSpace(text, end.after, to)
      if (at >= to || text[at] !== COLON) return at
      at++
      expected = 'value'
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      open.push(byte === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_ARRAY)
      expected = byte === OPEN_OBJECT ? 'name-or-end' : 'value-or-end'
      at++
    } else {
      const end = byte === QUOTE ? stringEnd(text, at, to) : plainEnd(text, at, to)
      if ('error' in end) return end.error
      at = end.after
      expected = open.length > 0 ? 'comma-or-end' : 'nothing'
    }
  }
}

/** A place for a person, both from 1. */
export interface TextPlace {
  readonly line: number
  /** In characters. */
  readonly column: number
}

/** @returns the line and the column of a byte of UTF-8 text */
export function placeOf(text: Buffer, offset: number): TextPlace {
  let line = 1
  let start = 0
  for (let at = text.indexOf(LINE_FEED); at !== -1 && at < offset; at = text.indexOf(LINE_FEED, start)) {
    line++
    start = at + 1
  }
  let column = 1
  // A byte order mark is no character of the text, and the bytes after the first one of a character begin none.
  const marked = start === 0 && text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf
  for (let at = start + (marked ? 3 : 0); at < offset; at++) if (((text[at] ?? 0) & 0xc0) !== 0x80) column++
  return { line, column }
}

type End = { readonly after: number } | { readonly error: number }

function stringEnd(text: Buffer, quote: number, to: number): End {
  for (let at = quote + 1; at < to; at++) {
    const byte = text[at] ?? 0
    if (byte === QUOTE) return { after: at + 1 }
    if (byte < 0x20) return { error: at }
    if (byte !== BACKSLASH) continue
    const escape = text.toString('latin1', at + 1, Math.min(at + 6, to))
    const [known] = /^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(escape) ?? []
    if (known === undefined) {
      const [begun = ''] = /^u[0-9a-fA-F]*/.exec(escape) ?? []
      return { error: at + 1 + begun.length }
    }
    at += known.length
  }
  return { error: to }
}

/** Of a number, true, false or null. */
function plainEnd(text: Buffer, from: number, to: number): End {
  let end = from
  while (end < to && isPlain(text[end] ?? 0)) end++
  const word = text.toString('latin1', from, end)
  if (/^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(word)) return { after: end }
  // What is right of it is not wrong: `1.` lacks a digit at its end, and `tru` a letter.
  const [right = ''] =
    /^(?:t(?:r(?:ue?)?)?|f(?:a(?:l(?:se?)?)?)?|n(?:u(?:ll?)?)?|-?(?:(?:0|[1-9]\d*)(?:\.\d*)?(?:(?<=\d)[eE][+-]?\d*)?)?)/.exec(
      word,
    ) ?? []
  return { error: from + right.length }
}

function isPlain(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e ||
    byte === 0x45
  )
}

function skipSpace(text: Buffer, from: number, to: number): number {
  let at = from
  while (at < to && (text[at] === 0x20 || text[at] === 0x09 || text[at] === 0x0a || text[at] === 0x0d)) at++
  return at
}
