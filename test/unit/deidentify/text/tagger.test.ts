/** The short ways of the tagger: what they give is what the long ones give. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { seeded } from '../../../../loadtest/chaos/random.ts'
import { annotate } from '../../../../services/deidentify/text/annotate.ts'
import { findContext } from '../../../../services/deidentify/text/context.ts'
import { loadResources } from '../../../../services/deidentify/text/resources.ts'
import { findShapes } from '../../../../services/deidentify/text/shapes/find-shapes.ts'
import { decode } from '../../../../services/deidentify/text/tagger/decode.ts'
import { contextOf, FEATURE_COUNT, featureReader, ROWS } from '../../../../services/deidentify/text/tagger/features.ts'
import { NONE, TAG_COUNT } from '../../../../services/deidentify/text/tagger/labels.ts'
import { tokenise } from '../../../../services/deidentify/text/tokens.ts'

const { lexicon, model } = loadResources('fr')
const bytes = gunzipSync(readFileSync('services/deidentify/text/tagger/model-fr.bin'))
const weights = new Int8Array(bytes.buffer, bytes.byteOffset, ROWS * TAG_COUNT)

const TEXT =
  'Compte rendu de Mme DUPONT Jeanne, née le 03/04/1956 à Saint-Étienne, IPP 8012939402.\nVue par le Dr Paul Lefort au CHU Bichat : 12 mg de morphine, TA 13/8. Adresse 12 bis rue des Lilas, 69003 Lyon. Tél. 04 72 11 22 33'

test('weights that are added two at a time have the sums of those that are added one by one', () => {
  const random = seeded('packed')
  for (let run = 0; run < 500; run++) {
    const rows = Int32Array.from({ length: FEATURE_COUNT }, () => random.int(0, ROWS - 1))
    const emit = new Float64Array(TAG_COUNT).fill(-3)
    model.addTo(emit, rows)
    const plain = Array.from({ length: TAG_COUNT }, (_, tag) =>
      rows.reduce((sum, row) => sum + (weights[row * TAG_COUNT + tag] as number), -3),
    )
    expect([...emit]).toEqual(plain)
  }
})

test('the greatest and the least weights do not run over', () => {
  for (const weight of [-128, -127, 127]) {
    const row = weights.indexOf(weight)
    if (row < 0) continue
    const rows = new Int32Array(FEATURE_COUNT).fill(Math.floor(row / TAG_COUNT))
    const emit = new Float64Array(TAG_COUNT)
    model.addTo(emit, rows)
    expect(emit[row % TAG_COUNT]).toBe(weight * FEATURE_COUNT)
  }
})

test('ways that cannot be the best are left out, and the best is the same', () => {
  const random = seeded('ways')
  const tokens = tokenise(TEXT)
  const notes = annotate(tokens, lexicon)
  const context = contextOf(tokens, notes, findShapes(tokens, 'fr'), findContext(tokens, notes, 'fr'))
  const free = { ...context, shapeHint: new Uint8Array(tokens.count), contextHint: new Uint8Array(tokens.count) }
  for (let run = 0; run < 200; run++) {
    // From small, where many ways are equal, to large, where one way decides.
    const size = 10 ** random.int(0, 3)
    const transitions = Int32Array.from({ length: TAG_COUNT ** 2 }, () => random.int(-size, size))
    const scores = Float64Array.from({ length: tokens.count * TAG_COUNT }, () => random.int(-20, 20))
    let at = 0
    const addTo = (emit: Float64Array) => {
      for (let tag = 0; tag < TAG_COUNT; tag++) emit[tag] = scores[at++] as number
    }
    expect([...decode(free, { addTo, transitions }).tags]).toEqual(longWay(scores, transitions, tokens.count))
  }
})

test('a value that is in no feature would be lost: each one that is seen changes a row', () => {
  const tokens = tokenise(TEXT)
  const notes = annotate(tokens, lexicon)
  const context = contextOf(tokens, notes, findShapes(tokens, 'fr'), findContext(tokens, notes, 'fr'))
  const rowsOf = (changed: object) => {
    const read = featureReader({ ...context, ...changed })
    const all: number[] = []
    const out = new Int32Array(FEATURE_COUNT)
    for (let t = 0; t < tokens.count; t++) {
      read(t, out)
      all.push(...out)
    }
    return all
  }
  const before = rowsOf({})
  for (const name of ['shapeHint', 'contextHint', 'shape', 'loud', 'flags', 'suffix', 'words'] as const)
    expect(rowsOf({ [name]: context[name].map((value) => value ^ 1) })).not.toEqual(before)
})

/** Viterbi over all ways. */
function longWay(scores: Float64Array, transitions: Int32Array, count: number): number[] {
  let before: number[] = Array.from({ length: TAG_COUNT }, (_, tag) => (tag === NONE ? 0 : -1e9))
  const from: number[][] = []
  for (let t = 0; t < count; t++) {
    const ways = before.map((_, tag) => {
      const all = before.map((score, last) => score + (transitions[last * TAG_COUNT + tag] as number))
      return all.indexOf(Math.max(...all))
    })
    from.push(ways)
    before = ways.map(
      (last, tag) =>
        (before[last] as number) +
        (transitions[last * TAG_COUNT + tag] as number) +
        (scores[t * TAG_COUNT + tag] as number),
    )
  }
  let tag = before.indexOf(Math.max(...before))
  const tags = Array.from<number>({ length: count })
  for (let t = count - 1; t >= 0; t--) {
    tags[t] = tag
    tag = from[t]?.[tag] ?? NONE
  }
  return tags
}
