/**
 * Which of several linkers works on an index; the others wait (docs/adr/0066). It is for progress alone: that one linker writes is proved by each write
 * (fenced-writer.ts), also where two of them believe that they have the lease.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'
import { ownMark, type ProcessMark, wasSeenToEnd } from '#core/process/identity.ts'
import { every, type Loop } from '#core/process/loop.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import { prefixOf } from './stored-bytes.ts'

export interface Lease {
  /** @returns whether this process has it now; of a process of this machine that has ended it is taken at once */
  take(): Promise<boolean>
  /** Keeps it, from when it was taken until `release`. @param onLost is called once, when another process has it */
  keep(onLost: () => void): void
  /** Gives it up. One that another process has stays. */
  release(): Promise<void>
}

/** It ends by itself when its holder is lost with its machine, or is suspended for longer. */
export const LEASE_MS = 6000
const KEEP_EVERY_MS = 1000

const SCRIPT = readFileSync(new URL('./scripts/lease.lua', import.meta.url), 'utf8')

/** @param name of the index @param mark of this process */
export function indexLease(redis: Redis, name: string, logger: Logger, mark: ProcessMark = ownMark()): Lease {
  const own = JSON.stringify({ id: randomBytes(8).toString('hex'), ...mark })
  let keeping: Loop | undefined

  async function call(ms: number, ended = ''): Promise<string> {
    return String(await redis.eval(SCRIPT, 1, `${prefixOf(name)}h`, own, ms, ended))
  }

  async function take(): Promise<boolean> {
    const holder = await call(LEASE_MS)
    if (holder === own) return true
    return wasSeenToEnd(JSON.parse(holder) as ProcessMark) && (await call(LEASE_MS, holder)) === own
  }

  return {
    take,
    keep(onLost) {
      let isLost = false
      keeping = every(KEEP_EVERY_MS, async () => {
        if (isLost) return
        try {
          isLost = !(await take())
          if (isLost) onLost()
        } catch (error) {
          logger.debug({ event: 'lease-not-kept', err: safeError(error) })
        }
      })
    },
    async release() {
      await keeping?.stop()
      // Without Redis it ends by itself.
      if (redis.status === 'ready') await call(0).catch(() => undefined)
    },
  }
}
