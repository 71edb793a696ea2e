/** The tagger's weights, read from a file of `write`. */
import { readFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import { ROWS } from './features.ts'
import { TAG_COUNT } from './labels.ts'

export interface Model {
  /** ROWS x TAG_COUNT, row by row. */
  readonly weights: Int8Array
  /** TAG_COUNT x TAG_COUNT, from x to; a start has the row of `none`. */
  readonly transitions: Int8Array
}

const SIZE = ROWS * TAG_COUNT + TAG_COUNT * TAG_COUNT

/** @throws Error when the file is not of this version's size */
export function readModel(path: URL): Model {
  return parse(gunzipSync(readFileSync(path)))
}

function parse(bytes: Uint8Array): Model {
  if (bytes.length !== SIZE) throw new Error('the model is not of this version: run `npm run train`')
  const all = new Int8Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
  return { weights: all.subarray(0, ROWS * TAG_COUNT), transitions: all.subarray(ROWS * TAG_COUNT) }
}

/** @returns the file's content */
export function serialise({ weights, transitions }: Model): Uint8Array {
  const all = new Int8Array(SIZE)
  all.set(weights)
  all.set(transitions, weights.length)
  return gzipSync(new Uint8Array(all.buffer), { level: 9 })
}
