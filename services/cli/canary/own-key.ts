/** The key of a run: of a producer of its own, so that nothing of a hospital is touched. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import { createKey, type IssuedKey, revokeKey } from '#core/keys/admin.ts'
import { ALL_SCOPES } from '#core/keys/scopes.ts'
import { actor, noteInJournal } from '../journal.ts'

/** Of a producer that is none of a hospital. */
const CANARY_PRODUCER = /^canary-[a-z0-9._-]+$/
/** The key ends by itself when this process is killed. */
const KEY_LIFETIME_MS = 3_600_000
const KEY_KNOWN_MS = 10_000
const PAUSE_MS = 100

export interface OwnKey {
  readonly key: string
  readonly producer: string
  readonly revoke: () => void
}

/** @throws ConfigurationError when the given key is of a producer with patients, or the gateway does not know the key */
export async function ownKey(url: string, data: string, given: string | undefined): Promise<OwnKey> {
  if (given !== undefined) {
    const producer = await producerOf(url, given)
    if (producer === undefined || !CANARY_PRODUCER.test(producer))
      throw new ConfigurationError('The key cannot be used', [
        'it must be of a producer whose name begins with canary-: the records of another one are of patients',
      ])
    return { key: given, producer, revoke: () => undefined }
  }
  const producer = `canary-${randomBytes(4).toString('hex')}`
  const expiresAt = new Date(Date.now() + KEY_LIFETIME_MS).toISOString()
  const issued = createKey(data, producer, 'chainon canary', { expiresAt })
  noteKey(data, 'key-create', issued)
  const until = Date.now() + KEY_KNOWN_MS
  while ((await producerOf(url, issued.key)) === undefined) {
    if (Date.now() > until) {
      revokeKey(data, issued.id)
      throw new ConfigurationError('The gateway does not know the key that was made for it', [
        `it reads another folder than ${data}: give a key of a producer canary-… with --key`,
      ])
    }
    await sleep(PAUSE_MS)
  }
  return {
    key: issued.key,
    producer,
    revoke() {
      revokeKey(data, issued.id)
      noteKey(data, 'key-revoke', issued)
    },
  }
}

function noteKey(data: string, action: 'key-create' | 'key-revoke', { id, producer }: IssuedKey): void {
  const event = { actor: actor(), object: `key:${id}`, outcome: 'done' } as const
  noteInJournal(
    data,
    action === 'key-create'
      ? { ...event, action, facts: { producer, scopes: ALL_SCOPES } }
      : { ...event, action, facts: {} },
  )
}

/** @returns undefined when the gateway does not accept the key */
async function producerOf(url: string, key: string): Promise<string | undefined> {
  const answer = await fetch(`${url}/v1/key`, { headers: { authorization: `Bearer ${key}` } }).catch(
    (error: unknown) => {
      throw new ChainonError('dependency-unavailable', `The gateway does not answer at ${url}.`, { cause: error })
    },
  )
  const body = (await answer.json().catch(() => ({}))) as { producer?: unknown }
  return answer.ok && typeof body.producer === 'string' ? body.producer : undefined
}
