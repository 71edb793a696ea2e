/** Fractions, scores, ranges and pregnancies, which have the form of dates and numbers of persons. */
import type { Notes } from './annotate.ts'
import { CUE } from './cues.ts'
import type { Tokens } from './tokens.ts'
import type { Span } from './types.ts'

/** What a fraction or a score is of. */
const MEASURED =
  /^[ ](?:strength|motor|power|murmur|pain|tabs?|tablets?|vision|pads?|systolic|moyen|inf[ée]rieur|sup[ée]rieur|proximal|distal)(?![\p{L}])/u

/** Amoxicillin 1 g BD 7/7, Apgars 8/9, BP 70/40: days of seven, a score, a pressure. */
export function isNoDate(text: string, start: number, length: number): boolean {
  const value = FRACTION.exec(text.slice(start, start + LONGEST_FRACTION))?.[0]
  if (value === undefined || value.length < length) return false
  const [before, after] = [
    text.slice(Math.max(0, start - 16), start),
    text.slice(start + value.length, start + value.length + 12),
  ]
  return (
    MEASURED.test(after) ||
    /^(?:1[3-9]|[2-9]\d|\d{3})\/(?:3[2-9]|[4-9]\d)$|\/\d{3}$/.test(value) ||
    (value.endsWith('/7') && /(?:^|[^\p{L}])(?:OD|BD|TDS|QDS|PO|IV|mg|g|course|for)[ ]$/iu.test(before)) ||
    (ACUITY.test(before) && /\/(?:[4-9]|[1-9]\d|[12]\d\d)$/.test(value)) ||
    /apgars?[ ](?:of[ ]|were[ ]|scores?[ ])?$/i.test(before)
  )
}
/** VA R 6/9, VOD 20/40: sharpness of sight. */
const ACUITY = /(?:^|[^\p{L}])(?:VA|AV|VOD|VOG|V[OA][DS]|OD|OS|OG|RE|LE)[ :=](?:[RLDG][ ])?$|\d\/\d{1,3}[ ][LRDG][ ]$/u
const FRACTION = /^\d{1,3}\/\d{1,3}(?![\d/])/
const LONGEST_FRACTION = 8

/** G3P2002, G2P1A0. */
export const PREGNANCIES = /^G\d{1,2}P\d{1,4}(?:[AL]\d)?$/

/** 136-145, 38: a range of reference or a result without a label. */
export function isRange(
  { text }: Tokens,
  { cues }: Notes,
  { start, end, first }: Span & { readonly first: number },
): boolean {
  const [, low, high] = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(text.slice(start, end)) ?? []
  if (low === undefined || isLabelled(cues, first)) return false
  return high === undefined || Number(low) < Number(high)
}
const LABELS_OF_NUMBERS = CUE.accession | CUE.mrn | CUE.ipp | CUE.nda | CUE.rpps | CUE.nir
/** Tokens before a number that may announce it. */
const REACH = 4

function isLabelled(cues: Int32Array, first: number): boolean {
  for (let t = Math.max(0, first - REACH); t < first; t++) if ((cues[t] as number) & LABELS_OF_NUMBERS) return true
  return false
}
