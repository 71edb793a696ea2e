/** The gateway's metrics. Labels are feeds, rules, routes and statuses: few, and never of a person. */
import type { FastifyInstance } from 'fastify'
import type { Metrics } from '#core/telemetry/metrics.ts'
import type { Batch } from '../ingest/batch.ts'

export interface GatewayMetrics {
  /** Counts what was rejected; also when the request then fails. */
  rejected(batch: Batch): void
  /** Counts what Kafka acknowledged. @param seconds from the body being read to the acknowledgement */
  acknowledged(batch: Batch, seconds: number): void
  inFlight(bytes: number): void
  request(route: string, status: number): void
}

export function gatewayMetrics(metrics: Metrics): GatewayMetrics {
  const records = metrics.counter('chainon_gateway_records', 'Records by outcome')
  const rejected = metrics.counter('chainon_gateway_rejected', 'Rejected records by rule')
  const requests = metrics.counter('chainon_gateway_requests', 'Requests by route and status')
  const inFlight = metrics.gauge('chainon_gateway_inflight_bytes', 'Bytes of request bodies held now')
  const ack = metrics.histogram(
    'chainon_gateway_ack_seconds',
    'From a body being read to all replicas having its records',
  )
  inFlight(0, {})
  return {
    rejected(batch) {
      for (const [feed, count] of batch.byFeed)
        if (count.rejected > 0) records(count.rejected, { feed, outcome: 'rejected' })
      for (const { feed, rule, count } of batch.rejections.values()) rejected(count, { feed: feed || 'none', rule })
    },
    acknowledged(batch, seconds) {
      for (const [feed, count] of batch.byFeed)
        if (count.accepted > 0) records(count.accepted, { feed, outcome: 'accepted' })
      for (const { feed } of batch.byTopic.values()) ack(seconds, { feed })
    },
    inFlight: (bytes) => inFlight(bytes, {}),
    request: (route, status) => requests(1, { route, status }),
  }
}

/** Counts each request by its route's pattern, never by its address. */
export function observeRequests(app: FastifyInstance, metrics: GatewayMetrics): void {
  app.addHook('onResponse', async (request, reply) => {
    metrics.request(request.is404 ? 'unmatched' : (request.routeOptions.url ?? 'unmatched'), reply.statusCode)
  })
}
