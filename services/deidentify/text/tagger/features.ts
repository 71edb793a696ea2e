/**
 * The features of a token, as rows of the model's table: words, their writing, what the lexicon and the cues say of them and of
 * their neighbours, and what the other layers propose. Hashes only: no string is made.
 */
import type { Notes } from '../annotate.ts'
import { LINE_END, MARK, NUMBER, type Tokens, WORD } from '../tokens.ts'
import type { Finding } from '../types.ts'
import { tagOf } from './labels.ts'

/** Rows of the table; a power of two. */
export const ROWS = 1 << 18
export const FEATURE_COUNT = 58

export interface Context {
  readonly tokens: Tokens
  readonly notes: Notes
  /** By token: 0, or what a layer proposes: tag, whether it is certain, whether the token begins it. */
  readonly shapeHint: Uint8Array
  readonly contextHint: Uint8Array
  /** Writing of a token in a few bits: type, capitals, length class. */
  readonly shape: Int32Array
  /** Whether most words of its line are in capitals. */
  readonly loud: Uint8Array
  /** Flags of the lexicon as the tagger sees them. In training, some are hidden. */
  readonly flags: Uint16Array
  readonly suffix: Int32Array
  /** Hashes of the words. In training, some are hidden. */
  readonly words: Int32Array
}

export function contextOf(
  tokens: Tokens,
  notes: Notes,
  shapes: readonly Finding[],
  context: readonly Finding[],
): Context {
  const { count } = tokens
  const shape = new Int32Array(count)
  const suffix = new Int32Array(count)
  for (let t = 0; t < count; t++) {
    shape[t] = shapeOf(tokens, t)
    suffix[t] = suffixOf(tokens, t)
  }
  return {
    tokens,
    notes,
    flags: notes.flags,
    shapeHint: hints(tokens, shapes),
    contextHint: hints(tokens, context),
    shape,
    suffix,
    words: tokens.hash,
    loud: loudLines(tokens),
  }
}

function hints(tokens: Tokens, findings: readonly Finding[]): Uint8Array {
  const out = new Uint8Array(tokens.count)
  let t = 0
  for (const { start, end, kind, certain } of findings) {
    while (t < tokens.count && (tokens.start[t] as number) < start) t++
    for (let first = true; t < tokens.count && (tokens.end[t] as number) <= end; t++, first = false)
      out[t] = (tagOf(kind) << 2) | (certain ? 2 : 0) | (first ? 1 : 0)
  }
  return out
}

const LENGTH_CLASS = [0, 1, 2, 3, 4, 5, 6, 6, 7, 7, 8, 9, 9, 10, 10, 11, 12]

function shapeOf({ type, start, end, written, text }: Tokens, t: number): number {
  const length = (end[t] as number) - (start[t] as number)
  if (type[t] === WORD) return 16 + (written[t] as number) * 4 + (length < 3 ? length - 1 : length < 5 ? 2 : 3)
  if (type[t] === NUMBER) return 64 + (LENGTH_CLASS[Math.min(length, 16)] as number)
  return type[t] === LINE_END ? 1 : 256 + text.charCodeAt(start[t] as number)
}

function suffixOf({ type, start, end, text }: Tokens, t: number): number {
  if (type[t] !== WORD) return 0
  const to = end[t] as number
  let hash = 7
  for (let i = Math.max(start[t] as number, to - 3); i < to; i++) hash = Math.imul(hash, 31) + (text.charCodeAt(i) | 32)
  return hash
}

function loudLines({ count, type, written, gap, start, end }: Tokens): Uint8Array {
  const loud = new Uint8Array(count)
  for (let first = 0; first < count; ) {
    let last = first
    let upper = 0
    let words = 0
    do {
      if (type[last] === WORD && (end[last] as number) - (start[last] as number) > 2) {
        words++
        if (written[last] === 2) upper++
      }
      last++
    } while (last < count && gap[last] !== 3)
    const value = words > 2 && upper > words * 0.7 ? 2 : words > 0 && upper === words ? 1 : 0
    loud.fill(value, first, last)
    first = last
  }
  return loud
}

const mix = (id: number, a: number, b = 0, c = 0): number => {
  let hash = Math.imul(id + 1, 0x9e3779b1) ^ Math.imul(a, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) ^ Math.imul(b, 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 13), 0x297a2d39) ^ Math.imul(c, 0x27d4eb2f)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return (hash ^ (hash >>> 15)) & (ROWS - 1)
}

