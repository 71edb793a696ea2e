/**
 * What a word can be: a table of hashes, made by build/main.ts from the sources in README.md. One look-up gives every list that
 * contains the word. A word that is in no list is taken for one that is with a probability of about 0.0003.
 */
import { readFileSync } from 'node:fs'

export const GIVEN = 1
export const COMMON_GIVEN = 2
export const FAMILY = 4
export const COMMON_FAMILY = 8
/** The last word of a place's name; with one word, the name itself. */
export const PLACE = 16
export const COMMON_PLACE = 32
/** Beginning of a name of several words (a place, a hospital). */
export const BEGINS = 64
export const WORD_FR = 128
export const WORD_EN = 256
/** A word of medicine: a disease, a drug, a test, an eponym, a ward. */
export const MEDICAL = 512
export const HOSPITAL = 1024
/** An eponym of a disease, sign, score or operation: a name that is medicine here. */
export const EPONYM = 2048

/** A name of several words is looked up below the hash of its words; this keeps it apart from a single word. */
export const PHRASE = 0x5bd1e995

export interface Lexicon {
  /** @returns the flags of a folded word's hash (`hashFolded`); 0 when it is unknown */
  flags(hash: number): number
}

const MAGIC = 0x314c4843

/** Slot and fingerprint of a hash. */
const slotOf = (hash: number): number => Math.imul(hash ^ (hash >>> 16), 0x7feb352d) >>> 4
const fingerprintOf = (hash: number): number => (Math.imul(hash ^ (hash >>> 13), 0x846ca68b) >>> 16) & 0xffff

/** @param path a file of `compile` @throws Error when it is not one */
export function readLexicon(path: URL): Lexicon {
  const bytes = readFileSync(path)
  const words = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  if (words[0] !== MAGIC || words.length !== (words[1] as number) + 2) throw new Error('not a lexicon')
  return lexiconOf(words.subarray(2))
}

/** @param slots fingerprint in the high half, flags in the low half; a power of two of them */
function lexiconOf(slots: Uint32Array): Lexicon {
  const last = slots.length - 1
  return {
    flags(hash) {
      const fingerprint = fingerprintOf(hash)
      for (let i = slotOf(hash) & last; ; i = (i + 1) & last) {
        const slot = slots[i] as number
        if (slot === 0) return 0
        if (slot >>> 16 === fingerprint) return slot & 0xffff
      }
    },
  }
}

/** @returns the file's content: header, then the slots, at most 90 of 100 used */
export function compile(flagsByHash: ReadonlyMap<number, number>): Uint8Array {
  const size = 2 ** Math.ceil(Math.log2(Math.max(16, flagsByHash.size / 0.9)))
  const out = new Uint32Array(size + 2)
  out[0] = MAGIC
  out[1] = size
  const slots = out.subarray(2)
  for (const [hash, flags] of flagsByHash) {
    const fingerprint = fingerprintOf(hash)
    let i = slotOf(hash) & (size - 1)
    while (slots[i] !== 0 && (slots[i] as number) >>> 16 !== fingerprint) i = (i + 1) & (size - 1)
    slots[i] = ((fingerprint << 16) | ((slots[i] as number) & 0xffff) | flags) >>> 0
  }
  return new Uint8Array(out.buffer)
}
