/** Opens sealed records and tokens with the secrets of the stack under test: RFC 9180 and AES-256-GCM, without the code of the services. */
import { createDecipheriv } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'

export interface Seals {
  /** @param envelope as decoded from the message @throws when no seed of the stack opens it */
  open(envelope: Readonly<Record<string, unknown>>, topic: string, key: string): Promise<Buffer>
  /** @param recordId first-level pseudonym @returns linkage tokens @throws when the key of `curate` does not open them */
  tokens(sealed: Buffer, feed: string, recordId: string): Promise<readonly string[]>
}

const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() })
const copy = (bytes: Uint8Array) => new Uint8Array(bytes).buffer

/** @param data the stack's data folder */
export function seals(data: string): Seals {
  const folder = join(data, 'secrets/deidentify/sealing')
  const dataKeys = new Map<string, Promise<Buffer>>()

  async function unwrap(secret: string, wrapped: Buffer): Promise<Buffer> {
    const seed = Buffer.from(readFileSync(secret, 'utf8').trim(), 'hex')
    const recipient = await suite.createRecipientContext({
      recipientKey: await suite.kem.deriveKeyPair(copy(seed)),
      enc: copy(wrapped.subarray(0, 32)),
      info: copy(Buffer.from('chainon data key')),
    })
    return Buffer.from(await recipient.open(copy(wrapped.subarray(32))))
  }

  async function opened(secret: string, wrapped: Buffer, n: bigint, box: Buffer, place: string): Promise<Buffer> {
    const name = wrapped.toString('hex')
    const dataKey = dataKeys.get(name) ?? unwrap(secret, wrapped)
    dataKeys.set(name, dataKey)
    const nonce = Buffer.alloc(12)
    nonce.writeBigUInt64BE(n, 4)
    const decipher = createDecipheriv('aes-256-gcm', await dataKey, nonce)
    decipher.setAAD(Buffer.from(place))
    decipher.setAuthTag(box.subarray(-16))
    return Buffer.concat([decipher.update(box.subarray(0, -16)), decipher.final()])
  }

  return {
    async open({ day, wrapped, n, box }, topic, key) {
      const name = `${new Date((day as number) * 86_400_000).toISOString().slice(0, 10)}.seed`
      if (!readdirSync(folder).includes(name)) throw new Error(`there is no ${name}`)
      return opened(join(folder, name), wrapped as Buffer, BigInt(n as number), box as Buffer, `${topic}\n${key}`)
    },
    async tokens(sealed, feed, recordId) {
      const secret = join(data, 'secrets/curate/linkage-tokens.key')
      const place = `tokens of ${feed}\n${recordId}`
      const plain = await opened(secret, sealed.subarray(9, 89), sealed.readBigUInt64BE(89), sealed.subarray(97), place)
      return plain.toString().split('\n').filter(Boolean)
    },
  }
}
