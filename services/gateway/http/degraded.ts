/** What a request goes without while Redis does not answer: records are still taken, and the answer says what was not checked. */
import type { Metrics } from '#core/telemetry/metrics.ts'

type Part = 'idempotency' | 'quotas'

export const DEGRADED_HEADER = 'chainon-degraded'

export interface Degraded {
  /** @returns the result; undefined when Redis does not answer, and for a while after that without asking it */
  attempt<T>(part: Part, call: () => Promise<T>): Promise<T | undefined>
}

/**
 * @param pauseMs after a call that failed, none is made for so long: one request waits for Redis in vain, and not each, as they occupy bytes in flight
 * @param now milliseconds, monotonic
 */
export function createDegraded(metrics: Metrics, pauseMs: number, now: () => number): Degraded {
  const without = metrics.counter('chainon_gateway_degraded', 'Requests that went without a part, by part')
  let pausedUntil = Number.NEGATIVE_INFINITY
  return {
    async attempt(part, call) {
      if (now() >= pausedUntil) {
        try {
          return await call()
        } catch {
          pausedUntil = now() + pauseMs
        }
      }
      without(1, { part })
      return undefined
    },
  }
}
