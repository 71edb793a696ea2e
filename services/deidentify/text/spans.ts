/** From the tags of tokens, and from what is certain, to spans that do not overlap. */
import type { Notes } from './annotate.ts'
import { hashFolded } from './characters.ts'
import { CUE } from './cues.ts'
import { widened } from './edges.ts'
import { refineKind } from './kinds.ts'
import { COMMON_GIVEN, EPONYM, WORD_FR } from './lexicon/lexicon.ts'
import { isPlausible, type TokenSpan } from './plausible.ts'
import { kindOf, NONE, TAGS, tagOf } from './tagger/labels.ts'
import { CAPITALISED, INITIAL, LINE_END, LOWER, SPACED, type Tokens, UPPER } from './tokens.ts'
import type { Finding, Language, Span } from './types.ts'

const GIVEN = TAGS.indexOf('given')
const FAMILY = TAGS.indexOf('family')
const ADDRESS = TAGS.indexOf('address')
const ID = TAGS.indexOf('id')
const WIDOW = hashFolded('veuve')

/**
 * @param tags by token; undefined when the tagger is switched off: then each finding counts, the first where they overlap
 * @param findings of the other layers, in the order of their weight
 */
export function spansOf(
  tokens: Tokens,
  notes: Notes,
  findings: readonly Finding[],
  tags: Uint8Array | undefined,
  language: Language,
): Span[] {
  const taken = new Uint8Array(tokens.count)
  const spans: TokenSpan[] = []
  for (const { start, end, kind, certain } of findings) {
    if (tags !== undefined && !certain) continue
    const { first, last } = spanTokens(tokens, { start, end, kind })
    if (taken.subarray(first, last + 1).includes(1)) continue
    taken.fill(1, first, last + 1)
    spans.push({ start, end, kind, first, last, tag: tagOf(kind) })
  }
  if (tags !== undefined) {
    const kinds = proposedKinds(tokens, findings)
    for (let t = 0; t < tokens.count; t++) {
      const tag = tags[t] as number
      if (tag === NONE || taken[t] === 1 || tokens.type[t] === LINE_END) continue
      // A title is no part of the name after it.
      if (isName(tag) && isTitle(tokens, notes, t) && isName(tags[t + 1] ?? NONE)) continue
      const first = t
      while (t + 1 < tokens.count && taken[t + 1] !== 1 && continues(tokens, notes, tags, t, tag, language)) t++
      const proposed = kinds.get(first)
      const kind = proposed !== undefined && tagOf(proposed) === tag ? proposed : kindOf(tag)
      const span = { start: tokens.start[first] as number, end: tokens.end[t] as number, kind, first, last: t, tag }
      if (isPlausible(tokens, notes, tags, span, kinds)) spans.push(span)
    }
  }
  const parts = joined(
    tokens,
    spans.sort((a, b) => a.start - b.start),
    language,
  )
  const out: Span[] = []
  let free = 0
  for (const [i, part] of parts.entries()) {
    const wide =
      tags === undefined ? part : widened(tokens, notes, part, free, parts[i + 1]?.start ?? Infinity, language)
    const { start, end, kind, first, last } = wide
    free = end
    out.push({ start, end, kind: refineKind(tokens, notes, first, last, kind) })
  }
  return out
}

/** Whether the token after belongs to the same span. English notes count a whole name as one, French ones its parts. */
function continues(
  tokens: Tokens,
  notes: Notes,
  tags: Uint8Array,
  t: number,
  tag: number,
  language: Language,
): boolean {
  const next = tags[t + 1] as number
  if (tokens.type[t + 1] === LINE_END || (tokens.gap[t + 1] as number) > SPACED) return false
  if (language === 'en') return next === tag || (isName(next) && isName(tag))
  if (next !== tag) return false
  // A common given name beside another word: the tagger took both for the family name.
  const parts = tokens.gap[t + 1] === SPACED && tag === FAMILY
  if (parts && isGivenName(notes, t) !== isGivenName(notes, t + 1)) return false
  // Rose BONNET: a change of writing, but for a particle.
  const [own, other] = [tokens.written[t] as number, tokens.written[t + 1] as number]
  const isChange = own + other === CAPITALISED + UPPER && own !== other
  return !(tokens.gap[t + 1] === SPACED && isName(tag) && isChange && ((notes.cues[t] as number) & CUE.particle) === 0)
}

const isGivenName = ({ flags }: Notes, t: number): boolean =>
  ((flags[t] as number) & COMMON_GIVEN) !== 0 && ((flags[t] as number) & (WORD_FR | EPONYM)) === 0
const isTitle = (tokens: Tokens, { cues }: Notes, t: number): boolean =>
  ((cues[t] as number) & (CUE.civility | CUE.doctor)) !== 0 || tokens.hash[t] === WIDOW
