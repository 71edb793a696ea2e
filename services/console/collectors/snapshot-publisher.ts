/** Runs the collectors, each at its own interval, and publishes one snapshot of their readings per second. */
import { describeFailure } from '#core/faults/describe-failure.ts'
import { findingAlarm, type KeptFinding } from '#core/ledger/findings.ts'
import type { LedgerRow } from '#core/ledger/row.ts'
import { every, type Loop } from '#core/process/loop.ts'
import type { Alarm, Alarms } from '#core/telemetry/alarms.ts'
import type { Logger } from '#core/telemetry/logger.ts'
import {
  type ComponentView,
  type FailureView,
  type LedgerView,
  SERVICE_NAMES,
  type ServiceName,
  type Snapshot,
  SOURCE_NAMES,
  type SourceName,
} from '../snapshot.ts'
import { ledgerAlarms, NOT_BALANCED } from './alarms.ts'
import { buildSnapshot } from './build-snapshot.ts'
import type { ComponentWatch } from './component-watch.ts'
import { createCounterTracker } from './counters.ts'
import { type FailureTables, failureViews } from './failures.ts'
import { createHistory, type History } from './history.ts'
import { createLagTracker, type ServiceLags } from './lag.ts'
import { createStallWatch, summarise } from './ledger.ts'
import { scrape } from './scrape.ts'
import { createServiceMetrics } from './service-metrics.ts'
import { createSource } from './source.ts'

export interface PublisherOptions {
  /** Where producers send to. */
  readonly gatewayUrl: string
  /** URL of the metrics of each service. */
  readonly services: Readonly<Record<ServiceName, string>>
  readonly readLedger: () => Promise<readonly LedgerRow[]>
  readonly readFindings: () => Promise<readonly KeptFinding[]>
  readonly readLags: () => Promise<ServiceLags>
  readonly readFailures: () => Promise<FailureTables>
  readonly components: ComponentWatch
  readonly alarms: Alarms
  readonly logger: Logger
  /** Version of the page's files. */
  readonly version: string
}

export interface SnapshotPublisher {
  readonly history: History
  /** @returns the snapshot of the last second */
  latest(): Snapshot
  /** Called with each new snapshot. */
  onSnapshot(listener: (snapshot: Snapshot) => void): void
  stop(): Promise<void>
}

const TICK_MS = 1_000
const LEDGER_MS = 2_000
const FAILURES_MS = 10_000
const WAREHOUSE_WINDOW_MS = 10_000
const STALE_MS: Readonly<Record<SourceName, number>> = {
  gateway: 4_000,
  deidentify: 4_000,
  linker: 4_000,
  curate: 4_000,
  ledger: 10_000,
  lag: 10_000,
  failures: 45_000,
  components: 10_000,
}
const LOADED = 'loaded'

export function startSnapshotPublisher(options: PublisherOptions): SnapshotPublisher {
  const startedAt = Date.now()
  const history = createHistory()
  const sources = forEach(SOURCE_NAMES, (name) => createSource(STALE_MS[name]))
  const metrics = forEach(SERVICE_NAMES, () => createServiceMetrics())
  const alarms = new Map<string, readonly Alarm[]>()
  const loaded = createCounterTracker(WAREHOUSE_WINDOW_MS)
  const stall = createStallWatch()
  const lags = { deidentify: createLagTracker(), curate: createLagTracker() }
  let ledger: LedgerView | null = null
  let failures: readonly FailureView[] | null = null
  let components: readonly ComponentView[] = []
  let listener: (snapshot: Snapshot) => void = () => undefined

  /** After a failed reading the last figures stay, marked as stale, with the reason. */
  const attempt = (source: SourceName, work: () => Promise<void>) => async () => {
    try {
      await work()
      sources[source].answered(Date.now())
    } catch (error) {
      const problem = describeFailure(error)
      sources[source].failed(problem, Date.now())
      options.logger.debug({ event: 'source-failed', source, problem })
    }
  }

  const readService = (name: ServiceName) =>
    attempt(name, async () => {
      try {
        const found = await scrape(options.services[name])
        metrics[name].add(found.samples, Date.now())
        alarms.set(name, found.alarms)
        options.components.answered(name, found.healthy, found.healthy ? '' : 'it is not ready')
      } catch (error) {
        // It is unknown whether its alarms are still raised: they are removed, and the page says that the service is down.
        alarms.delete(name)
        options.components.answered(name, false, describeFailure(error))
        throw error
      }
    })

  const readLedger = attempt('ledger', async () => {
    const rows = await options.readLedger()
    ledger = summarise(rows)
    loaded.add(new Map([[LOADED, ledger.total.loaded]]), Date.now())
    stall.add(ledger, Date.now())
    const found = [...ledgerAlarms(ledger), ...(await options.readFindings()).map(findingAlarm)]
    const shown = options.alarms.active().filter(({ code, id }) => code === NOT_BALANCED || id.startsWith('finding:'))
    for (const { id } of shown) {
      if (!found.some((alarm) => alarm.id === id)) options.alarms.clear(id)
    }
    for (const alarm of found) options.alarms.raise(alarm)
  })

  const readLags = attempt('lag', async () => {
    const found = await options.readLags()
    lags.deidentify.add(found.deidentify, Date.now())
    lags.curate.add(found.curate, Date.now())
  })

  const readFailures = attempt('failures', async () => {
    failures = failureViews(await options.readFailures())
  })

  const readComponents = attempt('components', async () => {
    components = await options.components.views(Date.now())
  })

  const build = () => {
    const now = Date.now()
    alarms.set('console', options.alarms.active())
    return buildSnapshot({
      ...metrics,
      now,
      startedAt,
      version: options.version,
      gatewayUrl: options.gatewayUrl,
      sources: forEach(SOURCE_NAMES, (name) => sources[name].view(now)),
      warehouseRate: loaded.rate([LOADED], WAREHOUSE_WINDOW_MS, now),
      stalledSince: stall.since(now),
      lag: { deidentify: lags.deidentify.view(now), curate: lags.curate.view(now) },
      ledger,
      failures,
      components,
      alarms,
    })
  }
  let latest = build()
  const publish = async () => {
    latest = build()
    history.add(latest.point)
    listener(latest)
  }

  const loops: readonly Loop[] = [
    ...SERVICE_NAMES.map((name) => every(TICK_MS, readService(name))),
    every(LEDGER_MS, readLedger),
    every(LEDGER_MS, readLags),
    every(FAILURES_MS, readFailures),
    every(TICK_MS, readComponents),
    every(TICK_MS, publish, TICK_MS),
  ]

  return {
    history,
    latest: () => latest,
    onSnapshot(next) {
      listener = next
    },
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()))
      await options.components.close()
    },
  }
}

function forEach<Name extends string, Value>(
  names: readonly Name[],
  make: (name: Name) => Value,
): Readonly<Record<Name, Value>> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, Value>
}
