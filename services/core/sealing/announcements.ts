/**
 * The public keys of the days, in the compacted topic `sealing.keys`: `deidentify` writes them, the gateways read them. Each is signed: who can
 * write to Kafka must not be able to make the gateways seal for somebody else. The signing key is pinned by each gateway.
 */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { Kafka } from 'kafkajs'
import type { OrderedProducer } from '../kafka/producer.ts'
import { scanPartition } from '../kafka/scan.ts'
import { parseDay, textOfDay } from './day.ts'
import type { DayKey } from './day-keys.ts'
import { keyIdOf } from './hpke.ts'

export function sealingTopic(namespace: string): string {
  return `${namespace}sealing.keys`
}

export interface PublicDayKey {
  readonly day: number
  readonly id: string
  readonly publicKey: Buffer
}

/** A public day key whose signature is right; `authority` (base64 of its SPKI form) tells who signed it. */
export interface Announced extends PublicDayKey {
  readonly authority: string
  /** The announcement itself, whose signature can be checked again. */
  readonly text: string
}

interface Announcement {
  readonly day: string
  readonly public_key: string
  readonly authority: string
  readonly signature: string
}

function signed(namespace: string, day: string, publicKey: string): Buffer {
  return Buffer.from(`chainon sealing key\n${namespace}\n${day}\n${publicKey}`)
}

/** @returns the public half of the authority, as gateways pin it */
export function authorityOf(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64')
}

/** @returns the text of an announcement */
export function announcementOf(namespace: string, key: PublicDayKey, authority: KeyObject): string {
  const day = textOfDay(key.day)
  const publicKey = key.publicKey.toString('base64')
  const announcement: Announcement = {
    day,
    public_key: publicKey,
    authority: authorityOf(authority),
    signature: sign(null, signed(namespace, day, publicKey), authority).toString('base64'),
  }
  return JSON.stringify(announcement)
}

/** @returns undefined for what is not an announcement of this namespace, or not signed by the authority that it names */
export function readAnnouncement(
  namespace: string,
  { value }: { readonly value: Buffer | string | null },
): Announced | undefined {
  try {
    const text = String(value)
    const { day, public_key, authority, signature } = JSON.parse(text) as Announcement
    const parsed = parseDay(day)
    const verifier = createPublicKey({ key: Buffer.from(authority, 'base64'), type: 'spki', format: 'der' })
    if (verifier.asymmetricKeyType !== 'ed25519' || parsed === undefined) return undefined
    if (!verify(null, signed(namespace, day, public_key), verifier, Buffer.from(signature, 'base64'))) return undefined
    const publicKey = Buffer.from(public_key, 'base64')
    return { day: parsed, id: keyIdOf(publicKey), publicKey, authority, text }
  } catch {
    return undefined
  }
}

/** @throws ChainonError dependency-unavailable when Kafka does not acknowledge */
export async function announce(
  producer: Pick<OrderedProducer, 'send'>,
  namespace: string,
  keys: readonly DayKey[],
  authority: KeyObject,
): Promise<void> {
  const messages = keys.map((key) => ({ key: textOfDay(key.day), value: announcementOf(namespace, key, authority) }))
  await producer.send({ topic: sealingTopic(namespace), acks: -1, messages })
}

/** @returns what is announced, in the order of the log @throws when Kafka does not answer */
export async function readAnnouncements(kafka: Kafka, namespace: string): Promise<readonly Announced[]> {
  const found: Announced[] = []
  await scanPartition(kafka, `${namespace}sealing-`, sealingTopic(namespace), 0, 0n, (message) => {
    const announced = readAnnouncement(namespace, message)
    if (announced) found.push(announced)
  })
  return found
}
