/** Classes of characters and their folded form, in tables for the basic plane; made once when the module is loaded. */

export const LETTER = 1
export const DIGIT = 2
export const SPACE = 3
export const NEWLINE = 4
/** A combining mark belongs to the letter before it. */
const MARK = 5

const SIZE = 0x10000
const CLASSES = new Uint8Array(SIZE)
/** The letter without accent, in lower case; 0 for a mark. Two letters: first in the low byte, second in the high byte. */
const FOLDED = new Uint16Array(SIZE)
const UPPER = new Uint8Array(SIZE)

const LIGATURES: Readonly<Record<string, string>> = { œ: 'oe', æ: 'ae', ß: 'ss', ø: 'o', ł: 'l', đ: 'd', ı: 'i' }

for (let code = 0; code < SIZE; code++) {
  const char = String.fromCharCode(code)
  FOLDED[code] = code
  if (/\p{L}/u.test(char)) {
    CLASSES[code] = LETTER
    const lower = char.toLowerCase()
    UPPER[code] = lower !== char ? 1 : 0
    const plain = LIGATURES[lower] ?? lower.normalize('NFD').replace(/\p{M}/gu, '')
    const [first, second] = [plain.charCodeAt(0), plain.charCodeAt(1)]
    FOLDED[code] = plain.length === 2 && first < 128 && second < 128 ? first | (second << 8) : first || code
  } else if (/\p{M}/u.test(char)) {
    CLASSES[code] = MARK
    FOLDED[code] = 0
  } else if (code >= 48 && code <= 57) CLASSES[code] = DIGIT
  else if (char === '\n' || char === '\r' || code === 0x2028 || code === 0x2029) CLASSES[code] = NEWLINE
  else if (/\s/.test(char) || code === 0x200b) CLASSES[code] = SPACE
}

export const classOf = (code: number): number => CLASSES[code] as number
export const isUpper = (code: number): boolean => UPPER[code] === 1
export const isWordPart = (code: number): boolean => CLASSES[code] === LETTER || CLASSES[code] === MARK

/** @returns a 32-bit hash (FNV-1a) of the folded text: `Éric` and `ERIC` have the same */
export function hashFolded(text: string, start = 0, end = text.length): number {
  let hash = 0x811c9dc5
  for (let i = start; i < end; i++) {
    const folded = FOLDED[text.charCodeAt(i)] as number
    if (folded === 0) continue
    hash = Math.imul(hash ^ (folded & 0xff), 0x01000193)
    if (folded > 0xff) hash = Math.imul(hash ^ (folded >> 8), 0x01000193)
  }
  return hash | 0
}

/** @returns the text in lower case without accents and ligatures */
export function fold(text: string): string {
  let out = ''
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    const folded = FOLDED[code] as number
    if (folded === 0) continue
    if (CLASSES[code] === LETTER && folded > 0xff && (folded & 0xff) < 128 && folded >> 8 < 128 && code < 0x250)
      out += String.fromCharCode(folded & 0xff, folded >> 8)
    else out += String.fromCharCode(folded)
  }
  return out
}

/** @returns a hash of a sequence, so that the hash of each beginning is known on the way */
export const combine = (hash: number, next: number): number =>
  Math.imul(Math.imul(hash, 0x85ebca6b) ^ next, 0xc2b2ae35) ^ (hash >>> 15)
