/**
 * Seals what `deidentify` writes to `linkage.<feed>` for the linker: AES-256-GCM. Topic and origin are authenticated, so that a message cannot be
 * moved to another feed or record. The nonce is a keyed hash of the message and its place: a message that is written again is equal to its last
 * byte, and no two messages share a nonce.
 *
 *   form u8 (1) | nonce, 12 bytes | ciphertext | tag, 16 bytes
 */
import { createCipheriv, createDecipheriv, createHmac, createSecretKey } from 'node:crypto'
import { deriveKey } from '../crypto/hmac.ts'

export interface LinkageSeal {
  /** @param origin offset of the record in its partition of `identified.<feed>` */
  seal(plain: Buffer, origin: string): Buffer
  /** @returns undefined when a bit was changed, or it belongs to another topic or origin, or was sealed with another key */
  open(sealed: Buffer, origin: string): Buffer | undefined
}

const CIPHER = 'aes-256-gcm'
const FORM = Buffer.of(1)
const NONCE_BYTES = 12
const TAG_BYTES = 16
const LEAST_BYTES = 1 + NONCE_BYTES + TAG_BYTES

/**
 * @param secret that `deidentify` and the linker share, 32 bytes
 * @param topic `linkage.<feed>` with its namespace: each has keys of its own. One key seals at most 2^32 messages (NIST SP 800-38D, 8.3)
 */
export function linkageSeal(secret: Buffer, topic: string): LinkageSeal {
  // A key object: Node makes one of a buffer for each message, which costs more than the cipher.
  const key = createSecretKey(deriveKey(secret, `chainon/linkage/message/1/${topic}`))
  const nonces = createSecretKey(deriveKey(secret, `chainon/linkage/nonce/1/${topic}`))
  const placeOf = (origin: string) => Buffer.from(`${topic}\n${origin}`)

  return {
    seal(plain, origin) {
      const place = placeOf(origin)
      const nonce = createHmac('sha256', nonces)
        .update(`${place.length}\n`)
        .update(place)
        .update(plain)
        .digest()
        .subarray(0, NONCE_BYTES)
      const cipher = createCipheriv(CIPHER, key, nonce)
      cipher.setAAD(place)
      const box = cipher.update(plain)
      cipher.final()
      return Buffer.concat([FORM, nonce, box, cipher.getAuthTag()])
    },
    open(sealed, origin) {
      if (sealed.length < LEAST_BYTES || sealed[0] !== FORM[0]) return undefined
      const end = sealed.length - TAG_BYTES
      const decipher = createDecipheriv(CIPHER, key, sealed.subarray(1, 1 + NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      })
      decipher.setAAD(placeOf(origin))
      decipher.setAuthTag(sealed.subarray(end))
      try {
        const plain = decipher.update(sealed.subarray(1 + NONCE_BYTES, end))
        decipher.final()
        return plain
      } catch {
        return undefined
      }
    },
  }
}
