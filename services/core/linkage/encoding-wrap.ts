/**
 * Encodings under another key, without the identities that they are of (docs/adr/0065). The bits of each filter change places by a secret permutation, one for all fields
 * that are compared with each other: how many bits two filters have, and have in common, stays, and so does every estimate, level and weight. A token is
 * hashed as the index of before has hashed it, and once more: what that index stores can be moved on, too, although nobody has what its tokens were made of.
 *
 * The secret of a step, 32 bytes: the key under which the index of before hashes tokens, 16 bytes, then 16 random ones.
 */
import { createCipheriv, randomBytes } from 'node:crypto'
import { deriveKey } from '../crypto/hmac.ts'
import { sipHash24 } from '../crypto/siphash.ts'
import type { Field, Layout } from './layout.ts'

export const TOKEN_KEY_BYTES = 16
const WORD_BITS = 32
const PRODUCER = 1
const DRAW_BYTES = 4
const DRAWN_AT_ONCE = 256 * DRAW_BYTES

/** From an encoding of one version to one of the next. */
export interface EncodingWrap {
  /** @param filters of all fields */
  readonly filters: (filters: Int32Array) => Int32Array
  /** @param field its place in the layout @param filter of it alone */
  readonly filter: (field: number, filter: Int32Array) => Int32Array
  /** @param tokens as the index of before stores them: two words each */
  readonly storedTokens: (tokens: Int32Array) => Int32Array
  /** @param tokens as they are before an index hashes them: two words each, both 0 where there is none */
  readonly tokens: (tokens: Int32Array) => Int32Array
  /** @param producer as the index of before stores it, 32 bits; 0 where there is none */
  readonly producer: (producer: number) => number
}

/** Of an encoding, what depends on the key. */
interface Encoded {
  readonly filters: Int32Array
  readonly tokens: Int32Array
}

export interface EncodingWraps {
  /** Of the encodings that are compared. */
  readonly version: number
  /** Whether an encoding of this version can be lifted. */
  readonly has: (version: number) => boolean
  /** @param from version of the encoding @returns that in force @throws RangeError when `has` says no */
  readonly lift: <T extends Encoded>(encoded: T, from: number) => T
  /** As `lift`, of tokens alone. */
  readonly liftTokens: (tokens: Int32Array, from: number) => Int32Array
  /** From the first version, of one filter alone: who makes filters keeps them by their value. @param field its place in the layout */
  readonly liftFilter: (field: number, filter: Int32Array) => Int32Array
  /** From the first version. @param producer as an index of that version stores it, 32 bits */
  readonly liftProducer: (producer: number) => number
  /** The key under which an index of the first version hashes tokens; undefined where no key was ever rotated. */
  readonly firstTokenKey: Buffer | undefined
}

/** @param tokenKey of the index of before, 16 bytes @returns a new secret of a step */
export function newWrapSecret(tokenKey: Buffer): Buffer {
  if (tokenKey.length !== TOKEN_KEY_BYTES) throw new RangeError('a key of tokens has 16 bytes')
  return Buffer.concat([tokenKey, randomBytes(TOKEN_KEY_BYTES)])
}

/** @param secret of the step, 32 bytes */
export function encodingWrap(layout: Layout, secret: Buffer): EncodingWrap {
  const before = tokenHash(secret.subarray(0, TOKEN_KEY_BYTES))
  const after = tokenHash(deriveKey(secret, 'chainon/linkage/wrap/token/1').subarray(0, TOKEN_KEY_BYTES))
  const places = layout.fields.map(({ domain, bits }) =>
    permutation(deriveKey(secret, `chainon/linkage/wrap/filter/1/${domain}/${bits}`), bits),
  )
  return {
    filters(filters) {
      const moved = new Int32Array(filters.length)
      for (const [at, field] of layout.fields.entries()) moveBits(filters, moved, field, places[at] as Uint16Array)
      return moved
    },
    filter(field, filter) {
      const moved = new Int32Array(filter.length)
      moveBits(filter, moved, { offset: 0, words: filter.length }, places[field] as Uint16Array)
      return moved
    },
    storedTokens: (tokens) => after(tokens),
    tokens: (tokens) => after(before(tokens)),
    producer: (producer) => (producer === 0 ? 0 : (after(Int32Array.of(producer, PRODUCER))[0] as number)),
  }
}

