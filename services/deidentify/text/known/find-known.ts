/** Layer 5: the traits of this very patient, in all their forms, and their names with typing errors. */
import { distance } from 'fastest-levenshtein'
import { fold } from '../characters.ts'
import { CUE, cuesOf } from '../cues.ts'
import {
  CAPITALISED,
  GLUED,
  INITIAL,
  LINE_END,
  LOWER,
  MARK,
  NUMBER,
  SPACED,
  type Tokens,
  UPPER,
  WORD,
} from '../tokens.ts'
import type { Finding, Kind } from '../types.ts'
import { readTraits } from './traits.ts'
import { canonical, PARTICLES, partsOf, variants } from './variants.ts'

export interface Known {
  /** What a key is. */
  readonly keys: ReadonlyMap<string, Kind>
  /** Every beginning of a key, at the end of each of its parts in some text. */
  readonly longest: number
  /** Folded words of names that are long enough for a typing error. */
  readonly names: readonly string[]
  /** First letters of the words of names, folded. */
  readonly initials: ReadonlySet<string>
}

/** Letters from which on one, or two, errors are accepted. */
const ONE_ERROR = 5
const TWO_ERRORS = 9
/** Names of fewer letters are looked for only where they are written as names. */
const SHORT = 4
/** Tokens and marks that a trait may be spread over. */
const SPREAD = 40
const MARKS_BETWEEN = 3
/** Words on each side that tell whether a text is written without capitals. */
const NEIGHBOURS = 12

/** @param value of `known` @throws TypeError that names the field that cannot be read */
export function knownOf(value: unknown): Known {
  const keys = new Map<string, Kind>()
  const names = new Set<string>()
  const initials = new Set<string>()
  for (const trait of readTraits(value)) {
    for (const key of variants(trait)) if (!keys.has(key)) keys.set(key, trait.kind)
    if (trait.kind !== 'name') continue
    for (const part of partsOf(trait.value)) {
      initials.add(part.slice(0, 1))
      if (part.length >= ONE_ERROR && !PARTICLES.has(part)) names.add(part)
    }
  }
  return { keys, names: [...names], initials, longest: Math.max(0, ...[...keys.keys()].map((key) => key.length)) }
}

/** @returns certain findings that do not overlap */
export function findKnown(tokens: Tokens, known: Known): Finding[] {
  const found: Finding[] = []
  const parts = foldedParts(tokens)
  for (let t = 0; t < tokens.count; t++) {
    if (parts[t] === '') continue
    const match = longestKey(tokens, parts, known, t) ?? misspelt(tokens, parts, known, t)
    if (!match) continue
    const first = withInitialBefore(tokens, parts, known, t, match.kind, found.at(-1)?.end ?? 0)
    const last = withInitialAfter(tokens, parts, known, match)
    found.push({
      start: tokens.start[first] as number,
      end: tokens.end[last] as number,
      kind: match.kind,
      certain: true,
    })
    t = last
  }
  return found
}

function foldedParts(tokens: Tokens): string[] {
  const parts: string[] = []
  for (let t = 0; t < tokens.count; t++)
    parts.push(
      tokens.type[t] === WORD || tokens.type[t] === NUMBER
        ? canonical(fold(tokens.text.slice(tokens.start[t], tokens.end[t])))
        : '',
    )
  return parts
}

function longestKey(
  tokens: Tokens,
  parts: readonly string[],
  known: Known,
  first: number,
): { last: number; kind: Kind } | undefined {
  let key = ''
  let best: { last: number; kind: Kind } | undefined
  let marks = 0
  for (let t = first; t < tokens.count && t < first + SPREAD; t++) {
    const part = parts[t] as string
    if (part === '') {
      if (++marks > MARKS_BETWEEN || (tokens.type[t] === LINE_END && key.length < 2)) break
      continue
    }
    marks = 0
    key += part
    if (key.length > known.longest) break
    const kind = known.keys.get(key)
    if (kind !== undefined && isWhole(tokens, parts, known, first, t, kind, key)) best = { last: t, kind }
  }
  return best
}

/** Not in the middle of a longer number or word; a short name only where it is written as one. */
function isWhole(
  tokens: Tokens,
  parts: readonly string[],
  known: Known,
  first: number,
  last: number,
  kind: Kind,
  key: string,
): boolean {
  const { type, gap, written } = tokens
  if (type[last + 1] === type[last] && gap[last + 1] === 0 && type[last] !== MARK) return false
  if (first > 0 && type[first - 1] === type[first] && gap[first] === 0 && type[first] !== MARK) return false
  if (
    kind === 'city' ||
    kind === 'hospital' ||
    ((kind === 'name' || kind === 'professional') && key.length <= SHORT + 2)
  )
    return (
      written[first] !== LOWER ||
      type[first] !== WORD ||
      isNameInSmallLetters(tokens, first) ||
      (kind !== 'hospital' && isBesideName(tokens, parts, known, first, last))
    )
  return true
}

