/** Quotas as an answer says them: RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10), and Retry-After with 429. */

import type { ProducerSummary } from '#core/gateway-api/producer-summary.ts'
import type { QuotaLimits, QuotaStore, Used } from '../ingest/quotas.ts'
import { ProblemError } from '../problem.ts'
import { DEGRADED_HEADER, type Degraded } from './degraded.ts'
import type { Refused } from './observe.ts'

const UNITS = ['requests', 'records', 'bytes'] as const
/** `records` is a unit of our own; requests are the default of the draft. */
const PARAMETERS = { requests: '', records: ';qu="records"', bytes: ';qu="content-bytes"' } as const

export interface Quotas {
  /**
   * Counts a request before its body is read.
   *
   * @returns the headers of its answer; while Redis does not answer nothing is refused, and they say so
   * @throws ProblemError quota-exceeded
   */
  begin(producer: string): Promise<Readonly<Record<string, string>>>
  /** @returns what is left of the window, as `GET /v1/producers/me` says it; undefined while Redis does not answer */
  left(producer: string): Promise<ProducerSummary['quotas']>
  /** Counts what was read, with the producer's next request or soon after. */
  used(producer: string, records: number, bytes: number): void
}

/** What was read waits so long for the next request of its producer, whose call of Redis takes it along: one call a request, and not two. */
const WITHOUT_REQUEST_MS = 50

export function createQuotas(store: QuotaStore, limits: QuotaLimits, degraded: Degraded, refused: Refused): Quotas {
  const policy = UNITS.map((unit) => `"${unit}";q=${limits[unit]}${PARAMETERS[unit]};w=${limits.windowSeconds}`).join(
    ', ',
  )
  const notCounted = new Map<string, { records: number; bytes: number }>()

  /** @returns what the producer has used in the window with these requests and all that was read; undefined while Redis does not answer */
  async function count(producer: string, requests: number) {
    const { records = 0, bytes = 0 } = notCounted.get(producer) ?? {}
    notCounted.delete(producer)
    return await degraded.attempt('quotas', () => store.add(producer, { requests, records, bytes }))
  }

  return {
    async begin(producer) {
      const state = await count(producer, 1)
      if (!state) return { [DEGRADED_HEADER]: 'quotas' }
      const headers = { 'ratelimit-policy': policy, ratelimit: fields(state, limits) }
      const unit = UNITS.find((one) =>
        one === 'requests' ? state.requests > limits.requests : state[one] >= limits[one],
      )
      if (unit === undefined) return headers
      refused(`quota-${unit}`)
      throw new ProblemError(
        'quota-exceeded',
        `One producer may send ${limits[unit]} ${unit} within ${limits.windowSeconds} s; the window ends in ${state.secondsLeft} s.`,
        { headers: { ...headers, 'retry-after': String(state.secondsLeft) } },
      )
    },
    async left(producer) {
      const state = await count(producer, 0)
      if (!state) return undefined
      const of = (unit: (typeof UNITS)[number]) => ({
        limit: limits[unit],
        left: Math.max(0, limits[unit] - state[unit]),
      })
      return { requests: of('requests'), records: of('records'), bytes: of('bytes'), seconds_left: state.secondsLeft }
    },
    used(producer, records, bytes) {
      const waiting = notCounted.get(producer)
      if (waiting) {
        waiting.records += records
        waiting.bytes += bytes
        return
      }
      notCounted.set(producer, { records, bytes })
      setTimeout(() => {
        if (notCounted.has(producer)) void count(producer, 0)
      }, WITHOUT_REQUEST_MS).unref()
    },
  }
}

function fields(state: Used & { readonly secondsLeft: number }, limits: QuotaLimits): string {
  return UNITS.map((unit) => `"${unit}";r=${Math.max(0, limits[unit] - state[unit])};t=${state.secondsLeft}`).join(', ')
}
