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

/**
 * What is seen of a token and its neighbours: words (w0 its own, w1 and w2 after it, p1 and p2 before), forms (s), the lexicon (f), cues (c), hints of
 * shapes (h) and of the context (a). `featuresOf` writes them in this order.
 */
const SEEN =
  'zero w0 w1 w2 p1 p2 s0 sn1 sn2 sp1 sp2 f0 fn1 fn2 fp1 fp2 c0 cn1 cp1 cp2 suffix written hint hn1 hp1 advice ap1 phrase loud far line'.split(
    ' ',
  )
/** Each feature is up to three of them together. The models are trained for this order: a feature that is added stands last. */
const FEATURES =
  '_,w0,s0 loud,f0 s0,f0,p1,w1,p2,w2,p1 w0,w0 w1,p1 s0,w1 s0,p2 p1,w1 w2,p1 f0,w1 f0,p2 p1 s0,sp1 s0 sn1,sp2 sp1 s0,s0 sn1 sn2,fp1 f0,f0 fn1,fp1 f0 s0,f0 fn1 s0,fp2 fp1 f0,fn2 fn1 f0,suffix written,hint,hint p1,hint w1,hint s0,hint cp1 cp2,advice,advice s0 f0,advice hint,phrase s0,phrase p1,phrase f0 loud,cp1 s0,cp1 f0,cp2 cp1 s0,cn1 s0,cn1 f0,c0 s0,sp1 sn1 f0,hp1 s0,hn1 s0,hn1 f0 s0,ap1 s0,sp1 s0 f0,s0 sn1 f0,far s0,far f0,far hint s0,far p1 s0,line s0 f0,line s0 sn1'.split(
    ',',
  )
export const FEATURE_COUNT = FEATURES.length
const PARTS = Uint8Array.from(
  FEATURES.flatMap((feature) => {
    const [first, second = 'zero', third = 'zero'] = feature === '_' ? ['zero'] : feature.split(' ')
    return [first, second, third].map((name) => SEEN.indexOf(name ?? ''))
  }),
)
/** What the hash of each feature begins with: two features of one value have different rows. */
const SEEDS = Int32Array.from(FEATURES, (_, id) => Math.imul(id + 1, 0x9e3779b1))

/** @param seen values in the order of SEEN @param out rows of the table, one a feature */
function hashRows(seen: Int32Array, out: Int32Array): void {
  for (let f = 0, at = 0; f < FEATURE_COUNT; f++, at += 3) {
    const [a, b, c] = [PARTS[at] as number, PARTS[at + 1] as number, PARTS[at + 2] as number]
    let hash = (SEEDS[f] as number) ^ Math.imul(seen[a] as number, 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) ^ Math.imul(seen[b] as number, 0xc2b2ae35)
    hash = Math.imul(hash ^ (hash >>> 13), 0x297a2d39) ^ Math.imul(seen[c] as number, 0x27d4eb2f)
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    out[f] = (hash ^ (hash >>> 15)) & (ROWS - 1)
  }
}

const EDGE = -1
/** How far a cue is looked for before a token. */
const REACH = 7

/** @returns a function that writes the rows of token `t` into `out` (length FEATURE_COUNT); all are hashed in one loop, because a call for each takes twice as long */
export function featureReader(context: Context): (t: number, out: Int32Array) => void {
  const { tokens, notes, shape, flags, shapeHint, contextHint, suffix, words } = context
  const { gap, count } = tokens
  const seen = new Int32Array(SEEN.length)
  const word = (i: number) => (i < 0 || i >= count ? EDGE : (words[i] as number))
  const form = (i: number) => (i < 0 || i >= count ? EDGE : (shape[i] as number) | ((gap[i] as number) << 17))
  const says = (i: number) => (i < 0 || i >= count ? EDGE : (flags[i] as number))
  const cue = (i: number) => (i < 0 || i >= count ? EDGE : (notes.cues[i] as number))
  return function featuresOf(t, out) {
    let i = 1
    seen[i++] = word(t)
    seen[i++] = word(t + 1)
    seen[i++] = word(t + 2)
    seen[i++] = word(t - 1)
    seen[i++] = word(t - 2)
    seen[i++] = form(t)
    seen[i++] = form(t + 1)
    seen[i++] = form(t + 2)
    seen[i++] = form(t - 1)
    seen[i++] = form(t - 2)
    seen[i++] = says(t)
    seen[i++] = says(t + 1)
    seen[i++] = says(t + 2)
    seen[i++] = says(t - 1)
    seen[i++] = says(t - 2)
    seen[i++] = cue(t)
    seen[i++] = cue(t + 1)
    seen[i++] = cue(t - 1)
    seen[i++] = cue(t - 2)
    seen[i++] = suffix[t] as number
    seen[i++] = tokens.written[t] as number
    seen[i++] = shapeHint[t] as number
    seen[i++] = shapeHint[t + 1] ?? 0
    seen[i++] = shapeHint[t - 1] ?? 0
    seen[i++] = contextHint[t] as number
    seen[i++] = contextHint[t - 1] ?? 0
    seen[i++] = (notes.phrase[t] as number) | ((notes.phrase[t - 1] ?? 0) << 2) | ((notes.phrase[t + 1] ?? 0) << 4)
    seen[i++] = context.loud[t] as number
    seen[i++] = nearestCue(context, t)
    seen[i++] = lineStart(tokens, t)
    hashRows(seen, out)
  }
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
