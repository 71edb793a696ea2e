/** Builds the snapshot that the page shows from the readings of the collectors. Pure: the same readings give the same snapshot. */
import type { Alarm } from '#core/telemetry/alarms.ts'
import { NO_QUANTILES } from '#core/telemetry/quantiles.ts'
import {
  type ComponentView,
  type FailureView,
  type FreshnessView,
  type HistoryPoint,
  type LedgerView,
  type Rates,
  SERVICE_NAMES,
  type ServiceName,
  type Snapshot,
  type SourceName,
  type SourceView,
} from '../snapshot.ts'
import { alarmViews } from './alarms.ts'
import { gatewayRejections } from './gateway-rejections.ts'
import { FRESHNESS, INFLIGHT_BYTES, MEMORY_BYTES, RECEIVED, RECORDS } from './metric-names.ts'
import { overallState } from './overall.ts'
import type { ServiceMetrics } from './service-metrics.ts'

export interface Readings extends Readonly<Record<ServiceName, ServiceMetrics>> {
  readonly now: number
  readonly startedAt: number
  readonly version: string
  readonly gatewayUrl: string
  readonly sources: Readonly<Record<SourceName, SourceView>>
  /** Records per second that were added to ClickHouse, from the ledger; null when not known. */
  readonly warehouseRate: number | null
  readonly ledger: LedgerView | null
  readonly lag: Snapshot['lag']
  /** Milliseconds since 1970; null while records make progress or none is in flight. */
  readonly stalledSince: number | null
  readonly failures: readonly FailureView[] | null
  readonly components: readonly ComponentView[]
  readonly alarms: ReadonlyMap<string, readonly Alarm[]>
}

/** The outcomes of a record in a service. A replay has no outcome of its own. */
const OUTCOMES = ['passed', 'loaded', 'quarantined', 'rejected']

const NOT_KNOWN: Snapshot['lag'] = {
  deidentify: { records: null, seconds: null },
  curate: { records: null, seconds: null },
}

export function buildSnapshot(readings: Readings): Snapshot {
  const { now, sources, gateway } = readings
  const rates = ratesOf(readings)
  const freshness = freshnessOf(readings)
  const seenGateway = sources.gateway.status !== 'never'
  const facts = {
    now: new Date(now).toISOString(),
    started_at: new Date(readings.startedAt).toISOString(),
    sources,
    rates,
    lag: live(sources.lag) ? readings.lag : NOT_KNOWN,
    ledger: readings.ledger,
    stalled_since: readings.stalledSince === null ? null : new Date(readings.stalledSince).toISOString(),
    components: readings.components.map((component) => withMemory(component, readings)),
    alarms: alarmViews(readings.alarms, readings.components, new Date(now).toISOString()),
    empty: readings.ledger?.total.accepted === 0 && gateway.total(RECEIVED, {}) === 0,
  }
  const inflight = live(sources.gateway) ? gateway.gauges(INFLIGHT_BYTES, {}) : []
  const rejections = gatewayRejections(gateway)
  return {
    ...facts,
    version: readings.version,
    gateway_url: readings.gatewayUrl,
    overall: overallState(facts),
    received_by_feed: gateway.labelValues(RECEIVED, 'feed').map((feed) => ({
      feed,
      rate: live(sources.gateway) ? rounded(gateway.rate(RECEIVED, { feed, outcome: 'accepted' }, now)) : null,
    })),
    gateway_rejected_total: seenGateway ? gateway.total(RECEIVED, { outcome: 'rejected' }) : null,
    gateway_inflight_bytes: inflight[0]?.value ?? null,
    freshness,
    failures:
      readings.failures || rejections.length > 0
        ? byCount([...(readings.failures ?? []), ...rejections])
        : readings.failures,
    point: pointOf(now, rates, freshness),
  }
}

/** A service reports its own memory, also from another machine. The memory of the others is read from /proc if they run here. */
function withMemory(component: ComponentView, readings: Readings): ComponentView {
  const name = SERVICE_NAMES.find((service) => service === component.name)
  if (!name || !live(readings.sources[name])) return component
  return {
    ...component,
    memory_bytes: readings[name].gauges(MEMORY_BYTES, {})[0]?.value ?? component.memory_bytes,
  }
}

function live({ status }: SourceView): boolean {
  return status === 'live'
}

function ratesOf({ now, sources, gateway, deidentify, curate, warehouseRate }: Readings): Rates {
  const whenLive = (name: SourceName, rate: () => number | null) => (live(sources[name]) ? rounded(rate()) : null)
  return {
    received: whenLive('gateway', () => gateway.rate(RECEIVED, {}, now)),
    accepted: whenLive('gateway', () => gateway.rate(RECEIVED, { outcome: 'accepted' }, now)),
    rejected: whenLive('gateway', () => gateway.rate(RECEIVED, { outcome: 'rejected' }, now)),
    deidentified: whenLive('deidentify', () =>
      deidentify.rate(RECORDS, { service: 'deidentify', outcome: OUTCOMES }, now),
    ),
    curated: whenLive('curate', () => curate.rate(RECORDS, { service: 'curate', outcome: OUTCOMES }, now)),
    warehouse: whenLive('ledger', () => warehouseRate),
  }
}

function freshnessOf({ now, sources, curate }: Readings): FreshnessView {
  const measure = (match: Record<string, string>) => {
    const recent = live(sources.curate) ? curate.quantiles(FRESHNESS, match, 'window', now) : NO_QUANTILES
    return recent.count > 0
      ? { basis: 'window' as const, ...recent }
      : { basis: 'start' as const, ...curate.quantiles(FRESHNESS, match, 'start', now) }
  }
  const all = measure({})
  return {
    ...all,
    basis: all.count === 0 ? 'none' : all.basis,
    feeds: curate
      .labelValues(`${FRESHNESS}_bucket`, 'feed')
      .map((feed) => ({ feed, ...measure({ feed }) }))
      .filter(({ count }) => count > 0),
  }
}

function pointOf(now: number, rates: Rates, freshness: FreshnessView): HistoryPoint {
  const { p50, p95, p99 } = freshness.basis === 'window' ? freshness : NO_QUANTILES
  return {
    t: Math.round(now / 1000),
    accepted: rates.accepted,
    deidentified: rates.deidentified,
    loaded: rates.curated,
    p50,
    p95,
    p99,
  }
}

function byCount(failures: readonly FailureView[]): readonly FailureView[] {
  return failures.toSorted((a, b) => (b.last_24h ?? b.total) - (a.last_24h ?? a.total) || b.total - a.total)
}

function rounded(rate: number | null): number | null {
  return rate === null ? null : Math.round(rate * 10) / 10
}
