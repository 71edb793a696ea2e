/** Layer 5: the traits of this very patient, in all their forms, and their names with typing errors. */
import { distance } from 'fastest-levenshtein'
import { fold } from '../characters.ts'
import { CAPITALISED, LINE_END, LOWER, MARK, NUMBER, type Tokens, UPPER, WORD } from '../tokens.ts'
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
}

/** Letters from which on one, or two, errors are accepted. */
const ONE_ERROR = 5
const TWO_ERRORS = 9
/** Names of fewer letters are looked for only where they are written as names. */
const SHORT = 4
/** Tokens and marks that a trait may be spread over. */
const SPREAD = 40
const MARKS_BETWEEN = 3

/** @param value of `known` @throws TypeError that names the field that cannot be read */
export function knownOf(value: unknown): Known {
  const keys = new Map<string, Kind>()
  const names = new Set<string>()
  for (const trait of readTraits(value)) {
    for (const key of variants(trait)) if (!keys.has(key)) keys.set(key, trait.kind)
    if (trait.kind === 'name')
      for (const part of partsOf(trait.value)) if (part.length >= ONE_ERROR && !PARTICLES.has(part)) names.add(part)
  }
  return { keys, names: [...names], longest: Math.max(0, ...[...keys.keys()].map((key) => key.length)) }
}

/** @returns certain findings that do not overlap */
export function findKnown(tokens: Tokens, known: Known): Finding[] {
  const found: Finding[] = []
  const parts = foldedParts(tokens)
  for (let t = 0; t < tokens.count; t++) {
    if (parts[t] === '') continue
    const match = longestKey(tokens, parts, known, t) ?? misspelt(tokens, parts, known, t)
    if (!match) continue
    const first = withInitialBefore(tokens, t, match.kind, found.at(-1)?.end ?? 0)
    found.push({
      start: tokens.start[first] as number,
      end: tokens.end[match.last] as number,
      kind: match.kind,
      certain: true,
    })
    t = match.last
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
    if (kind !== undefined && isWhole(tokens, first, t, kind, key)) best = { last: t, kind }
  }
  return best
}

/** Not in the middle of a longer number or word; a short name only where it is written as one. */
function isWhole(tokens: Tokens, first: number, last: number, kind: Kind, key: string): boolean {
  const { type, gap, written } = tokens
  if (type[last + 1] === type[last] && gap[last + 1] === 0 && type[last] !== MARK) return false
  if (first > 0 && type[first - 1] === type[first] && gap[first] === 0 && type[first] !== MARK) return false
  if (
    kind === 'city' ||
    kind === 'hospital' ||
    ((kind === 'name' || kind === 'professional') && key.length <= SHORT + 2)
  )
    return written[first] !== LOWER || type[first] !== WORD
  return true
}

function misspelt(
  tokens: Tokens,
  parts: readonly string[],
  known: Known,
  t: number,
): { last: number; kind: Kind } | undefined {
  if (tokens.type[t] !== WORD || !(tokens.written[t] === CAPITALISED || tokens.written[t] === UPPER)) return undefined
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
function withInitialBefore(tokens: Tokens, first: number, kind: Kind, free: number): number {
  if (kind !== 'name') return first
  let at = first - 1
  if (at >= 0 && tokens.type[at] === MARK && tokens.text[tokens.start[at] as number] === '.') at--
  const isInitial =
    at >= 0 && tokens.type[at] === WORD && tokens.written[at] === 4 && (tokens.start[at] as number) >= free
  return isInitial && tokens.text.slice(tokens.start[at], tokens.end[at]) !== 'M' ? at : first
}
