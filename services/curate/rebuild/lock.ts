/** One rebuild of the links, and one rotation of the key, at a time, over all machines: a key in Redis that its holder renews, and that ends by itself when the holder is killed. */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { FaultCode } from '#core/faults/codes.ts'
import { ChainonError } from '#core/faults/errors.ts'
import type { Holder } from '../link/index-store.ts'

const LIFETIME_MS = 4000
const RENEW_MS = 1000
const RENEW =
  "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0"
const RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

export interface RebuildLock extends Holder {
  /** @throws ChainonError when another process has it: this one was suspended for too long, or Redis was emptied */
  assertHeld(): void
  release(): Promise<void>
}

/** What a lock is for, as its refusal says it. */
export interface LockPurpose {
  readonly code: FaultCode
  readonly doing: string
  readonly name: string
}

const REBUILD: LockPurpose = { code: 'link-rebuild-refused', doing: 'rebuilding the links', name: 'rebuild' }

/**
 * Waits as long as a killed holder's lock lives.
 * @throws ChainonError link-rebuild-refused, or what the purpose says, when another process has it
 */
export async function lockRebuild(redis: Redis, key: string, purpose: LockPurpose = REBUILD): Promise<RebuildLock> {
  const { code, doing, name } = purpose
  const own = `process ${process.pid} on ${hostname()} ${randomUUID()}`
  for (const until = Date.now() + LIFETIME_MS + RENEW_MS; ; await sleep(100)) {
    if ((await redis.set(key, own, 'PX', LIFETIME_MS, 'NX')) === 'OK') break
    if (Date.now() > until) {
      const holder = (await redis.get(key))?.replace(/ [^ ]*$/, '') ?? 'another process'
      throw new ChainonError(code, `${holder} is ${doing}`)
    }
  }
  let held = true
  const timer = setInterval(() => {
    redis.eval(RENEW, 1, key, own, LIFETIME_MS).then(
      (renewed) => {
        held &&= renewed === 1
      },
      () => undefined,
    )
  }, RENEW_MS)
  timer.unref()
  return {
    holder: own,
    assertHeld() {
      if (!held) throw new ChainonError(code, `the lock of the ${name} was lost`)
    },
    async release() {
      clearInterval(timer)
      await redis.eval(RELEASE, 1, key, own).catch(() => undefined)
    },
  }
}
