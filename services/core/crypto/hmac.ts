/**
 * HMAC-SHA-256 (RFC 2104, FIPS 198-1) with both key pads hashed by one-shot calls of `node:crypto`. `createHmac` makes an object for
 * each value and is slower: measured in loadtest/results/ (`*-hmac.txt`), decided in docs/adr/0006. Tested byte for byte against it.
 */
import { createHmac, hash } from 'node:crypto'

const BLOCK_BYTES = 64

export interface Mac {
  /** @returns the 32 bytes of HMAC-SHA-256, as 43 characters of base64url */
  digest(message: string): string
  /** @returns the 32 bytes themselves */
  bytes(message: string): Buffer
}

/** @param key at least 32 bytes; shorter keys are rejected (RangeError) */
export function hmacSha256(key: Buffer): Mac {
  if (key.length < 32) throw new RangeError('a key must have at least 32 bytes')
  const block = Buffer.alloc(BLOCK_BYTES)
  if (key.length > BLOCK_BYTES) hash('sha256', key, 'buffer').copy(block)
  else key.copy(block)
  let inner = Buffer.alloc(4096)
  const outer = Buffer.alloc(BLOCK_BYTES + 32)
  for (let i = 0; i < BLOCK_BYTES; i++) {
    inner[i] = (block[i] ?? 0) ^ 0x36
    outer[i] = (block[i] ?? 0) ^ 0x5c
  }
  function hashInner(message: string): void {
    const needed = BLOCK_BYTES + message.length * 3
    if (needed > inner.length) {
      const larger = Buffer.alloc(needed * 2)
      inner.copy(larger, 0, 0, BLOCK_BYTES)
      inner = larger
    }
    const length = inner.write(message, BLOCK_BYTES, 'utf8')
    hash('sha256', inner.subarray(0, BLOCK_BYTES + length), 'buffer').copy(outer, BLOCK_BYTES)
  }
  return {
    digest(message) {
      hashInner(message)
      return hash('sha256', outer, 'base64url')
    },
    bytes(message) {
      hashInner(message)
      return hash('sha256', outer, 'buffer')
    },
  }
}

/**
 * Derives an independent key for a purpose (HKDF-Expand, RFC 5869, one block): per-domain separation, so that equal values of
 * two domains have unrelated pseudonyms.
 */
export function deriveKey(secret: Buffer, purpose: string): Buffer {
  return createHmac('sha256', secret)
    .update(purpose)
    .update(Buffer.from([1]))
    .digest()
}
