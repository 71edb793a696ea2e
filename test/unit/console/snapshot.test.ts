import { describe, expect, test } from 'vitest'
import type { LedgerRow } from '#core/ledger/ledger.ts'
import type { Alarm } from '#core/telemetry/alarms.ts'
import { summarise } from '../../../services/console/collectors/ledger.ts'
import { createServiceMetrics, type ServiceMetrics } from '../../../services/console/collectors/service-metrics.ts'
import { type Knowledge, snapshotOf } from '../../../services/console/collectors/view.ts'
import type { PartView, SourceView } from '../../../services/console/snapshot.ts'
import { PART_NAMES } from '../../../services/console/snapshot.ts'

const NOW = Date.parse('2026-11-23T12:00:00Z')
const LIVE: SourceView = { status: 'live', age_seconds: 0.5, failing_since: null, problem: null }
const STALE: SourceView = {
  status: 'stale',
  age_seconds: 30,
  failing_since: '2026-11-23T11:59:30.000Z',
  problem: 'refuses the connection',
}

function counting(name: string, labels: Record<string, string>, perSecond: number): ServiceMetrics {
  const metrics = createServiceMetrics()
  for (let second = 10; second >= 0; second--) {
    metrics.take([{ name, labels, value: (10 - second) * perSecond }], NOW - second * 1000)
  }
  return metrics
}

const part = (name: PartView['name'], over: Partial<PartView> = {}): PartView => ({
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
const ledgerRow = (over: Partial<LedgerRow>): LedgerRow => ({
  feed: 'patient',
  partition: 0,
  accepted: 100,
  loaded: 100,
  quarantined: 0,
  rejected: 0,
  in_flight: 0,
  gaps: 0,
  overlaps: 0,
  ...over,
})

function knowledge(over: Partial<Knowledge> = {}): Knowledge {
  return {
    now: NOW,
    startedAt: NOW - 3_600_000,
    version: 'v',
    gatewayUrl: 'http://127.0.0.1:8080',
    sources: { gateway: LIVE, deidentify: LIVE, curate: LIVE, ledger: LIVE, lag: LIVE, rules: LIVE, parts: LIVE },
    gateway: counting('chainon_gateway_records_total', { feed: 'patient', outcome: 'accepted' }, 100),
    deidentify: counting('chainon_records_total', { service: 'deidentify', feed: 'patient', outcome: 'passed' }, 90),
    curate: counting('chainon_records_total', { service: 'curate', feed: 'patient', outcome: 'loaded' }, 80),
    warehouseRate: 79.96,
    ledger: summarise([ledgerRow({})]),
    lag: { deidentify: { records: 0, seconds: 0 }, curate: { records: 7, seconds: 1.5 } },
    stalledSince: null,
    rules: [],
    parts: PART_NAMES.map((name) => part(name)),
    alarms: new Map(),
    ...over,
  }
}

const sources = (over: Partial<Knowledge['sources']>) => ({ ...knowledge().sources, ...over })

describe('the snapshot', () => {
  test('shows rates of each stage, and that records flow', () => {
    const { rates, overall, empty } = snapshotOf(knowledge())
    expect(rates).toMatchObject({ received: 100, accepted: 100, deidentified: 90, curated: 80, warehouse: 80 })
    expect(overall.kind).toBe('flowing')
    expect(empty).toBe(false)
  })

  test('a source that does not answer leaves no figure that looks live', () => {
    const { rates, lag, freshness, point, overall } = snapshotOf(
      knowledge({
        sources: sources({ curate: STALE, lag: STALE }),
        parts: PART_NAMES.map((name) =>
          part(name, name === 'curate' ? { state: 'restarting', since: '2026-11-23T11:59:30.000Z' } : {}),
        ),
      }),
    )
    expect(rates.curated).toBeNull()
    expect(lag.curate).toEqual({ records: null, seconds: null })
    expect(freshness.basis).not.toBe('window')
    expect(point.loaded).toBeNull()
    expect(rates.accepted).toBe(100)
    expect(overall).toEqual({
      kind: 'down',
      sentence: 'Curation is down and being restarted',
      since: '2026-11-23T11:59:30.000Z',
    })
  })

  test('everything dead at the first second is a page, not an error', () => {
    const never: SourceView = { status: 'never', age_seconds: null, failing_since: null, problem: null }
    const nothing = createServiceMetrics()
    const { overall, rates, ledger } = snapshotOf(
      knowledge({
        sources: {
          gateway: never,
          deidentify: never,
          curate: never,
          ledger: never,
          lag: never,
          rules: never,
          parts: never,
        },
        gateway: nothing,
        deidentify: nothing,
        curate: nothing,
        ledger: null,
        rules: null,
        parts: [],
        startedAt: NOW,
      }),
    )
    expect(overall.kind).toBe('starting')
    expect(rates.received).toBeNull()
    expect(ledger).toBeNull()
  })

  test('a gap outshouts everything', () => {
    const { overall } = snapshotOf(
      knowledge({
        ledger: summarise([ledgerRow({ loaded: 98, gaps: 2 })]),
        parts: PART_NAMES.map((name) => part(name, { state: 'failed' })),
      }),
    )
    expect(overall).toMatchObject({ kind: 'alarm', sentence: 'Not conserved: 2 records missing' })
  })

  test('a ledger that cannot be read is never called conserved', () => {
    expect(snapshotOf(knowledge({ sources: sources({ ledger: STALE }) })).overall).toMatchObject({
      kind: 'unknown',
      sentence: 'The ledger cannot be read',
    })
  })

  test('records that wait and do not move are said', () => {
    const known = knowledge({
      ledger: summarise([ledgerRow({ loaded: 60, in_flight: 40 })]),
      stalledSince: NOW - 60_000,
    })
    expect(snapshotOf(known).overall).toMatchObject({ kind: 'behind' })
  })

  test('alarms come newest first, one for each part that is down among them', () => {
    const alarm = (id: string, since: string): Alarm => ({ id, code: 'gap', message: id, since })
    const { alarms } = snapshotOf(
      knowledge({
        alarms: new Map([
          ['curate', [alarm('old', '2026-11-23T11:00:00.000Z'), alarm('new', '2026-11-23T11:59:59.000Z')]],
        ]),
        parts: PART_NAMES.map((name) =>
          part(
            name,
            name === 'redis' ? { state: 'restarting', since: '2026-11-23T11:30:00.000Z', message: 'killed' } : {},
          ),
        ),
      }),
    )
    expect(alarms.map(({ message }) => message)).toEqual(['new', 'Redis is down and being restarted: killed', 'old'])
  })

  test('before the first record it is ready, and says so', () => {
    const { overall, empty } = snapshotOf(
      knowledge({ gateway: createServiceMetrics(), ledger: summarise([ledgerRow({ accepted: 0, loaded: 0 })]) }),
    )
    expect(empty).toBe(true)
    expect(overall.kind).toBe('waiting')
  })
})
