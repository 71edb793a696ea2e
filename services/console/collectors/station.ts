/** Runs the collectors, each at its own pace, and makes one snapshot a second of what they know. */

import { describeFailure } from '#core/faults/describe-failure.ts'
import type { LedgerRow } from '#core/ledger/ledger.ts'
import { type Alarm, type Alarms } from '#core/telemetry/alarms.ts'
import type { Logger } from '#core/telemetry/logger.ts'
import {
  type LedgerView,
  type PartView,
  type RuleView,
  SERVICE_NAMES,
  type ServiceName,
  type Snapshot,
} from '../snapshot.ts'
import { createCounterBook } from './counters.ts'
import { createHistory, type History } from './history.ts'
import { createLagBook, type StageLags } from './lag.ts'
import { createStallWatch, summarise } from './ledger.ts'
import { every, type Loop } from './loop.ts'
import { ledgerAlarms } from './overall.ts'
import type { PartsWatch } from './parts-watch.ts'
import { type RuleTables, ruleViews } from './rules.ts'
import { scrape } from './scrape.ts'
import { createServiceMetrics } from './service-metrics.ts'
import { createSource } from './source.ts'
import { snapshotOf } from './view.ts'

export interface StationParts {
  readonly services: Readonly<Record<ServiceName, string>>
  readonly readLedger: () => Promise<readonly LedgerRow[]>
  readonly readLags: () => Promise<StageLags>
  readonly readRules: () => Promise<RuleTables>
  readonly parts: PartsWatch
  readonly alarms: Alarms
  readonly logger: Logger
  readonly version: string
}

export interface Station {
  readonly history: History
  /** @returns the snapshot of the last second */
  latest(): Snapshot
  /** Called with each new snapshot. */
  onSnapshot(listener: (snapshot: Snapshot) => void): void
  stop(): Promise<void>
}

const TICK_MS = 1_000
const LEDGER_MS = 2_000
const RULES_MS = 10_000
const WAREHOUSE_WINDOW_MS = 10_000
const STALE_MS = { service: 4_000, ledger: 10_000, lag: 10_000, rules: 45_000, parts: 10_000 }
const LOADED = 'loaded'

export function startStation(station: StationParts): Station {
  const startedAt = Date.now()
  const history = createHistory()
  const sources = {
    gateway: createSource(STALE_MS.service),
    deidentify: createSource(STALE_MS.service),
    curate: createSource(STALE_MS.service),
    ledger: createSource(STALE_MS.ledger),
    lag: createSource(STALE_MS.lag),
    rules: createSource(STALE_MS.rules),
    parts: createSource(STALE_MS.parts),
  }
  const metrics = {
    gateway: createServiceMetrics(),
    deidentify: createServiceMetrics(),
    curate: createServiceMetrics(),
  }
  const alarms = new Map<string, readonly Alarm[]>()
  const loaded = createCounterBook(WAREHOUSE_WINDOW_MS)
  let ledger: LedgerView | null = null
  let rules: readonly RuleView[] | null = null
  let parts: readonly PartView[] = []
  const stall = createStallWatch()
  const lags = { deidentify: createLagBook(), curate: createLagBook() }
  let listener: (snapshot: Snapshot) => void = () => undefined

  /** A failed read keeps the last figures, which the page greys, and says why. */
  const attempt = (source: keyof typeof sources, work: () => Promise<void>) => async () => {
    try {
      await work()
      sources[source].answered(Date.now())
    } catch (error) {
      const problem = describeFailure(error)
      sources[source].failed(problem, Date.now())
      station.logger.debug({ event: 'source-failed', source, problem })
    }
  }

  const readService = (name: ServiceName) =>
    attempt(name, async () => {
      try {
        const found = await scrape(station.services[name])
        metrics[name].take(found.samples, Date.now())
        alarms.set(name, found.alarms)
        station.parts.answered(name, found.healthy, found.healthy ? '' : 'answers that it is not ready')
      } catch (error) {
        // Nobody can say whether its alarms still stand; that it is down is said instead.
        alarms.delete(name)
        station.parts.answered(name, false, describeFailure(error))
        throw error
      }
    })

  const readLedger = attempt('ledger', async () => {
    const rows = await station.readLedger()
    ledger = summarise(rows)
    loaded.take(new Map([[LOADED, ledger.total.loaded]]), Date.now())
    stall.see(ledger, Date.now())
    const found = ledgerAlarms(ledger)
    for (const { id } of station.alarms.standing()) {
      if (!found.some((alarm) => alarm.id === id)) station.alarms.lift(id)
    }
    for (const alarm of found) station.alarms.raise(alarm)
    alarms.set('console', station.alarms.standing())
  })

  const readLags = attempt('lag', async () => {
    const found = await station.readLags()
    lags.deidentify.see(found.deidentify, Date.now())
    lags.curate.see(found.curate, Date.now())
  })

  const tick = () => {
    const now = Date.now()
    const { gateway, deidentify, curate } = metrics
    const views = {
      gateway: sources.gateway.view(now),
      deidentify: sources.deidentify.view(now),
      curate: sources.curate.view(now),
      ledger: sources.ledger.view(now),
      lag: sources.lag.view(now),
      rules: sources.rules.view(now),
      parts: sources.parts.view(now),
    }
    const warehouseRate = loaded.rate([LOADED], WAREHOUSE_WINDOW_MS, now)
    const { version, services } = station
    const stalledSince = stall.since(now)
    const lag = { deidentify: lags.deidentify.view(now), curate: lags.curate.view(now) }
    const common = {
      now,
      startedAt,
      version,
      gatewayUrl: services.gateway,
      sources: views,
      warehouseRate,
      stalledSince,
    }
    latest = snapshotOf({ ...common, gateway, deidentify, curate, ledger, lag, rules, parts, alarms })
    history.add(latest.point)
    listener(latest)
  }

  let latest: Snapshot
  tick()
  const loops: Loop[] = [
    ...SERVICE_NAMES.map((name) => every(TICK_MS, readService(name))),
    every(LEDGER_MS, readLedger),
    every(LEDGER_MS, readLags),
    every(
      RULES_MS,
      attempt('rules', async () => void (rules = ruleViews(await station.readRules()))),
    ),
    every(
      TICK_MS,
      attempt('parts', async () => void (parts = await station.parts.views(Date.now()))),
    ),
    every(TICK_MS, () => Promise.resolve(tick()), TICK_MS),
  ]

  return {
    history,
    latest: () => latest,
    onSnapshot(next) {
      listener = next
    },
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()))
      await station.parts.close()
    },
  }
}
