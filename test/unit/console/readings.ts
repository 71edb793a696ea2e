/** Readings of the collectors when every component runs; a test replaces the readings that it needs. */
import type { LedgerRow } from '#core/ledger/row.ts'
import type { Readings } from '../../../services/console/collectors/build-snapshot.ts'
import { summarise } from '../../../services/console/collectors/ledger.ts'
import { createServiceMetrics, type ServiceMetrics } from '../../../services/console/collectors/service-metrics.ts'
import { COMPONENT_NAMES, type ComponentView, type SourceView } from '../../../services/console/snapshot.ts'

export const NOW = Date.parse('2026-11-23T12:00:00Z')
export const LIVE: SourceView = { status: 'live', age_seconds: 0.5, failing_since: null, problem: null }
export const STALE: SourceView = {
  status: 'stale',
  age_seconds: 30,
  failing_since: '2026-11-23T11:59:30.000Z',
  problem: 'connection refused',
}

function counting(name: string, labels: Record<string, string>, perSecond: number): ServiceMetrics {
  const metrics = createServiceMetrics()
  for (let second = 10; second >= 0; second--) {
    metrics.add([{ name, labels, value: (10 - second) * perSecond }], NOW - second * 1000)
  }
  return metrics
}

export const component = (name: ComponentView['name'], over: Partial<ComponentView> = {}): ComponentView => ({
  name,
  state: 'running',
  since: '2026-11-23T10:00:00.000Z',
  pid: 1,
  url: null,
  restarts: 0,
  memory_bytes: null,
  message: '',
  ...over,
})
export const ledgerRow = (over: Partial<LedgerRow>): LedgerRow => ({
  feed: 'patient',
  partition: 0,
  accepted: 100,
  loaded: 100,
  quarantined: 0,
  lost: 0,
  rejected: 0,
  in_flight: 0,
  gaps: 0,
  overlaps: 0,
  ...over,
})

export function readings(over: Partial<Readings> = {}): Readings {
  return {
    now: NOW,
    startedAt: NOW - 3_600_000,
    version: 'v',
    gatewayUrl: 'http://127.0.0.1:8080',
    sources: {
      gateway: LIVE,
      deidentify: LIVE,
      linker: LIVE,
      curate: LIVE,
      ledger: LIVE,
      lag: LIVE,
      failures: LIVE,
      components: LIVE,
    },
    gateway: counting('chainon_gateway_records_total', { feed: 'patient', outcome: 'accepted' }, 100),
    deidentify: counting('chainon_records_total', { service: 'deidentify', feed: 'patient', outcome: 'passed' }, 90),
    linker: createServiceMetrics(),
    curate: counting('chainon_records_total', { service: 'curate', feed: 'patient', outcome: 'loaded' }, 80),
    warehouseRate: 79.96,
    ledger: summarise([ledgerRow({})]),
    lag: { deidentify: { records: 0, seconds: 0 }, curate: { records: 7, seconds: 1.5 } },
    stalledSince: null,
    failures: [],
    components: COMPONENT_NAMES.map((name) => component(name)),
    alarms: new Map(),
    ...over,
  }
}
