/** Cuts a text into words, numbers, punctuation and ends of lines, in one pass. */
import { classOf, DIGIT, hashFolded, isUpper, isWordPart, LETTER, NEWLINE, SPACE } from './characters.ts'

export const WORD = 1
export const NUMBER = 2
export const MARK = 3
export const LINE_END = 4

/** How the letters of a word are written. */
export const LOWER = 0
export const CAPITALISED = 1
export const UPPER = 2
export const MIXED = 3
export const INITIAL = 4

/** What is between a token and the one before it. */
export const GLUED = 0
export const SPACED = 1
const WIDE = 2
export const NEW_LINE = 3

/** Columns by token; offsets are UTF-16 code units of `text`. */
export interface Tokens {
  readonly text: string
  readonly count: number
  readonly start: Int32Array
  readonly end: Int32Array
  /** WORD, NUMBER, MARK or LINE_END. */
  readonly type: Uint8Array
  /** Of words: LOWER … INITIAL. */
  readonly written: Uint8Array
  readonly gap: Uint8Array
  /** Of the folded token. */
  readonly hash: Int32Array
}

/** @returns at most one token for each character */
export function tokenise(text: string): Tokens {
  let room = (text.length >> 2) + 16
  let start = new Int32Array(room)
  let end = new Int32Array(room)
  let count = 0
  for (let i = 0; i < text.length; ) {
    const type = classOf(text.charCodeAt(i))
    if (type === SPACE) {
      i++
      continue
    }
    if (count === room) {
      room *= 2
      start = grown(start, room)
      end = grown(end, room)
    }
    start[count] = i
    i = endOfToken(text, i, type)
    end[count++] = i
  }
  return describe(text, count, start.subarray(0, count), end.subarray(0, count))
}

function grown(column: Int32Array<ArrayBuffer>, room: number): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(room)
  wider.set(column)
  return wider
}

function endOfToken(text: string, from: number, type: number): number {
  let i = from + 1
  if (type === LETTER) while (i < text.length && isWordPart(text.charCodeAt(i))) i++
  else if (type === DIGIT) while (i < text.length && classOf(text.charCodeAt(i)) === DIGIT) i++
  else if (type === NEWLINE) while (i < text.length && classOf(text.charCodeAt(i)) === NEWLINE) i++
  return i
}

function describe(text: string, count: number, start: Int32Array, end: Int32Array): Tokens {
  const type = new Uint8Array(count)
  const written = new Uint8Array(count)
  const gap = new Uint8Array(count)
  const hash = new Int32Array(count)
  for (let t = 0; t < count; t++) {
    const from = start[t] as number
    const to = end[t] as number
    const first = classOf(text.charCodeAt(from))
    type[t] = first === LETTER ? WORD : first === DIGIT ? NUMBER : first === NEWLINE ? LINE_END : MARK
    if (type[t] === WORD) written[t] = writtenAs(text, from, to)
    hash[t] = hashFolded(text, from, to)
    const between = t === 0 ? 1 : from - (end[t - 1] as number)
    gap[t] =
      t === 0 || type[t - 1] === LINE_END
        ? NEW_LINE
        : between === 0
          ? GLUED
          : between === 1 && text.charCodeAt(from - 1) !== 9
            ? SPACED
            : WIDE
  }
  return { text, count, start, end, type, written, gap, hash }
}

function writtenAs(text: string, from: number, to: number): number {
  let upper = 0
  for (let i = from; i < to; i++) if (isUpper(text.charCodeAt(i))) upper++
  if (upper === 0) return LOWER
  if (to - from === 1) return INITIAL
  if (upper === to - from) return UPPER
  return upper === 1 && isUpper(text.charCodeAt(from)) ? CAPITALISED : MIXED
}
