/**
 * The linkage index that curate uses. It is compared with ClickHouse at the start, after each new connection to Redis, after each call
 * that a script refused, and every few seconds. While it is stale nothing is linked: callers wait, and when it has been rebuilt, by
 * whichever process, they go on by themselves.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { ChainonError } from '#core/faults/errors.ts'
import type { Alarms } from '#core/telemetry/alarms.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import type { Verdict } from './index-check.ts'
import type { IndexStore } from './index-store.ts'
import { DEFAULT_LIMITS, IndexRefused, indexLinker, type Linker, type LinkLimits, type UsedIndex } from './linker.ts'

export interface LinkIndex extends Linker {
  /** True while the index must be rebuilt. */
  stale(): boolean
  /** Calls it once, as soon as the index is not stale. */
  whenReady(call: () => void): void
  /** @throws ChainonError dependency-unavailable when the index cannot be compared with ClickHouse */
  start(): Promise<void>
  stop(): void
}

export interface LinkIndexDependencies {
  readonly store: IndexStore
  readonly check: () => Promise<Verdict>
  readonly alarms: Alarms
  readonly logger: Logger
  /** 1 when the index can be used, else 0. */
  readonly gauge: (ready: number) => void
  /** Called at each check that finds the index stale; it may be called again while a rebuild runs. */
  readonly onStale: () => void
  readonly limits?: LinkLimits
}

const ALARM = 'link-index-stale'
const CHECK_MS = 15_000
const STALE_CHECK_MS = 1000
/** Outages of Redis that a call waits through; after it the partition is stopped and tried again. */
const BUDGET_MS = 5_000
const PAUSE_MS = 200
/** A check that finds nothing, followed by a refusal, again and again: something else is wrong. */
const MOST_REFUSALS = 20

export function linkIndex(dependencies: LinkIndexDependencies): LinkIndex {
  const { store, alarms, logger } = dependencies
  const linkOn = indexLinker(store, dependencies.limits ?? DEFAULT_LIMITS)
  const waiting = new Set<() => void>()
  /** Undefined while it is not known whether the index is complete. */
  let used: UsedIndex | undefined
  let staleReason: string | undefined
  let checking: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  const forget = () => {
    used = undefined
  }
  store.redis.on('close', forget)

  function accept(verdict: Verdict): void {
    if (verdict.kind === 'ready') {
      used = { id: verdict.id, mode: 'live', sequence: verdict.sequence }
      if (staleReason !== undefined) logger.info({ event: 'link-index-ready', index: verdict.id })
      staleReason = undefined
      alarms.clear(ALARM)
      dependencies.gauge(1)
      for (const call of waiting) call()
      waiting.clear()
      return
    }
    used = undefined
    const reason = verdict.kind === 'stale' ? verdict.reason : 'there is no linkage index'
    if (staleReason === undefined) logger.warn({ event: ALARM, reason })
    staleReason = reason
    dependencies.gauge(0)
    alarms.raise({
      id: ALARM,
      code: ALARM,
      message: `Records with patients wait: ${reason}. They go on when the links have been rebuilt from the log; \`chainon link status\` shows how far that is.`,
    })
    dependencies.onStale()
  }

  /** One check at a time; who asks during one gets the result of a later one, because the first may have read before the event. */
  async function check(): Promise<void> {
    if (checking) await checking.catch(() => undefined)
    checking ??= dependencies
      .check()
      .then(accept)
      .finally(() => {
        checking = undefined
      })
    await checking
  }

  function schedule(): void {
    if (stopped) return
    timer = setTimeout(
      () =>
        void check()
          .catch((error: unknown) => logger.warn({ event: 'link-index-unchecked', err: safeError(error) }))
          .finally(schedule),
      staleReason === undefined ? CHECK_MS : STALE_CHECK_MS,
    )
    timer.unref()
  }

  async function usable(): Promise<UsedIndex> {
    if (!used && staleReason === undefined) await check()
    if (used) return used
    throw new ChainonError(ALARM, `nothing is linked: ${staleReason ?? 'the index is being checked'}`)
  }

  return {
    async link(batch, contributions) {
      let refusals = 0
      for (const until = Date.now() + BUDGET_MS; ; ) {
        try {
          return await linkOn(await usable(), batch, contributions)
        } catch (error) {
          if (error instanceof ChainonError && error.code === ALARM) throw error
          forget()
          if (error instanceof IndexRefused) {
            refusals++
            logger.warn({ event: 'link-refused', reason: error.message, partition: batch.partition })
          }
          if (refusals > MOST_REFUSALS || Date.now() > until) throw asDependency(error)
        }
        await sleep(PAUSE_MS)
      }
    },
    stale: () => staleReason !== undefined,
    whenReady(call) {
      if (staleReason === undefined) call()
      else waiting.add(call)
    },
    async start() {
      await check()
      schedule()
    },
    stop() {
      stopped = true
      clearTimeout(timer)
      store.redis.off('close', forget)
      waiting.clear()
    },
  }
}

function asDependency(error: unknown): ChainonError {
  if (error instanceof ChainonError) return error
  return new ChainonError('dependency-unavailable', 'Redis did not link the records', { cause: error })
}

/** @throws ChainonError dependency-unavailable when Redis is not ready within the budget */
export async function connected(redis: Redis): Promise<void> {
  for (const until = Date.now() + BUDGET_MS; redis.status !== 'ready'; await sleep(20))
    if (Date.now() > until) throw new ChainonError('dependency-unavailable', 'Redis is unreachable (REDIS_URL)')
}
