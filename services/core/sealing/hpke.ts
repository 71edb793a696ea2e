/**
 * Wraps data keys for `deidentify` alone: HPKE (RFC 9180), base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
 * https://www.rfc-editor.org/rfc/rfc9180
 */
import { createHash } from 'node:crypto'
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'

/** Bytes of an encapsulated key. */
export const ENC_BYTES = 32
export const DATA_KEY_BYTES = 32
const INFO = Buffer.from('chainon data key')

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
})

/** @param seed 32 bytes, secret @returns the public key of the pair that the seed gives, 32 bytes */
export async function publicKeyOf(seed: Buffer): Promise<Buffer> {
  const { publicKey } = await suite.kem.deriveKeyPair(bytes(seed))
  return Buffer.from(await suite.kem.serializePublicKey(publicKey))
}

/** @returns 16 hexadecimal characters that name a public key */
export function keyIdOf(publicKey: Buffer): string {
  return createHash('sha256').update(publicKey).digest('hex').slice(0, 16)
}

/** @returns the encapsulated key and the encrypted data key: who has only the public key cannot read it back */
export async function wrapDataKey(publicKey: Buffer, dataKey: Buffer): Promise<Buffer> {
  const recipientPublicKey = await suite.kem.deserializePublicKey(bytes(publicKey))
  const sender = await suite.createSenderContext({ recipientPublicKey, info: bytes(INFO) })
  return Buffer.concat([Buffer.from(sender.enc), Buffer.from(await sender.seal(bytes(dataKey)))])
}

/** @returns undefined when it was wrapped for another key, or changed */
export async function unwrapDataKey(seed: Buffer, wrapped: Buffer): Promise<Buffer | undefined> {
  try {
    const recipientKey = await suite.kem.deriveKeyPair(bytes(seed))
    const enc = bytes(wrapped.subarray(0, ENC_BYTES))
    const recipient = await suite.createRecipientContext({ recipientKey, enc, info: bytes(INFO) })
    const dataKey = Buffer.from(await recipient.open(bytes(wrapped.subarray(ENC_BYTES))))
    return dataKey.length === DATA_KEY_BYTES ? dataKey : undefined
  } catch {
    return undefined
  }
}

/** A copy: a small Buffer is a view of memory that it shares with others, and the library takes whole buffers. */
function bytes(buffer: Buffer): ArrayBuffer {
  return new Uint8Array(buffer).buffer
}
