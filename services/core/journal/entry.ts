/**
 * An entry of the access journal: one line of JSON, signed by who writes it (Ed25519, RFC 8032), with the SHA-256 of the line before it in the
 * chain of that writer. The name of a writer contains the hash of its public key, so nobody else can write under that name.
 */
import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'
import Type from 'typebox'
import { complete } from '../schema/complete.ts'
import type { JournalEvent } from './actions.ts'

/** Before the first entry of a chain. */
export const NO_HASH = '0'.repeat(64)
/** A private Ed25519 key in PKCS #8 is this and 32 bytes (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const PURPOSE = 'chainon access journal\n'
const SIGNED = /^(\{.*),"sig":"([A-Za-z0-9_-]{86})"\}$/

/** The last entry of a chain: its number, and the SHA-256 of its line. */
export interface Head {
  readonly sequence: number
  readonly hash: string
}

export interface Writer {
  /** `<program>-<first 32 hexadecimal digits of the SHA-256 of the public key>` */
  readonly name: string
  /** SPKI, base64. */
  readonly publicKey: string
  sign(body: Buffer): Buffer
}

const Line = Type.Object({
  v: Type.Literal(1),
  writer: Type.String(),
  seq: Type.Integer({ minimum: 1 }),
  at: Type.String(),
  actor: Type.String(),
  action: Type.String(),
  object: Type.String(),
  outcome: Type.String(),
  facts: Type.Record(Type.String(), Type.Unknown()),
  prev: Type.String({ pattern: '^[0-9a-f]{64}$' }),
})

export interface Entry {
  readonly writer: string
  readonly sequence: number
  /** ISO 8601, the writer's clock. */
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly object: string
  readonly outcome: string
  readonly facts: Readonly<Record<string, unknown>>
  readonly previous: string
  /** SHA-256 of the line. */
  readonly hash: string
}

/** @param seed 32 random bytes, the secret of the program */
export function writerOf(program: string, seed: Buffer): Writer {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64')
  return { name: nameOf(program, publicKey), publicKey, sign: (body) => sign(null, body, key) }
}

/** @returns the key of a writer; undefined when the name does not belong to it */
export function publicKeyOf(writer: string, publicKey: string): KeyObject | undefined {
  const program = writer.slice(0, writer.lastIndexOf('-'))
  if (nameOf(program, publicKey) !== writer) return undefined
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' })
    return key.asymmetricKeyType === 'ed25519' ? key : undefined
  } catch {
    return undefined
  }
}

function nameOf(program: string, publicKey: string): string {
  return `${program}-${hash('sha256', publicKey, 'hex').slice(0, 32)}`
}

/** @returns the line of the entry after `head`, without a line break */
export function writeEntry(writer: Writer, head: Head, event: JournalEvent, at: string): string {
  const { actor, action, object, outcome, facts } = event
  const body = { v: 1, writer: writer.name, seq: head.sequence + 1, at, actor, action, object, outcome, facts }
  const text = JSON.stringify({ ...body, prev: head.hash })
  const signature = writer.sign(signed(text)).toString('base64url')
  return `${text.slice(0, -1)},"sig":"${signature}"}`
}

/** Does not check the signature. @returns undefined for a line that is no entry */
export function readEntry(line: string): Entry | undefined {
  const text = SIGNED.exec(line)?.[1]
  const read = text === undefined ? undefined : complete(Line, parse(`${text}}`))
  if (!read) return undefined
  const { writer, seq, at, actor, action, object, outcome, facts, prev } = read
  return { writer, sequence: seq, at, actor, action, object, outcome, facts, previous: prev, hash: hashOf(line) }
}

export function isSignedBy(line: string, key: KeyObject): boolean {
  const [, text, signature] = SIGNED.exec(line) ?? []
  if (text === undefined || signature === undefined) return false
  const bytes = Buffer.from(signature, 'base64url')
  // The last character has bits that do not count: only one of its forms is what the writer wrote.
  return bytes.toString('base64url') === signature && verify(null, signed(`${text}}`), key, bytes)
}

export function hashOf(line: string): string {
  return hash('sha256', line, 'hex')
}

function signed(text: string): Buffer {
  return Buffer.from(`${PURPOSE}${text}`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
