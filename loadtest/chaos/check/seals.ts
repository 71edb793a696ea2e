/** Opens sealed records with the day seeds of the stack under test: RFC 9180 and AES-256-GCM, without the code of the services. */
import { createDecipheriv } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'

export interface Seals {
  /** @param envelope as decoded from the message @throws when no seed of the stack opens it */
  open(envelope: Readonly<Record<string, unknown>>, topic: string, key: string): Promise<Buffer>
}

const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() })
const copy = (bytes: Uint8Array) => new Uint8Array(bytes).buffer

/** @param data the stack's data folder */
export function seals(data: string): Seals {
  const folder = join(data, 'secrets/deidentify/sealing')
  const dataKeys = new Map<string, Promise<Buffer>>()

  async function unwrap(day: number, wrapped: Buffer): Promise<Buffer> {
    const name = `${new Date(day * 86_400_000).toISOString().slice(0, 10)}.seed`
    if (!readdirSync(folder).includes(name)) throw new Error(`there is no ${name}`)
    const seed = Buffer.from(readFileSync(join(folder, name), 'utf8').trim(), 'hex')
    const recipient = await suite.createRecipientContext({
      recipientKey: await suite.kem.deriveKeyPair(copy(seed)),
      enc: copy(wrapped.subarray(0, 32)),
      info: copy(Buffer.from('chainon data key')),
    })
    return Buffer.from(await recipient.open(copy(wrapped.subarray(32))))
  }

  return {
    async open({ day, wrapped, n, box }, topic, key) {
      const name = (wrapped as Buffer).toString('hex')
      const dataKey = dataKeys.get(name) ?? unwrap(day as number, wrapped as Buffer)
      dataKeys.set(name, dataKey)
      const nonce = Buffer.alloc(12)
      nonce.writeBigUInt64BE(BigInt(n as number), 4)
      const sealed = box as Buffer
      const decipher = createDecipheriv('aes-256-gcm', await dataKey, nonce)
      decipher.setAAD(Buffer.from(`${topic}\n${key}`))
      decipher.setAuthTag(sealed.subarray(-16))
      return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
    },
  }
}
