/** Finds what identifies a person in a text: the layers in order. Pure: the same text and traits give the same spans. */
import { annotate, dictionaryFindings } from './annotate.ts'
import { findContext } from './context.ts'
import { findKnown } from './known/find-known.ts'
import type { Known } from './known/known.ts'
import { withoutLaws } from './laws.ts'
import type { Lexicon } from './lexicon/lexicon.ts'
import { namesLeft } from './name-lists.ts'
import { evenOut, labelled } from './proposals.ts'
import { findRepeats } from './repeats.ts'
import { segments } from './segments.ts'
import { findShapes } from './shapes/find-shapes.ts'
import { spansOf } from './spans.ts'
import { decode, type Weights } from './tagger/decode.ts'
import { contextOf } from './tagger/features.ts'
import { tokenise } from './tokens.ts'
import { LAYERS, type Language, type Layer, type Span } from './types.ts'
import { type Doubts, doubtsIn } from './uncertainty.ts'

export interface Resources {
  readonly lexicon: Lexicon
  readonly model: Weights
}

export interface ScanOptions {
  readonly language: Language
  readonly known?: Known
  /** All by default; fewer for a measurement. */
  readonly layers?: ReadonlySet<Layer>
}

/** For identifiers over kept words, by language: chosen among 30 to 140 by the balance on the marked texts of `loadtest/deid`. */
const PREFERENCE: Readonly<Record<Language, number>> = { fr: 90, en: 65 }

const ALL: ReadonlySet<Layer> = new Set(LAYERS)

/** Spans of one segment of a text, and how many characters it has. */
export interface ScannedPart {
  readonly spans: readonly Span[]
  readonly characters: number
  /** What was let stand and could not be told. */
  readonly doubts: Doubts
}

/** @returns spans in the order of the text, none overlapping; offsets in UTF-16 code units */
export function scan(text: string, resources: Resources, options: ScanOptions): Span[] {
  return [...scanParts(text, resources, options)].flatMap(({ spans }) => spans)
}

/** The same segment by segment, so that the caller can let other work run in between; the offsets are those of the whole text. */
export function* scanParts(
  text: string,
  { lexicon, model }: Resources,
  { language, known, layers = ALL }: ScanOptions,
): Generator<ScannedPart> {
  for (const { start, end } of segments(text)) {
    const part = start === 0 && end === text.length ? text : text.slice(start, end)
    const { found, doubts } = scanPart(part)
    const spans = found.map((span) => ({ start: span.start + start, end: span.end + start, kind: span.kind }))
    yield { spans, characters: end - start, doubts }
  }

  function scanPart(part: string): { found: readonly Span[]; doubts: Doubts } {
    const tokens = tokenise(part)
    const notes = annotate(tokens, lexicon)
    const forms = layers.has('shapes') ? withoutLaws(tokens, notes, findShapes(tokens, language)) : []
    const shapes = layers.has('context') ? labelled(tokens, notes, forms) : forms
    const context = layers.has('context') ? findContext(tokens, notes, language) : []
    const words = layers.has('dictionary') ? dictionaryFindings(tokens, notes) : []
    const decoded = layers.has('tagger')
      ? decode(contextOf(tokens, notes, shapes, context), model, { preference: PREFERENCE[language] })
      : undefined
    const tags = decoded?.tags
    if (tags) evenOut(tokens, tags, shapes)
    const traits = known !== undefined && layers.has('known') ? findKnown(tokens, notes, known) : []
    const spans = spansOf(tokens, notes, [...traits, ...shapes, ...context, ...words], tags, language)
    const left = tags !== undefined && layers.has('context') ? namesLeft(tokens, notes, spans) : []
    const once = withoutLaws(
      tokens,
      notes,
      left.length === 0 ? spans : [...spans, ...left].sort((a, b) => a.start - b.start),
    )
    const found = layers.has('repeats')
      ? [...once, ...findRepeats(tokens, notes, once, language)].sort((a, b) => a.start - b.start)
      : once
    return { found, doubts: doubtsIn(tokens, notes, found, decoded?.margins) }
  }
}