const EDGE = -1
/** How far a cue is looked for before a token. */
const REACH = 7

/** Writes the rows of token `t` into `out` (length FEATURE_COUNT). */
export function featuresOf(context: Context, t: number, out: Int32Array): void {
  const { tokens, notes, shape, flags, shapeHint, contextHint, suffix, words } = context
  const { gap, count } = tokens
  const word = (i: number) => (i < 0 || i >= count ? EDGE : (words[i] as number))
  const form = (i: number) => (i < 0 || i >= count ? EDGE : (shape[i] as number) | ((gap[i] as number) << 17))
  const says = (i: number) => (i < 0 || i >= count ? EDGE : (flags[i] as number))
  const cue = (i: number) => (i < 0 || i >= count ? EDGE : (notes.cues[i] as number))
  const w0 = word(t)
  const [w1, w2, p1, p2] = [word(t + 1), word(t + 2), word(t - 1), word(t - 2)]
  const s0 = form(t)
  const [sn1, sn2, sp1, sp2] = [form(t + 1), form(t + 2), form(t - 1), form(t - 2)]
  const f0 = says(t)
  const [fn1, fn2, fp1, fp2] = [says(t + 1), says(t + 2), says(t - 1), says(t - 2)]
  const hint = shapeHint[t] as number
  const advice = contextHint[t] as number
  const phrase = (notes.phrase[t] as number) | ((notes.phrase[t - 1] ?? 0) << 2) | ((notes.phrase[t + 1] ?? 0) << 4)
  const loud = context.loud[t] as number
  let n = 0
  const add = (a: number, b = 0, c = 0) => {
    out[n] = mix(n, a, b, c)
    n++
  }
  add(0)
  add(w0)
  add(s0, loud)
  add(f0, s0)
  add(f0)
  add(p1)
  add(w1)
  add(p2)
  add(w2)
  add(p1, w0)
  add(w0, w1)
  add(p1, s0)
  add(w1, s0)
  add(p2, p1)
  add(w1, w2)
  add(p1, f0)
  add(w1, f0)
  add(p2, p1, s0)
  add(sp1, s0, sn1)
  add(sp2, sp1, s0)
  add(s0, sn1, sn2)
  add(fp1, f0)
  add(f0, fn1)
  add(fp1, f0, s0)
  add(f0, fn1, s0)
  add(fp2, fp1, f0)
  add(fn2, fn1, f0)
  add(suffix[t] as number, tokens.written[t] as number)
  add(hint)
  add(hint, p1)
  add(hint, w1)
  add(hint, s0)
  add(hint, cue(t - 1), cue(t - 2))
  add(advice)
  add(advice, s0, f0)
  add(advice, hint)
  add(phrase, s0)
  add(phrase, p1)
  add(phrase, f0, loud)
  add(cue(t - 1), s0)
  add(cue(t - 1), f0)
  add(cue(t - 2), cue(t - 1), s0)
  add(cue(t + 1), s0)
  add(cue(t + 1), f0)
  add(cue(t), s0)
  add(sp1, sn1, f0)
  add(shapeHint[t - 1] ?? 0, s0)
  add(shapeHint[t + 1] ?? 0, s0)
  add(shapeHint[t + 1] ?? 0, f0, s0)
  add(contextHint[t - 1] ?? 0, s0)
  add(sp1, s0, f0)
  add(s0, sn1, f0)
  const far = nearestCue(context, t)
  add(far, s0)
  add(far, f0)
  add(far, hint, s0)
  add(far, p1, s0)
  add(lineStart(tokens, t), s0, f0)
  add(lineStart(tokens, t), s0, sn1)
}

/** Cues of the nearest word before that has any, the word right before left out. */
function nearestCue({ notes }: Context, t: number): number {
  for (let back = 2; back <= REACH; back++) {
    const at = t - back
    if (at < 0) return EDGE
    const cues = (notes.cues[at] as number) & USEFUL
    if (cues !== 0) return cues
  }
  return 0
}
/** Particles, prepositions and months are everywhere. */
const USEFUL = 0x7ffff

function lineStart(tokens: Tokens, t: number): number {
  if (tokens.gap[t] === 3) return 2
  return tokens.gap[t - 1] === 3 ? 1 : tokens.type[t - 1] === MARK && tokens.gap[t - 1] === 3 ? 3 : 0
}
