/** A number after its label: IPP 8001, Accession No: H-17-33019. Certain after a label that is sure, or when it is long. Of layer 3. */
import type { Notes } from './annotate.ts'
import { hashFolded } from './characters.ts'
import { CUE } from './cues.ts'
import { LINE_END, MARK, NUMBER, type Tokens, WORD } from './tokens.ts'
import type { Finding, Kind } from './types.ts'
import { setOf } from './word-set.ts'

/** Tokens between a label and its value: `N° IPP du patient : `. */
const LABEL_REACH = 6

/** N11232344: letters glued to figures. */
export function isCode({ type, gap }: Tokens, t: number): boolean {
  return type[t] === WORD && type[t + 1] === NUMBER && gap[t + 1] === 0
}

const LABELS: readonly (readonly [cue: number, kind: Kind, digits: number])[] = [
  [CUE.fax, 'fax', 4],
  [CUE.rpps, 'rpps', 2],
  [CUE.nir, 'nir', 5],
  [CUE.nda, 'nda', 5],
  [CUE.ipp, 'ipp', 4],
  [CUE.accession, 'device', 5],
  [CUE.mrn, 'mrn', 4],
  [CUE.phone, 'phone', 4],
]
/** Labels that are sure of their number when a colon, `n°` or nothing stands between. */
const STRICT = new Set([
  'ipp',
  'nda',
  'nir',
  'ins',
  'rpps',
  'adeli',
  'finess',
  'mrn',
  'npi',
  'ssn',
  'iep',
  'nip',
  'tel',
  'fax',
  'lot',
  'serie',
  'serial',
  'accession',
  'badge',
  'claim',
])
/** Figures of a number that any label makes sure. */
const LONG_NUMBER = 6
/** Words for what opens a door, and what stands before the last of two. */
const DOORS = setOf('digicode keysafe interphone')
const OF_DOOR = setOf('gate door key access porte portail entry')
const CODES = setOf('code safe codes')
/** Figures of a number after `n°` or `#` that no label names. */
const NUMBERED = 5
/** A number that follows its label: over marks, `n°`, and a few small words. */
export function labelledNumber(tokens: Tokens, notes: Notes, t: number): Finding | undefined {
  const { text, start, type } = tokens
  const before = t > 0 ? type[t - 1] : LINE_END
  // The middle of a number with marks (a date, a measure) is no number of its own.
  if (
    before === NUMBER ||
    (before === MARK && /[.,/+<>=≥≤%]/.test(text[start[t - 1] as number] as string) && type[t - 2] === NUMBER)
  )
    return undefined
  const end = endOfNumber(tokens, t)
  if (isKeyOfNir(tokens, notes, t)) return { start: start[t] as number, end, kind: 'nir', certain: true }
  if (isCodeOfDoor(tokens, t)) return { start: start[t] as number, end, kind: 'id', certain: true }
  const digits = sizeOfNumber(text, start[t] as number, end)
  for (let back = 1; back <= LABEL_REACH && t - back >= 0; back++) {
    const at = t - back
    if (type[at] === NUMBER || (type[at] === LINE_END && back > 1)) break
    const cues = notes.cues[at] as number
    for (const [cue, kind, least] of LABELS) {
      if ((cues & cue) === 0 || digits < least) continue
      const word = text.slice(start[at], tokens.end[at]).toLowerCase()
      const isMixed = end - (start[t] as number) > digits - 1 && /[A-Z]/.test(text.slice(start[t], end))
      const isLong = digits >= LONG_NUMBER && back <= 3 && !text.slice(start[t], end).includes('/')
      const certain = (STRICT.has(word) || isMixed || isLong) && back <= 4 && digits >= Math.max(least, 4)
      return { start: start[t] as number, end, kind, certain }
    }
  }
  return digits >= NUMBERED && /(?:n°|nº|#)[ ]?$/i.test(text.slice(Math.max(0, (start[t] as number) - 3), start[t]))
    ? { start: start[t] as number, end, kind: 'id', certain: true }
    : undefined
}

/** Digicode 2I93, gate code 4821, key safe: 3623. */
function isCodeOfDoor({ type, hash, text, start, end }: Tokens, t: number): boolean {
  if ((end[t] as number) - (start[t] as number) > 6) return false
  const word = type[t - 1] === MARK && text[start[t - 1] as number] === ':' ? t - 2 : t - 1
  if (word < 0 || type[word] !== WORD) return false
  const own = hash[word] as number
  return DOORS.has(own) || (CODES.has(own) && OF_DOOR.has(hash[word - 1] as number))
}

/** Figures; letters beside at least two figures count as well: 7KXR442, 4C19U. */
function sizeOfNumber(text: string, start: number, end: number): number {
  let [figures, capitals] = [0, 0]
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code >= 48 && code <= 57) figures++
    else if (code >= 65 && code <= 90) capitals++
  }
  return figures >= 2 ? figures + capitals : figures
}

const KEY = hashFolded('cle')

/** The two check digits that stand apart from a NIR: clé 29. */
function isKeyOfNir({ type, start, end, hash, text }: Tokens, notes: Notes, t: number): boolean {
  if ((end[t] as number) - (start[t] as number) !== 2) return false
  const word = type[t - 1] === MARK && text[start[t - 1] as number] === ':' ? t - 2 : t - 1
  if (word < 1 || hash[word] !== KEY) return false
  for (let back = word - 1; back >= 0 && back > word - LABEL_REACH; back--)
    if (type[back] === NUMBER || (notes.cues[back] as number) & CUE.nir) return true
  return false
}

function endOfNumber(tokens: Tokens, t: number): number {
  const { type, gap, count, text, start } = tokens
  let last = t
  for (let next = t + 1; next < count && next < t + 16; next++) {
    if (type[next] === NUMBER && (gap[next] as number) <= 1) last = next
    else if (type[next] === WORD && gap[next] === 0 && type[last] === NUMBER && last === next - 1) last = next
    else if (!(type[next] === MARK && gap[next] === 0 && /[.\-/]/.test(text[start[next] as number] as string))) break
  }
  return tokens.end[last] as number
}