const isName = (tag: number) => tag === GIVEN || tag === FAMILY

function proposedKinds(tokens: Tokens, findings: readonly Finding[]): ReadonlyMap<number, Finding['kind']> {
  const kinds = new Map<number, Finding['kind']>()
  for (const { start, kind, certain } of findings) if (!certain) kinds.set(tokenAt(tokens, start), kind)
  return kinds
}

/** @returns first and last token of a span */
export function spanTokens(tokens: Tokens, { start, end }: Span): { first: number; last: number } {
  const first = tokenAt(tokens, start)
  let last = first
  while (last + 1 < tokens.count && (tokens.start[last + 1] as number) < end) last++
  return { first, last }
}

/** @returns the token that contains the offset, or the first after it */
export function tokenAt({ end, count }: Tokens, offset: number): number {
  let low = 0
  let high = count - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((end[middle] as number) <= offset) low = middle + 1
    else high = middle
  }
  return low
}

/** Puts together what a hyphen or an apostrophe connects, and an initial with its point. */
function joined(tokens: Tokens, spans: readonly TokenSpan[], language: Language): TokenSpan[] {
  const out: TokenSpan[] = []
  for (const span of spans) {
    const before = out.at(-1)
    // What the span before was extended over.
    if (before !== undefined && span.last <= before.last) continue
    const longer = isInitial(tokens, span) ? 1 : lettersAfter(tokens, span)
    const last = longer === 0 && language === 'en' ? endOfHospital(tokens, span) : span.last + longer
    const whole = last > span.last ? { ...span, end: tokens.end[last] as number, last } : span
    const connected =
      before !== undefined &&
      (isConnected(before, span, tokens.text.slice(before.end, span.start), language) ||
        isInverted(tokens, before, span, language))
    if (connected) out[out.length - 1] = { ...before, end: whole.end, last: whole.last }
    else out.push(whole)
  }
  return out
}

function isConnected(before: TokenSpan, { tag }: TokenSpan, between: string, language: Language): boolean {
  if (before.tag === ADDRESS && tag === ADDRESS) return /^[ .,'’-]{1,3}$/.test(between)
  if (before.tag === ID && tag === ID) return between === ' '
  if (isWord(before.tag) && isWord(tag) && /^[-'’]$/.test(between)) return true
  // One name in English notes: its parts with a space between, and Last, First.
  if (language !== 'en' || !isName(before.tag) || !isName(tag)) return false
  return between === ' ' || (before.tag === FAMILY && tag === GIVEN && /^ ?, ?$/.test(between))
}

/** SANTIAGO-VEGA, MILAGROS; OKORO, Ruth: after a name in capitals, a comma between is no list. */
const isInverted = ({ text, written }: Tokens, before: TokenSpan, span: TokenSpan, language: Language): boolean =>
  language === 'en' &&
  isName(before.tag) &&
  isName(span.tag) &&
  written[before.last] === UPPER &&
  (written[span.first] === UPPER || written[span.first] === CAPITALISED) &&
  /^ ?, ?$/.test(text.slice(before.end, span.start))

const WORDS = new Set(
  ['given', 'family', 'city', 'hospital', 'address'].map((tag) => TAGS.indexOf(tag as (typeof TAGS)[number])),
)
const isWord = (tag: number) => WORDS.has(tag)

/** A name that ends with one capital and a point. */
const isInitial = ({ written, text, end }: Tokens, { tag, last }: TokenSpan): boolean =>
  isName(tag) && written[last] === INITIAL && text[end[last] as number] === '.'

/** @returns tokens to add for the last letter of Le Floc'h, Guyomarc'h */
function lettersAfter({ text, end }: Tokens, { tag, last }: TokenSpan): number {
  const at = end[last] as number
  if (!isName(tag)) return 0
  if (/^['’]h(?!\p{L})/iu.test(text.slice(at, at + 3))) return 2
  return /^['’]h(?!\p{L})/iu.test(text.slice(at - 1, at + 2)) ? 1 : 0
}

const HOSPITAL_TAIL =
  /^(?:hospital|clinic|centre|center|medical|surgery|pediatrics|practice|home|care|infirmary|hospice|health|campus)$/i

/** English names of hospitals end with their word: Mercy General Hospital. */
function endOfHospital({ text, start, end, written, gap, count }: Tokens, { kind, last }: TokenSpan): number {
  let to = last
  while (
    kind === 'hospital' &&
    to + 1 < count &&
    gap[to + 1] === SPACED &&
    written[to + 1] !== LOWER &&
    HOSPITAL_TAIL.test(text.slice(start[to + 1], end[to + 1]))
  )
    to++
  return to
}