/** @param secrets of the steps, by the version that each leads to; they follow one another in the order of their versions */
export function encodingWraps(layout: Layout, secrets: ReadonlyMap<number, Buffer>): EncodingWraps {
  const steps = [...secrets]
    .map(([version, secret]) => ({ version, secret, wrap: encodingWrap(layout, secret) }))
    .toSorted((a, b) => a.version - b.version)
  const version = steps.at(-1)?.version ?? 1
  const has = (from: number) => from === 1 || secrets.has(from)
  function after(from: number): readonly EncodingWrap[] {
    if (!has(from)) throw new RangeError(`encodings of version ${from} cannot be lifted`)
    return steps.flatMap((step) => (step.version > from ? [step.wrap] : []))
  }
  const liftTokens: EncodingWraps['liftTokens'] = (tokens, from) =>
    after(from).reduce((lifted, wrap) => wrap.tokens(lifted), tokens)
  return {
    version,
    has,
    liftTokens,
    liftProducer: (producer) => steps.reduce((lifted, { wrap }) => wrap.producer(lifted), producer),
    firstTokenKey: steps[0]?.secret.subarray(0, TOKEN_KEY_BYTES),
    liftFilter: (field, filter) => steps.reduce((lifted, { wrap }) => wrap.filter(field, lifted), filter),
    lift: (encoded, from) =>
      from === version
        ? encoded
        : {
            ...encoded,
            filters: after(from).reduce((lifted, wrap) => wrap.filters(lifted), encoded.filters),
            tokens: liftTokens(encoded.tokens, from),
          },
  }
}

/** Where no key was ever rotated. */
export const FIRST_ENCODING: EncodingWraps = encodingWraps({ fields: [], words: 0 }, new Map())

/** @returns tokens hashed, each in its place; a missing one stays missing */
function tokenHash(key: Buffer): (tokens: Int32Array) => Int32Array {
  const sip = sipHash24(key)
  const message = new Int32Array(2)
  return (tokens) => {
    const made = new Int32Array(tokens.length)
    for (let at = 0; at < tokens.length; at += 2) {
      message[0] = tokens[at] as number
      message[1] = tokens[at + 1] as number
      if (message[0] === 0 && message[1] === 0) continue
      sip.hash(message, 2)
      made.set(sip.result, at)
    }
    return made
  }
}

function moveBits(
  from: Int32Array,
  to: Int32Array,
  { offset, words }: Pick<Field, 'offset' | 'words'>,
  places: Uint16Array,
): void {
  for (let word = 0; word < words; word++)
    for (let left = from[offset + word] as number; left !== 0; left &= left - 1) {
      const place = places[WORD_BITS * word + 31 - Math.clz32(left & -left)] as number
      const at = offset + (place >>> 5)
      to[at] = (to[at] as number) | (1 << (place & 31))
    }
}

/** @param key 32 bytes @returns a permutation of the first `bits` numbers; each is as likely (Fisher and Yates, from a key stream of AES) */
function permutation(key: Buffer, bits: number): Uint16Array {
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  let [drawn, at] = [Buffer.alloc(0), 0]
  /** @returns a number below n; draws that would make the lower ones more likely are left out */
  function below(n: number): number {
    const most = 2 ** 32 - (2 ** 32 % n)
    for (;;) {
      if (at === drawn.length) [drawn, at] = [stream.update(Buffer.alloc(DRAWN_AT_ONCE)), 0]
      const one = drawn.readUInt32LE(at)
      at += DRAW_BYTES
      if (one < most) return one % n
    }
  }
  const places = Uint16Array.from({ length: bits }, (_, place) => place)
  for (let last = bits - 1; last > 0; last--) {
    const other = below(last + 1)
    ;[places[last], places[other]] = [places[other] as number, places[last] as number]
  }
  return places
}
