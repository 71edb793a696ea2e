/** The best sequence of tags under the model (Viterbi), where certain findings are given. */
import { type Context, FEATURE_COUNT, featureReader } from './features.ts'
import { NONE, TAG_COUNT } from './labels.ts'

export interface Weights {
  /** Adds the weights of `rows` (FEATURE_COUNT of them) to the scores of the tags: most of the time of a text. */
  readonly addTo: (emit: Float64Array, rows: Int32Array) => void
  /** TAG_COUNT x TAG_COUNT, from x to. */
  readonly transitions: ArrayLike<number>
}

/** Below every score. */
const NEVER = -1e9

export interface Decoded {
  readonly tags: Uint8Array
  /** By token: by how much its best identifier is above a kept word, by its own features alone; negative below. In units of the weights. */
  readonly margins: Float64Array
  /** FEATURE_COUNT rows a token, when they were asked for. */
  readonly rows: Int32Array | undefined
}

/**
 * @param options `keepRows` for training; `preference` for identifiers, in units of the weights: what is lost by a missed one weighs
 * more than a word that is hidden without need
 */
export function decode(context: Context, model: Weights, { keepRows = false, preference = 0 } = {}): Decoded {
  const { count } = context.tokens
  const { addTo, transitions } = model
  const featuresOf = featureReader(context)
  const { least, most } = rangeOf(transitions)
  const rows = keepRows ? new Int32Array(count * FEATURE_COUNT) : undefined
  const row = new Int32Array(FEATURE_COUNT)
  const from = new Uint8Array(count * TAG_COUNT)
  let before = new Float64Array(TAG_COUNT).fill(NEVER)
  before[NONE] = 0
  let scores = new Float64Array(TAG_COUNT)
  const emit = new Float64Array(TAG_COUNT)
  const margins = new Float64Array(count).fill(NEVER)
  const possible = new Uint8Array(TAG_COUNT)
  for (let t = 0; t < count; t++) {
    const given = certainTag(context, t)
    emit.fill(0)
    // Where the tag is given, every way has the same emission: it decides nothing.
    if (given < 0 || rows !== undefined) {
      featuresOf(t, row)
      rows?.set(row, t * FEATURE_COUNT)
      emit[NONE] = -preference
      addTo(emit, row)
      margins[t] = marginOf(emit)
    }
    const ways = possibleBefore()
    for (let tag = 0; tag < TAG_COUNT; tag++) {
      let best = NEVER * 2
      let origin = 0
      for (let way = 0; way < ways; way++) {
        const last = possible[way] as number
        const score = (before[last] as number) + (transitions[last * TAG_COUNT + tag] as number)
        if (score > best) {
          best = score
          origin = last
        }
      }
      from[t * TAG_COUNT + tag] = origin
      scores[tag] = best + (given < 0 || given === tag ? (emit[tag] as number) : NEVER)
    }
    ;[before, scores] = [scores, before]
  }
  return { tags: backtrack(before, from, count), margins, rows }

  /** Writes the tags that can still be the best before some tag, in their order; for the others another one is better before every tag. */
  function possibleBefore(): number {
    let floor = NEVER * 3
    for (let last = 0; last < TAG_COUNT; last++)
      floor = Math.max(floor, (before[last] as number) + (least[last] as number))
    let ways = 0
    for (let last = 0; last < TAG_COUNT; last++)
      if ((before[last] as number) + (most[last] as number) >= floor) possible[ways++] = last
    return ways
  }
}

/** @returns the least and the greatest transition from each tag */
function rangeOf(transitions: ArrayLike<number>): { readonly least: Float64Array; readonly most: Float64Array } {
  const least = new Float64Array(TAG_COUNT).fill(-NEVER)
  const most = new Float64Array(TAG_COUNT).fill(NEVER)
  for (let last = 0; last < TAG_COUNT; last++)
    for (let tag = 0; tag < TAG_COUNT; tag++) {
      const score = transitions[last * TAG_COUNT + tag] as number
      if (score < (least[last] as number)) least[last] = score
      if (score > (most[last] as number)) most[last] = score
    }
  return { least, most }
}

function marginOf(emit: Float64Array): number {
  let best = NEVER
  for (let tag = 1; tag < TAG_COUNT; tag++) if ((emit[tag] as number) > best) best = emit[tag] as number
  return best - (emit[NONE] as number)
}

function backtrack(last: Float64Array, from: Uint8Array, count: number): Uint8Array {
  const tags = new Uint8Array(count)
  let tag = 0
  for (let one = 1; one < TAG_COUNT; one++) if ((last[one] as number) > (last[tag] as number)) tag = one
  for (let t = count - 1; t >= 0; t--) {
    tags[t] = tag
    tag = from[t * TAG_COUNT + tag] as number
  }
  return tags
}

/** @returns the tag that a certain finding gives; -1 without one */
function certainTag({ shapeHint, contextHint }: Context, t: number): number {
  const shape = shapeHint[t] as number
  if (shape & 2) return shape >> 2
  const context = contextHint[t] as number
  return context & 2 ? context >> 2 : -1
}
