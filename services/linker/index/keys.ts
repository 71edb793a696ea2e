/**
 * The keys of the linkage index. Encodings are identifying (docs/adr/0024): filters and ids are sealed by AES-256-GCM, tokens are hashed again,
 * so that a copy of the index says nothing to who has the key of the encodings alone, and ids are hashed.
 */
import { createCipheriv, createDecipheriv, createSecretKey, randomFillSync } from 'node:crypto'
import { deriveKey, hmacSha256 } from '#core/crypto/hmac.ts'
import { sipHash24 } from '#core/crypto/siphash.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { type EncodingWraps, FIRST_ENCODING } from '#core/linkage/encoding-wrap.ts'
import { ID_BYTES } from './codec.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16
/** Nonces are random: one key seals at most 2^32 records (NIST SP 800-38D, 8.3). */
const NONCES = 1024

export interface IndexKeys {
  /** Names the key without telling it: two indexes with one fingerprint have one key. */
  readonly fingerprint: string
  /** @param head the part in clear: it is authenticated @returns head, nonce, ciphertext, tag */
  seal(head: Buffer, plain: Buffer): Buffer
  /**
   * @param stored what `seal` returned @param headBytes of the part in clear
   * @throws ChainonError seal-broken when a bit was changed, or the key is another one
   */
  open(stored: Buffer, headBytes: number): Buffer
  /** @param tokens two words for each kind, both 0 when missing @returns two words for each that is there, in the order of the kinds */
  tokens(tokens: Int32Array): Int32Array
  /** @returns 12 bytes */
  id(id: string): Buffer
  /** @param name of who sends records @returns 32 bits: of two of a thousand producers they are the same in one installation of ten thousand */
  producer(name: string): number
}

/** @param secret of the index, 32 bytes or more @returns the key under which it hashes tokens, 16 bytes: the next version of encodings begins with it */
export function tokenKeyOf(secret: Buffer): Buffer {
  return deriveKey(secret, 'chainon/linkage/index/token/1').subarray(0, 16)
}

/**
 * @param secret of the index, 32 bytes or more
 * @param encodings that it has: what it stores of a producer is led through their steps, as nobody has the names of those who have sent its records
 */
export function indexKeys(
  secret: Buffer,
  encodings: Pick<EncodingWraps, 'firstTokenKey' | 'liftProducer'> = FIRST_ENCODING,
): IndexKeys {
  // A key object: Node makes one of a buffer for each record, which costs more than the cipher.
  const sealing = createSecretKey(deriveKey(secret, 'chainon/linkage/index/seal/1'))
  const ids = hmacSha256(deriveKey(secret, 'chainon/linkage/index/id/1'))
  const firstKey = encodings.firstTokenKey ?? tokenKeyOf(secret)
  const producers = hmacSha256(deriveKey(firstKey, 'chainon/linkage/index/producer/1'))
  const sip = sipHash24(tokenKeyOf(secret))
  const message = new Int32Array(2)
  const nonces = Buffer.alloc(NONCES * NONCE_BYTES)
  let nextNonce = NONCES

  function nonce(): Buffer {
    if (nextNonce === NONCES) {
      randomFillSync(nonces)
      nextNonce = 0
    }
    const from = NONCE_BYTES * nextNonce++
    return nonces.subarray(from, from + NONCE_BYTES)
  }

  return {
    fingerprint: deriveKey(secret, 'chainon/linkage/index/fingerprint/1').toString('hex').slice(0, 16),
    seal(head, plain) {
      const iv = nonce()
      const cipher = createCipheriv('aes-256-gcm', sealing, iv)
      cipher.setAAD(head)
      const sealed = cipher.update(plain)
      cipher.final()
      return Buffer.concat([head, iv, sealed, cipher.getAuthTag()])
    },
    open(stored, headBytes) {
      const from = headBytes + NONCE_BYTES
      const to = stored.length - TAG_BYTES
      try {
        const decipher = createDecipheriv('aes-256-gcm', sealing, stored.subarray(headBytes, from), {
          authTagLength: TAG_BYTES,
        })
        decipher.setAAD(stored.subarray(0, headBytes))
        decipher.setAuthTag(stored.subarray(to))
        const plain = decipher.update(stored.subarray(from, to))
        decipher.final()
        return plain
      } catch {
        throw new ChainonError('seal-broken', 'a record of the linkage index was changed, or sealed with another key')
      }
    },
    tokens(tokens) {
      const made = new Int32Array(tokens.length)
      let count = 0
      for (let at = 0; at < tokens.length; at += 2) {
        const low = tokens[at] as number
        const high = tokens[at + 1] as number
        if (low === 0 && high === 0) continue
        message[0] = low
        message[1] = high
        sip.hash(message, 2)
        made.set(sip.result, count)
        count += 2
      }
      return made.subarray(0, count)
    },
    id: (id) => ids.bytes(id).subarray(0, ID_BYTES),
    producer: (name) => encodings.liftProducer(producers.bytes(name).readInt32LE()),
  }
}
