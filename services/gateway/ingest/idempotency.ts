/**
 * `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) in Redis. The first request with a key gets a lease; its
 * answer is stored for hours and sent again to the same request. When a gateway is killed its lease expires, and the key is free again.
 * A request that was accepted in part has no answer yet: what is in the log is kept for as long, also while other requests try.
 */
import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Mac } from '#core/crypto/hmac.ts'

export type BeginResult =
  | { readonly kind: 'started'; readonly lease: Lease; readonly progress: string }
  | { readonly kind: 'replay'; readonly status: number; readonly body: string }
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'in-flight' }

export interface Lease {
  /** Stores the answer. Does nothing when the lease has expired and another request has the key. */
  finish(status: number, body: string): Promise<void>
  /** Frees the key. @param progress what the next request with it continues from; empty when nothing is new */
  release(progress: string): Promise<void>
}

export interface IdempotencyStore {
  /**
   * @param fingerprint of the whole request; another one under the same key is a mismatch
   * @throws when Redis does not answer
   */
  begin(producer: string, key: string, fingerprint: string): Promise<BeginResult>
}

/** How long a gateway that was killed blocks its keys; one that works renews its leases several times within it. */
const LEASE_MS = 8_000
const RENEW_EVERY_MS = 2_000

const BEGIN = `
local known = redis.call('HMGET', KEYS[1], 'fingerprint', 'status', 'body', 'token', 'until', 'progress')
if known[1] and known[1] ~= ARGV[1] then return {'mismatch'} end
if known[2] then return {'replay', known[2], known[3]} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if known[4] and now < tonumber(known[5] or now + 1) then return {'in-flight'} end
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'token', ARGV[2], 'until', now + ARGV[3])
redis.call('PEXPIRE', KEYS[1], known[6] and ARGV[4] or ARGV[3])
return {'started', known[6] or ''}`

const RENEW = `
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'until', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2])
if redis.call('HEXISTS', KEYS[1], 'progress') == 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1`

const FINISH = `
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'status', ARGV[2], 'body', ARGV[3])
redis.call('HDEL', KEYS[1], 'token', 'until', 'progress')
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1`

/** Progress that is there already stays: the request that releases may not have come so far as to read it. */
const RELEASE = `
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'progress', ARGV[2]) end
if redis.call('HEXISTS', KEYS[1], 'progress') == 0 then return redis.call('DEL', KEYS[1]) end
redis.call('HDEL', KEYS[1], 'token', 'until')
return redis.call('PEXPIRE', KEYS[1], ARGV[3])`

/**
 * @param mac keyed: a producer may put an identity into its keys and bodies, and who reads Redis must not be able to find it by guessing
 * @param hours that an answer is stored
 */
export function idempotencyStore(redis: Redis, namespace: string, hours: number, mac: Mac): IdempotencyStore {
  const keptMs = hours * 3_600_000
  return {
    async begin(producer, key, requestFingerprint) {
      const name = `${namespace}idem:${mac.digest(`key\0${producer}\0${key}`)}`
      const fingerprint = mac.digest(`fingerprint\0${requestFingerprint}`)
      const token = randomBytes(12).toString('hex')
      const [state, first, body] = await redis.eval(BEGIN, 1, name, fingerprint, token, LEASE_MS, keptMs).then(
        (answer) => answer as string[],
        (error: unknown) => {
          // Redis may still execute the script after it reconnects; this release then frees the key before the lease expires.
          redis.eval(RELEASE, 1, name, token, '', keptMs).catch(() => undefined)
          throw error
        },
      )
      switch (state) {
        case 'started': {
          // A renewal that fails is made up for by the next one; without any, another request may have the key, and records are versions.
          const renewing = setInterval(() => {
            redis.eval(RENEW, 1, name, token, LEASE_MS).catch(() => undefined)
          }, RENEW_EVERY_MS).unref()
          return {
            kind: 'started',
            progress: first ?? '',
            lease: {
              finish: async (answerStatus, answerBody) => {
                clearInterval(renewing)
                await redis.eval(FINISH, 1, name, token, answerStatus, answerBody, keptMs)
              },
              release: async (progress) => {
                clearInterval(renewing)
                await redis.eval(RELEASE, 1, name, token, progress, keptMs)
              },
            },
          }
        }
        case 'replay':
          return { kind: 'replay', status: Number(first), body: body ?? '' }
        case 'mismatch':
          return { kind: 'mismatch' }
        default:
          return { kind: 'in-flight' }
      }
    },
  }
}

export const IdempotencyKey = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: '^[\\x20-\\x7e]+$',
  description: 'Names this request: 1 to 255 printable ASCII characters. A repeated request gets the first answer',
})

const idempotencyKey = Compile(IdempotencyKey)

/** @returns true for a key of 1 to 255 printable ASCII characters */
export function isIdempotencyKey(text: string): boolean {
  return idempotencyKey.Check(text)
}
