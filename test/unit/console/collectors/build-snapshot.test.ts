import { describe, expect, test } from 'vitest'
import type { Alarm } from '#core/telemetry/alarms.ts'
import { buildSnapshot, type Readings } from '../../../../services/console/collectors/build-snapshot.ts'
import { summarise } from '../../../../services/console/collectors/ledger.ts'
import { createServiceMetrics } from '../../../../services/console/collectors/service-metrics.ts'
import { COMPONENT_NAMES, type SourceView } from '../../../../services/console/snapshot.ts'
import { component, ledgerRow, NOW, readings, STALE } from '../readings.ts'

const sources = (over: Partial<Readings['sources']>) => ({ ...readings().sources, ...over })

describe('the snapshot', () => {
  test('shows the rates of each service, and that records flow', () => {
    const { rates, overall, empty } = buildSnapshot(readings())
    expect(rates).toMatchObject({ received: 100, accepted: 100, deidentified: 90, curated: 80, warehouse: 80 })
    expect(overall.kind).toBe('flowing')
    expect(empty).toBe(false)
  })

  test('figures of a source that does not answer are not shown as live', () => {
    const { rates, lag, freshness, point, overall } = buildSnapshot(
      readings({
        sources: sources({ curate: STALE, lag: STALE }),
        components: COMPONENT_NAMES.map((name) =>
          component(name, name === 'curate' ? { state: 'restarting', since: '2026-11-23T11:59:30.000Z' } : {}),
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
      sentence: 'Curation is down and is being restarted',
      since: '2026-11-23T11:59:30.000Z',
    })
  })

  test('the page is shown without an error in the first second, when no source has answered', () => {
    const never: SourceView = { status: 'never', age_seconds: null, failing_since: null, problem: null }
    const nothing = createServiceMetrics()
    const { overall, rates, ledger } = buildSnapshot(
      readings({
        sources: {
          gateway: never,
          deidentify: never,
          linker: never,
          curate: never,
          ledger: never,
          lag: never,
          failures: never,
          components: never,
        },
        gateway: nothing,
        deidentify: nothing,
        linker: nothing,
        curate: nothing,
        ledger: null,
        failures: null,
        components: [],
        startedAt: NOW,
      }),
    )
    expect(overall.kind).toBe('starting')
    expect(rates.received).toBeNull()
    expect(ledger).toBeNull()
  })

  test('a gap is reported before everything else', () => {
    const { overall } = buildSnapshot(
      readings({
        ledger: summarise([ledgerRow({ loaded: 98, gaps: 2 })]),
        components: COMPONENT_NAMES.map((name) => component(name, { state: 'failed' })),
      }),
    )
    expect(overall).toMatchObject({ kind: 'alarm', sentence: 'Not balanced: 2 records missing' })
  })

  test('a ledger that cannot be read is never shown as balanced', () => {
    expect(buildSnapshot(readings({ sources: sources({ ledger: STALE }) })).overall).toMatchObject({
      kind: 'unknown',
      sentence: 'The ledger cannot be read',
    })
  })

  test('records in flight without progress are reported', () => {
    const known = readings({
      ledger: summarise([ledgerRow({ loaded: 60, in_flight: 40 })]),
      stalledSince: NOW - 60_000,
    })
    expect(buildSnapshot(known).overall).toMatchObject({ kind: 'behind' })
  })

  test('an alarm that the gateway and the console raise is shown once', () => {
    const late: Alarm = {
      id: 'retention-half:a:0',
      code: 'retention-half',
      message: 'late',
      since: '2026-11-23T11:00:00.000Z',
    }
    const both = new Map([
      ['gateway', [late]],
      ['console', [{ ...late, since: '2026-11-23T11:00:03.000Z' }]],
    ])
    expect(buildSnapshot({ ...readings(), alarms: both }).alarms.map(({ id }) => id)).toEqual([
      'gateway:retention-half:a:0',
    ])
  })

  test('alarms are sorted, newest first, with one for each component that is down', () => {
    const alarm = (id: string, since: string): Alarm => ({ id, code: 'gap', message: id, since })
    const { alarms } = buildSnapshot(
      readings({
        alarms: new Map([
          ['curate', [alarm('old', '2026-11-23T11:00:00.000Z'), alarm('new', '2026-11-23T11:59:59.000Z')]],
        ]),
        components: COMPONENT_NAMES.map((name) =>
          component(
            name,
            name === 'redis' ? { state: 'restarting', since: '2026-11-23T11:30:00.000Z', message: 'killed' } : {},
          ),
        ),
      }),
    )
    expect(alarms.map(({ message }) => message)).toEqual(['new', 'Redis is down and is being restarted: killed', 'old'])
  })

  test('before the first record the state is ready', () => {
    const { overall, empty } = buildSnapshot(
      readings({ gateway: createServiceMetrics(), ledger: summarise([ledgerRow({ accepted: 0, loaded: 0 })]) }),
    )
    expect(empty).toBe(true)
    expect(overall.kind).toBe('waiting')
  })
})
