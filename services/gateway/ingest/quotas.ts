/**
 * What a producer may send within a window: requests, records and bytes. The counts are in Redis, so that all gateways share them. Records and bytes
 * are counted when a request is answered: the requests that are under way may exceed their quota, and the next one is refused.
 */
import type { Redis } from 'ioredis'
import type { Mac } from '#core/crypto/hmac.ts'

/** Requests (over MLLP: messages), records, and bytes of bodies after decompression. */
export interface Used {
  readonly requests: number
  readonly records: number
  readonly bytes: number
}

export interface QuotaLimits extends Used {
  readonly windowSeconds: number
}

export interface QuotaStore {
  /**
   * @returns what the producer has used in the window with this, and the seconds until its end
   * @throws when Redis does not answer
   */
  add(producer: string, used: Used): Promise<Used & { readonly secondsLeft: number }>
}

const ADD = `
local now = tonumber(redis.call('TIME')[1])
local left = ARGV[1] - now % ARGV[1]
local key = KEYS[1] .. ':' .. (now - now % ARGV[1])
local requests = redis.call('HINCRBY', key, 'requests', ARGV[2])
local records = redis.call('HINCRBY', key, 'records', ARGV[3])
local bytes = redis.call('HINCRBY', key, 'bytes', ARGV[4])
redis.call('EXPIRE', key, ARGV[1])
return {requests, records, bytes, left}`

/** @param mac keyed: Redis does not have the names of producers */
export function quotaStore(redis: Redis, namespace: string, windowSeconds: number, mac: Mac): QuotaStore {
  return {
    async add(producer, { requests, records, bytes }) {
      // The braces keep the keys of all windows in one slot of a cluster: the script makes them of this one.
      const name = `${namespace}quota:{${mac.digest(`quota\0${producer}`)}}`
      const answer = (await redis.eval(ADD, 1, name, windowSeconds, requests, records, bytes)) as number[]
      const [ofRequests = 0, ofRecords = 0, ofBytes = 0, secondsLeft = windowSeconds] = answer
      return { requests: ofRequests, records: ofRecords, bytes: ofBytes, secondsLeft }
    },
  }
}
