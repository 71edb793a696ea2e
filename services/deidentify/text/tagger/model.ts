/** The tagger's weights, read from a file of `write`. */
import { readFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Weights } from './decode.ts'
import { FEATURE_COUNT, ROWS } from './features.ts'
import { TAG_COUNT } from './labels.ts'

export interface Model {
  /** ROWS x TAG_COUNT, row by row. */
  readonly weights: Int8Array
  /** TAG_COUNT x TAG_COUNT, from x to; a start has the row of `none`. */
  readonly transitions: Int8Array
}

const SIZE = ROWS * TAG_COUNT + TAG_COUNT * TAG_COUNT

/** @throws Error when the file is not of this version's size */
export function readModel(path: URL): Weights {
  const { weights, transitions } = parse(gunzipSync(readFileSync(path)))
  return { addTo: packed(weights), transitions }
}

function parse(bytes: Uint8Array): Model {
  if (bytes.length !== SIZE) throw new Error('the model is not of this version: run `npm run train`')
  const all = new Int8Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
  return { weights: all.subarray(0, ROWS * TAG_COUNT), transitions: all.subarray(ROWS * TAG_COUNT) }
}

/** Four weights in a word, each with this added, so that none is below 0. */
const BIAS = 128
/** Two sums in a word: those of all features are below 2^16. */
const LANES = 0x00ff00ff
const LOW = 0xffff

/** Weights of a byte are added two at a time, in the halves of a word: half the time of adding them one by one. The sums are the same. */
function packed(weights: Int8Array): Weights['addTo'] {
  const words = Int32Array.from({ length: weights.length / 4 }, (_, i) => {
    const byte = (at: number) => (weights[i * 4 + at] as number) + BIAS
    return byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24)
  })
  const WORDS = TAG_COUNT / 4
  const bias = BIAS * FEATURE_COUNT
  return function addPacked(emit, rows) {
    for (let word = 0; word < WORDS; word++) {
      let even = 0
      let odd = 0
      for (let f = 0; f < FEATURE_COUNT; f++) {
        const four = words[(rows[f] as number) * WORDS + word] as number
        // `| 0` keeps the sums whole numbers of 32 bits.
        even = (even + (four & LANES)) | 0
        odd = (odd + ((four >>> 8) & LANES)) | 0
      }
      const tag = word * 4
      emit[tag] = (emit[tag] as number) + (even & LOW) - bias
      emit[tag + 1] = (emit[tag + 1] as number) + (odd & LOW) - bias
      emit[tag + 2] = (emit[tag + 2] as number) + (even >>> 16) - bias
      emit[tag + 3] = (emit[tag + 3] as number) + (odd >>> 16) - bias
    }
  }
}

/** @returns the file's content */
export function serialise({ weights, transitions }: Model): Uint8Array {
  const all = new Int8Array(SIZE)
  all.set(weights)
  all.set(transitions, weights.length)
  return gzipSync(new Uint8Array(all.buffer), { level: 9 })
}
