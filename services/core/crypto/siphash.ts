/**
 * SipHash-2-4 (J.-P. Aumasson, D. J. Bernstein, INDOCRYPT 2012): a keyed pseudorandom function with a key of 128 and a result of 64
 * bits, made for short messages: linkage tokens, of which a record has about 15. HMAC-SHA-256 of each would be two calls of OpenSSL, and 64
 * of its 256 bits would be kept.
 * 64-bit numbers are pairs of 32-bit halves, the low one first: BigInt allocates. Tested against the vectors of the authors.
 */

export interface SipHash {
  /**
   * Hashes the first `words` 32-bit words of `message`, an even number, read as bytes in little-endian order. The result is in
   * `result` until the next call: the low half, then the high half.
   */
  hash(message: Int32Array, words: number): void
  readonly result: Int32Array
}

/** @param key 16 bytes (RangeError otherwise) */
export function sipHash24(key: Buffer): SipHash {
  if (key.length !== 16) throw new RangeError('a key of SipHash has 16 bytes')
  const k0l = key.readInt32LE(0)
  const k0h = key.readInt32LE(4)
  const k1l = key.readInt32LE(8)
  const k1h = key.readInt32LE(12)
  const result = new Int32Array(2)
  let v0l = 0
  let v0h = 0
  let v1l = 0
  let v1h = 0
  let v2l = 0
  let v2h = 0
  let v3l = 0
  let v3h = 0

  function rounds(count: number): void {
    for (let i = 0; i < count; i++) {
      let low = (v0l >>> 0) + (v1l >>> 0)
      v0h = (v0h + v1h + (low > 0xffff_ffff ? 1 : 0)) | 0
      v0l = low | 0
      let t = (v1l << 13) | (v1h >>> 19)
      v1h = (v1h << 13) | (v1l >>> 19)
      v1l = t ^ v0l
      v1h ^= v0h
      t = v0l
      v0l = v0h
      v0h = t
      low = (v2l >>> 0) + (v3l >>> 0)
      v2h = (v2h + v3h + (low > 0xffff_ffff ? 1 : 0)) | 0
      v2l = low | 0
      t = (v3l << 16) | (v3h >>> 16)
      v3h = (v3h << 16) | (v3l >>> 16)
      v3l = t ^ v2l
      v3h ^= v2h
      low = (v0l >>> 0) + (v3l >>> 0)
      v0h = (v0h + v3h + (low > 0xffff_ffff ? 1 : 0)) | 0
      v0l = low | 0
      t = (v3l << 21) | (v3h >>> 11)
      v3h = (v3h << 21) | (v3l >>> 11)
      v3l = t ^ v0l
      v3h ^= v0h
      low = (v2l >>> 0) + (v1l >>> 0)
      v2h = (v2h + v1h + (low > 0xffff_ffff ? 1 : 0)) | 0
      v2l = low | 0
      t = (v1l << 17) | (v1h >>> 15)
      v1h = (v1h << 17) | (v1l >>> 15)
      v1l = t ^ v2l
      v1h ^= v2h
      t = v2l
      v2l = v2h
      v2h = t
    }
  }

  function compress(low: number, high: number): void {
    v3l ^= low
    v3h ^= high
    rounds(2)
    v0l ^= low
    v0h ^= high
  }

  return {
    result,
    hash(message, words) {
      v0l = k0l ^ 0x70736575
      v0h = k0h ^ 0x736f6d65
      v1l = k1l ^ 0x6e646f6d
      v1h = k1h ^ 0x646f7261
      v2l = k0l ^ 0x6e657261
      v2h = k0h ^ 0x6c796765
      v3l = k1l ^ 0x79746573
      v3h = k1h ^ 0x74656462
      for (let i = 0; i + 1 < words; i += 2) compress(message[i] ?? 0, message[i + 1] ?? 0)
      // The last block has the length in bytes in its highest byte.
      compress(0, (words * 4) << 24)
      v2l ^= 0xff
      rounds(4)
      result[0] = v0l ^ v1l ^ v2l ^ v3l
      result[1] = v0h ^ v1h ^ v2h ^ v3h
    },
  }
}
