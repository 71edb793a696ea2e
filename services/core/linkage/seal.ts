/**
 * Seals what `deidentify` writes to `linkage.<feed>` for the linker: AES-256-GCM. Topic and origin are authenticated, so that a message cannot be
 * moved to another feed or record. The nonce is a keyed hash of the message and its place: a message that is written again is equal to its last
 * byte, and no two messages share a nonce. A message names the version of the secret, so that it is opened while others are sealed under the next one.
 *
 *   of the first secret: form u8 (1) | nonce, 12 bytes | ciphertext | tag, 16 bytes
 *   of a later one: form u8 (2) | version u16 BE | nonce, ciphertext and tag as above
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
const FIRST_FORM = 1
const LATER_FORM = 2
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** @returns the version of the secret that a message names; undefined for what is no sealed message */
export function versionOf(sealed: Buffer): number | undefined {
  if (sealed[0] === FIRST_FORM) return 1
  return sealed[0] === LATER_FORM && sealed.length >= 3 ? sealed.readUInt16BE(1) : undefined
}

/**
 * @param secret that `deidentify` and the linker share, 32 bytes
 * @param topic `linkage.<feed>` with its namespace: each has keys of its own. One key seals at most 2^32 messages (NIST SP 800-38D, 8.3)
 * @param version of the secret
 */
export function linkageSeal(secret: Buffer, topic: string, version = 1): LinkageSeal {
  // A key object: Node makes one of a buffer for each message, which costs more than the cipher.
  const key = createSecretKey(deriveKey(secret, `chainon/linkage/message/1/${topic}`))
  const nonces = createSecretKey(deriveKey(secret, `chainon/linkage/nonce/1/${topic}`))
  const placeOf = (origin: string) => Buffer.from(`${topic}\n${origin}`)
  const head = headOf(version)
  const boxAt = head.length + NONCE_BYTES

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
      return Buffer.concat([head, nonce, box, cipher.getAuthTag()])
    },
    open(sealed, origin) {
      if (sealed.length < boxAt + TAG_BYTES || !sealed.subarray(0, head.length).equals(head)) return undefined
      const end = sealed.length - TAG_BYTES
      const decipher = createDecipheriv(CIPHER, key, sealed.subarray(head.length, boxAt), {
        authTagLength: TAG_BYTES,
      })
      decipher.setAAD(placeOf(origin))
      decipher.setAuthTag(sealed.subarray(end))
      try {
        const plain = decipher.update(sealed.subarray(boxAt, end))
        decipher.final()
        return plain
      } catch {
        return undefined
      }
    },
  }
}

/** @param secrets by version @returns what opens messages of each of them */
export function linkageOpener(secrets: ReadonlyMap<number, Buffer>, topic: string): Pick<LinkageSeal, 'open'> {
  const seals = new Map([...secrets].map(([version, secret]) => [version, linkageSeal(secret, topic, version)]))
  return { open: (sealed, origin) => seals.get(versionOf(sealed) ?? 0)?.open(sealed, origin) }
}

function headOf(version: number): Buffer {
  if (version === 1) return Buffer.of(FIRST_FORM)
  const head = Buffer.of(LATER_FORM, 0, 0)
  head.writeUInt16BE(version, 1)
  return head
}
