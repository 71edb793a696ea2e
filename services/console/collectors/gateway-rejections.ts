/** Records that the gateway rejected, by rule: from its counters, because rejected records are not stored. */
import type { FailureView } from '../snapshot.ts'
import { REJECTED } from './metric-names.ts'
import type { ServiceMetrics } from './service-metrics.ts'

export function gatewayRejections(gateway: ServiceMetrics): readonly FailureView[] {
  const rejected = gateway.series(REJECTED).filter(({ total }) => total > 0)
  return rejected.map(({ labels, total, increasedAt }) => ({
    outcome: 'rejected-at-gateway',
    service: 'gateway',
    stage: '',
    feed: labels.feed ?? '',
    pointer: labels.pointer ?? '',
    rule: labels.rule ?? labels.fault ?? '',
    last_24h: null,
    total,
    total_since: 'start',
    share_24h: null,
    last_seen: increasedAt === null ? null : new Date(increasedAt).toISOString(),
    last_seen_to: 'second',
    trend: null,
  }))
}
