/**
 * The bytes of a snapshot: a first line, a header in clear (JSON), the data key sealed for the custodians (HPKE), then frames: their length, and
 * AES-256-GCM with the number of the frame as nonce and, authenticated, the header and whether it is the last one. The key of the frames is made of the data key
 * and of the key of the index: who lacks the shares cannot read a snapshot, and who lacks the key of the index can neither read nor make one.
 */
import { createCipheriv, createDecipheriv, hash, hkdfSync } from 'node:crypto'
import Type, { type Static } from 'typebox'
import { deriveKey } from '#core/crypto/hmac.ts'
import type { Command } from '../index/commands.ts'

export const FIRST_LINE = Buffer.from('chainon linkage snapshot 1\n')
/** An encapsulated key of 32 bytes, a data key of 32, a tag. */
export const WRAPPED_BYTES = 80
export const LENGTH_BYTES = 4
const TAG_BYTES = 16
const NONCE_BYTES = 12

export const Header = Type.Object(
  {
    /** Name of the index, with the namespace. */
    index: Type.String(),
    created_at: Type.String(),
    /** What the index was made with (index-form.ts). */
    form: Type.Object(
      {
        layout: Type.String(),
        key: Type.String(),
        model: Type.String(),
        kinds: Type.Integer(),
        hub: Type.Integer(),
        format: Type.Integer(),
      },
      { additionalProperties: false },
    ),
    /** Of the public key; and the fingerprint that the shares name. */
    sealed_for: Type.String({ pattern: '^[0-9a-f]{16}$' }),
    shares: Type.String({ pattern: '^[0-9a-f]{16}$' }),
  },
  { additionalProperties: false },
)
export type Header = Static<typeof Header>

/** The last frame. */
export const Trailer = Type.Object(
  {
    /** Cancelled ones included. */
    records: Type.Integer({ minimum: 0 }),
    commands: Type.Integer({ minimum: 0 }),
    /** SHA-256 of the first record of each record's person, in the order of their numbers. */
    persons: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    /** `topic:partition` to the offset of its next message. */
    positions: Type.Record(Type.String(), Type.String({ pattern: '^\\d+$' })),
  },
  { additionalProperties: false },
)
export type Trailer = Static<typeof Trailer>

/** @param persons of each record the number of its person's first record */
export function digestOf(persons: Int32Array): string {
  return hash('sha256', Buffer.from(persons.buffer, persons.byteOffset, persons.byteLength), 'hex')
}

export interface Frames {
  seal(plain: Buffer, isLast: boolean): Buffer
  /** @returns undefined when a bit of it or of what was before was changed, or it is another frame */
  open(sealed: Buffer): { readonly plain: Buffer; readonly isLast: boolean } | undefined
}

/**
 * @param dataKey 32 bytes, of this snapshot alone: no nonce is used twice
 * @param head all bytes before the frames
 */
export function frames(dataKey: Buffer, indexSecret: Buffer, head: Buffer): Frames {
  const salt = deriveKey(indexSecret, 'chainon/linkage/snapshot/1')
  const bound = hash('sha256', head, 'buffer')
  const key = Buffer.from(hkdfSync('sha256', dataKey, salt, bound, 32))
  let next = 0
  const place = (isLast: boolean) => {
    const nonce = Buffer.alloc(NONCE_BYTES)
    nonce.writeUIntBE(next, NONCE_BYTES - 6, 6)
    return { nonce, aad: Buffer.concat([bound, nonce, Buffer.of(isLast ? 1 : 0)]) }
  }
  function opened(sealed: Buffer, isLast: boolean): Buffer | undefined {
    const { nonce, aad } = place(isLast)
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
      decipher.setAAD(aad).setAuthTag(sealed.subarray(-TAG_BYTES))
      return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()])
    } catch {
      return undefined
    }
  }
  return {
    seal(plain, isLast) {
      const { nonce, aad } = place(isLast)
      next++
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad)
      return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
    },
    open(sealed) {
      if (sealed.length < TAG_BYTES) return undefined
      const middle = opened(sealed, false)
      const plain = middle ?? opened(sealed, true)
      next++
      return plain && { plain, isLast: middle === undefined }
    },
  }
}

/** Of each command its words, with their number and lengths before them (u32 BE). */
export function packCommands(commands: readonly Command[]): Buffer {
  return Buffer.concat(
    commands.flatMap((command) => [
      lengthOf(command.length),
      ...command.flatMap((word) => {
        const bytes = typeof word === 'string' ? Buffer.from(word) : word
        return [lengthOf(bytes.length), bytes]
      }),
    ]),
  )
}

/** @throws RangeError when it has another form */
export function unpackCommands(packed: Buffer): readonly (readonly Buffer[])[] {
  const commands: Buffer[][] = []
  let at = 0
  const length = () => {
    const read = packed.readUInt32BE(at)
    at += LENGTH_BYTES
    return read
  }
  while (at < packed.length) {
    const words: Buffer[] = []
    for (let left = length(); left > 0; left--) {
      const end = length() + at
      if (end > packed.length) throw new RangeError('a word is cut')
      words.push(packed.subarray(at, end))
      at = end
    }
    commands.push(words)
  }
  return commands
}

export function lengthOf(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES)
  bytes.writeUInt32BE(length)
  return bytes
}