/** `martin denis`: two of the names side by side are no chance, whatever their writing. */
function isBesideName(
  { gap, type, count }: Tokens,
  parts: readonly string[],
  { keys }: Known,
  first: number,
  last: number,
): boolean {
  const isOther = (at: number) =>
    type[at] === WORD &&
    (parts[at] as string).length >= SHORT - 1 &&
    parts[at] !== parts[first] &&
    keys.get(parts[at] as string) === 'name'
  return (
    (last + 1 < count && gap[last + 1] === SPACED && isOther(last + 1)) ||
    (first > 0 && gap[first] === SPACED && isOther(first - 1))
  )
}

const ANNOUNCES = CUE.doctor | CUE.civility | CUE.kin | CUE.nameLabel | CUE.role

/** A title or a kinship right before, or a text that writes no capitals. */
function isNameInSmallLetters({ type, hash, written, text, start, end, count }: Tokens, t: number): boolean {
  const before = t > 0 && type[t - 1] === MARK && text[start[t - 1] as number] === '.' ? t - 2 : t - 1
  if (before >= 0 && type[before] === WORD && cuesOf(hash[before] as number) & ANNOUNCES) return true
  if ((end[t] as number) - (start[t] as number) <= SHORT) return false
  for (let at = Math.max(0, t - NEIGHBOURS); at < count && at <= t + NEIGHBOURS; at++)
    if (type[at] === WORD && (written[at] === CAPITALISED || written[at] === UPPER)) return false
  return true
}

function misspelt(
  tokens: Tokens,
  parts: readonly string[],
  known: Known,
  t: number,
): { last: number; kind: Kind } | undefined {
  if (tokens.type[t] !== WORD) return undefined
  const isCapital = tokens.written[t] === CAPITALISED || tokens.written[t] === UPPER
  if (!isCapital && !isNameInSmallLetters(tokens, t)) return undefined
  const part = parts[t] as string
  if (part.length < ONE_ERROR - 1) return undefined
  for (const name of known.names) {
    const allowed = name.length >= TWO_ERRORS ? 2 : 1
    if (Math.abs(name.length - part.length) > allowed) continue
    if (distance(name, part) <= allowed || isSwap(name, part)) return { last: t, kind: 'name' }
  }
  return undefined
}

/** Two neighbours exchanged: one error of the hand, two of the edit distance. */
function isSwap(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  let i = 0
  while (i < a.length && a[i] === b[i]) i++
  return a[i] === b[i + 1] && a[i + 1] === b[i] && a.slice(i + 2) === b.slice(i + 2)
}

/** `J. Dupont` and `J Dupont`: the initial belongs to the name. */
function withInitialBefore(
  tokens: Tokens,
  parts: readonly string[],
  { initials }: Known,
  first: number,
  kind: Kind,
  free: number,
): number {
  if (kind !== 'name') return first
  let at = first - 1
  const point = at >= 0 && tokens.type[at] === MARK && tokens.text[tokens.start[at] as number] === '.'
  if (point) at--
  const isSmall = point && tokens.written[at] === LOWER && initials.has(parts[at] as string)
  const isInitial =
    at >= 0 &&
    tokens.type[at] === WORD &&
    (tokens.written[at] === INITIAL || isSmall) &&
    (tokens.start[at] as number) >= free
  return isInitial && tokens.text.slice(tokens.start[at], tokens.end[at]) !== 'M' ? at : first
}

/** `Dupont J.`: an initial of the known names, with its point, belongs to the name before it. */
function withInitialAfter(
  { count, type, written, gap, text, start }: Tokens,
  parts: readonly string[],
  { initials }: Known,
  { last, kind }: { last: number; kind: Kind },
): number {
  const [initial, point] = [last + 1, last + 2]
  const isInitial =
    kind === 'name' &&
    point < count &&
    type[initial] === WORD &&
    written[initial] === INITIAL &&
    gap[initial] === SPACED &&
    initials.has(parts[initial] as string) &&
    gap[point] === GLUED &&
    text[start[point] as number] === '.'
  return isInitial ? point : last
}
