/**
 * The public keys for which linkage tokens are sealed, one for each version. The first one of the topic counts. Each later one is signed with the secret of the
 * version before: who may write to the topic must not be able to have the tokens of an installation sealed for himself.
 *
 *   <key> public      64 hexadecimal digits of the key for HPKE
 *   <key> signer      64 hexadecimal digits of the Ed25519 key that signs the next version; both of the first version
 *   <key-n> public    of a later version: both, and the signature of the version before
 *   <key-n> retired   nothing is sealed for the version any more: the signature of a later one
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { deriveKey } from '../crypto/hmac.ts'
import { publicKeyOf } from '../sealing/hpke.ts'
import { sealingKey, sealingStep, TOKENS } from './sealing-versions.ts'

/** Of a version. Keys have 32 bytes. */
export interface PublishedKey {
  readonly version: number
  readonly publicKey: Buffer
  /** Undefined until a `curate` that knows of versions has started. */
  readonly signer: Buffer | undefined
  /** Nothing is sealed for it any more, and its secret is destroyed. Never the last version. */
  readonly retired: boolean
}

/** Of the topic. */
export interface Written {
  readonly key: Buffer | string | null
  readonly value: Buffer | string | null
}

/** @param seed of a version @returns what is published of the first one: names and values */
export async function firstPublication(
  seed: Buffer,
): Promise<readonly { readonly key: string; readonly value: string }[]> {
  return [
    { key: nameOf(1), value: (await publicKeyOf(seed)).toString('hex') },
    { key: SIGNER, value: rawOf(createPublicKey(signerOf(seed))).toString('hex') },
  ]
}

/** @param before the seed of the version before @returns what is published of a later version */
export async function nextPublication(
  namespace: string,
  version: number,
  seed: Buffer,
  before: Buffer,
): Promise<{ readonly key: string; readonly value: string }> {
  const publicKey = await publicKeyOf(seed)
  const signer = rawOf(createPublicKey(signerOf(seed)))
  const signature = sign(null, signedText(namespace, version, publicKey, signer), signerOf(before))
  return { key: nameOf(version), value: Buffer.concat([publicKey, signer, signature]).toString('hex') }
}

/** @param inForce the seed of the version in force @returns what is published of a former version that is retired */
export function retirement(
  namespace: string,
  version: number,
  inForce: Buffer,
): { readonly key: string; readonly value: string } {
  return {
    key: sealingStep(TOKENS, version, 'retired'),
    value: sign(null, retiredText(namespace, version), signerOf(inForce)).toString('hex'),
  }
}

/**
 * Pure.
 * @param messages of the topic, in their order
 * @returns the versions, from the first on; what is not signed by the version before is passed over
 */
export function publishedVersions(namespace: string, messages: readonly Written[]): readonly PublishedKey[] {
  const first = (name: string) => messages.find(({ key, value }) => String(key) === name && FIRST.test(String(value)))
  const [key, signer] = [first(nameOf(1)), first(SIGNER)]
  if (!key) return []
  const versions: Omit<PublishedKey, 'retired'>[] = [
    { version: 1, publicKey: bytesOf(key), signer: signer && bytesOf(signer) },
  ]
  for (;;) {
    const last = versions.at(-1)
    const next = last?.signer && nextOf(last.version, last.signer)
    if (!next) break
    versions.push(next)
  }
  return versions.map((one, at) => ({ ...one, retired: isRetired(one.version, versions.slice(at + 1)) }))

  /** Who has the secret of a former version alone cannot have another one destroyed. */
  function isRetired(version: number, later: readonly Omit<PublishedKey, 'retired'>[]): boolean {
    return messages.some(
      (message) =>
        String(message.key) === sealingStep(TOKENS, version, 'retired') &&
        SIGNATURE.test(String(message.value)) &&
        later.some(
          ({ signer: by }) => by && verify(null, retiredText(namespace, version), publicOf(by), bytesOf(message)),
        ),
    )
  }

  /** The numbers of versions that were given up are missing. */
  function nextOf(before: number, signedBy: Buffer): Omit<PublishedKey, 'retired'> | undefined {
    for (const message of messages) {
      const version = Number(LATER_NAME.exec(String(message.key))?.[1] ?? 0)
      if (version <= before || !LATER.test(String(message.value))) continue
      const value = bytesOf(message)
      const [publicKey, signerOfNext, signature] = [value.subarray(0, 32), value.subarray(32, 64), value.subarray(64)]
      if (verify(null, signedText(namespace, version, publicKey, signerOfNext), publicOf(signedBy), signature))
        return { version, publicKey, signer: signerOfNext }
    }
    return undefined
  }
}

const FIRST = /^[0-9a-f]{64}$/
const LATER = /^[0-9a-f]{256}$/
const SIGNATURE = /^[0-9a-f]{128}$/
const LATER_NAME = new RegExp(`^${TOKENS}-(\\d{1,5})\\.key public$`)
const SIGNER = `${sealingKey(TOKENS, 1)} signer`
const nameOf = (version: number) => `${sealingKey(TOKENS, version)} public`
const bytesOf = ({ value }: Written) => Buffer.from(String(value), 'hex')

/** So that it signs nothing else: neither for another installation, nor in the place of another version. */
function signedText(namespace: string, version: number, publicKey: Buffer, signer: Buffer): Buffer {
  return Buffer.from(
    `chainon token key\n${namespace}\n${version}\n${publicKey.toString('hex')}\n${signer.toString('hex')}`,
  )
}

function retiredText(namespace: string, version: number): Buffer {
  return Buffer.from(`chainon token key retired\n${namespace}\n${version}`)
}

/** What stands before the 32 bytes of an Ed25519 key (RFC 8410): PKCS #8 of a private one, SPKI of a public one. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

function signerOf(seed: Buffer): KeyObject {
  const key = Buffer.concat([PKCS8, deriveKey(seed, 'chainon/token-key/signer')])
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

function publicOf(raw: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' })
}

function rawOf(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(SPKI.length)
}
