/** What becomes of a proposed number or date: certain after its label, and hidden whole when the tagger took a part of it. */
import type { Notes } from './annotate.ts'
import { CUE } from './cues.ts'
import { spanTokens } from './spans.ts'
import { NONE, tagOf } from './tagger/labels.ts'
import { LINE_END, NUMBER, type Tokens, WORD } from './tokens.ts'
import type { Finding } from './types.ts'

const LABELS = CUE.accession | CUE.mrn | CUE.ipp | CUE.nda | CUE.rpps | CUE.nir
/** Tokens between a label and its number. */
const REACH = 4
const ID = tagOf('id')

/** @returns the shapes, where a number of letters and figures that stands right after a label is certain */
export function labelled(tokens: Tokens, { cues }: Notes, shapes: readonly Finding[]): readonly Finding[] {
  return shapes.map((shape) => {
    if (shape.certain || tagOf(shape.kind) !== ID) return shape
    const { first } = spanTokens(tokens, shape)
    for (let t = first - 1; t >= 0 && t >= first - REACH; t--) {
      if (tokens.type[t] === NUMBER || tokens.type[t] === LINE_END) break
      if ((cues[t] as number) & LABELS) return { ...shape, certain: true }
    }
    return shape
  })
}

/** Gives all tokens of a proposal its tag when the tagger gave some of its words or numbers any; changes `tags`. */
export function evenOut(tokens: Tokens, tags: Uint8Array, shapes: readonly Finding[]): void {
  for (const shape of shapes) {
    // A part of `6/10` says nothing of the whole.
    if (shape.certain || shape.kind === 'date') continue
    const { first, last } = spanTokens(tokens, shape)
    let [some, all] = [false, true]
    for (let t = first; t <= last; t++) {
      if (tokens.type[t] !== WORD && tokens.type[t] !== NUMBER) continue
      if (tags[t] === NONE) all = false
      else some = true
    }
    const tag = tagOf(shape.kind)
    if (some && (!all || (tag === ID && first < last))) tags.fill(tag, first, last + 1)
  }
}
