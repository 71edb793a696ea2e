/** Tells kinds apart that have one form: by the label before a number, by "né(e) le" before a date, by the title before a name. */
import type { Notes } from './annotate.ts'
import { CUE } from './cues.ts'
import { LINE_END, MARK, NUMBER, type Tokens, WORD } from './tokens.ts'
import type { Kind } from './types.ts'

/** Tokens that are searched before a span, as far as the end of the line before. */
const REACH = 8

const NUMBER_LABELS: readonly (readonly [cue: number, kind: Kind])[] = [
  [CUE.fax, 'fax'],
  [CUE.nir, 'nir'],
  [CUE.rpps, 'rpps'],
  [CUE.nda, 'nda'],
  [CUE.ipp, 'ipp'],
  [CUE.accession, 'device'],
  [CUE.mrn, 'mrn'],
]

/** @param first and last tokens of the span @param kind as found, by its form alone */
export function refineKind(tokens: Tokens, notes: Notes, first: number, last: number, kind: Kind): Kind {
  if (kind === 'id') return labelled(tokens, notes, first, NUMBER_LABELS) ?? 'id'
  if (kind === 'phone')
    return (
      labelled(tokens, notes, first, [
        [CUE.fax, 'fax'],
        [CUE.phone, 'phone'],
      ]) ?? 'phone'
    )
  if (kind === 'date')
    return labelled(tokens, notes, first, [
      [CUE.birth, 'birth_date'],
      [CUE.date & ~CUE.birth, 'date'],
    ]) === 'birth_date' || birthBetween(tokens, notes, first)
      ? 'birth_date'
      : 'date'
  if (kind === 'name') return isProfessional(tokens, notes, first, last) ? 'professional' : 'name'
  return kind
}

function labelled(
  tokens: Tokens,
  notes: Notes,
  first: number,
  labels: readonly (readonly [cue: number, kind: Kind])[],
): Kind | undefined {
  for (let t = first - 1; t >= 0 && t >= first - REACH; t--) {
    if (tokens.type[t] === LINE_END && t < first - 1) return undefined
    if (tokens.type[t] === NUMBER) return undefined
    const found = labels.find(([cue]) => ((notes.cues[t] as number) & cue) !== 0)
    if (found && !(found[1] === 'date' && t === first - 1)) return found[1]
  }
  return undefined
}

/** `née le`, `né à Paris le`: the article stands next to the date. */
function birthBetween(tokens: Tokens, notes: Notes, first: number): boolean {
  for (let t = first - 1; t >= 0 && t >= first - 5; t--) {
    if (tokens.type[t] === NUMBER || tokens.type[t] === LINE_END) return false
    if ((notes.cues[t] as number) & CUE.birth) return true
  }
  return false
}

/** A title before the name, with other parts of the name between; a degree after it. */
function isProfessional(tokens: Tokens, notes: Notes, first: number, last: number): boolean {
  for (let t = first - 1; t >= 0 && t >= first - 6; t--) {
    const type = tokens.type[t]
    if (type === LINE_END || type === NUMBER) break
    if (type === MARK && /[,;:()]/.test(tokens.text[tokens.start[t] as number] as string) && t < first - 1) break
    if (type !== WORD) continue
    const cues = notes.cues[t] as number
    if (cues & CUE.doctor) return true
    if (cues & CUE.civility || tokens.written[t] === 0) break
  }
  for (let t = last + 1; t <= last + 2 && t < tokens.count; t++)
    if (
      tokens.type[t] === WORD &&
      ((notes.cues[t] as number) & (CUE.doctor | CUE.role)) !== 0 &&
      tokens.written[t] === 2
    )
      return true
  return false
}
