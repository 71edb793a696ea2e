/**
 * Looks every few seconds whether records would expire before `deidentify` has read them, raises the alarms, and says which feeds
 * must not take more. Beside the path of the records: a request only reads what the last look found.
 */

import { describeFailure } from '../faults/describe-failure.ts'
import type { ReconnectingAdmin } from '../kafka/reconnecting-admin.ts'
import { every } from '../process/loop.ts'
import type { Alarms } from '../telemetry/alarms.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { type LatePartition, readBacklogs } from './unread.ts'

export interface RetentionWatch {
  /** @returns true when an unread record of the feed is as old as the limit, as far as is known */
  isNearRetention(feed: string): boolean
  /** Waits for the look in progress. */
  stop(): Promise<void>
}

export interface RetentionWatchOptions {
  readonly admin: ReconnectingAdmin
  readonly namespace: string
  readonly feeds: readonly string[]
  readonly alarms: Alarms
  readonly metrics: Metrics
  /** Part of the retention, above 0.5, from which a feed is near its retention; undefined where nothing is decided by it. */
  readonly limit?: number
}

const LOOK_MS = 3_000
const TIMEOUT_MS = 5_000
/** A broker that restarts is back before. */
const UNKNOWN_AFTER_MS = 15_000

export function watchRetention(options: RetentionWatchOptions): RetentionWatch {
  const { admin, namespace, feeds, alarms, limit } = options
  const share = options.metrics.gauge(
    'chainon_unread_retention_share',
    'Age of the oldest record that deidentify has not read, as a part of the retention; 0 below a half',
  )
  /** What the last look that succeeded found; its ages go on growing while no further look succeeds. */
  const late = new Map<string, readonly LatePartition[]>()
  const raised = new Set<string>()
  let failingSince: number | undefined

  const nearest = (feed: string, now: number) => Math.max(0, ...(late.get(feed) ?? []).map((one) => shareOf(one, now)))
  const isNearRetention = (feed: string) => limit !== undefined && nearest(feed, Date.now()) >= limit

  async function look(): Promise<void> {
    const now = Date.now()
    const failed = new Map<string, unknown>()
    try {
      const found = await admin.use((client) => readBacklogs(client, namespace, feeds, now), TIMEOUT_MS)
      for (const backlog of found) {
        if ('problem' in backlog) failed.set(backlog.feed, backlog.problem)
        else {
          for (const { partition } of late.get(backlog.feed) ?? []) share(0, { feed: backlog.feed, partition })
          late.set(backlog.feed, backlog.late)
        }
      }
    } catch (error) {
      for (const feed of feeds) failed.set(feed, error)
    }
    for (const one of [...late.values()].flat()) share(shareOf(one, now), { feed: one.feed, partition: one.partition })
    report(now, failed)
  }

  function report(now: number, failed: ReadonlyMap<string, unknown>): void {
    const current = new Set<string>()
    const raise = (alarm: Parameters<Alarms['raise']>[0]) => {
      current.add(alarm.id)
      raised.add(alarm.id)
      alarms.raise(alarm)
    }
    for (const one of [...late.values()].flat()) {
      const { feed, partition } = one
      raise({
        id: `retention-half:${feed}:${partition}`,
        code: 'retention-half',
        feed,
        partition,
        message: lateSentence(one, now),
      })
    }
    for (const feed of feeds.filter(isNearRetention)) {
      const message = `${feed}: the gateway answers 503 until deidentify has read the records that would expire`
      raise({ id: `backlog-near-retention:${feed}`, code: 'backlog-near-retention', feed, message })
    }
    const names = [...failed.keys()]
    const [first] = failed
    failingSince = first ? (failingSince ?? now) : undefined
    if (first && now - (failingSince ?? now) >= UNKNOWN_AFTER_MS) {
      const which = names.length === feeds.length ? 'any feed' : names.join(', ')
      const message = `Whether unread records of ${which} expire is not known: ${describeFailure(first[1])}. What was known before decides.`
      raise({ id: 'retention-unknown', code: 'retention-unknown', message })
    }
    for (const id of raised) {
      if (current.has(id)) continue
      alarms.clear(id)
      raised.delete(id)
    }
  }

  const loop = every(LOOK_MS, look)
  return { isNearRetention, stop: () => loop.stop() }
}

function shareOf({ oldestAt, retentionMs }: LatePartition, now: number): number {
  return (now - oldestAt) / retentionMs
}

function lateSentence(late: LatePartition, now: number): string {
  const { feed, partition, oldestAt, retentionMs } = late
  const expires = new Date(oldestAt + retentionMs).toISOString()
  return `${feed}, partition ${partition}: the oldest record that deidentify has not read is ${ageText(now - oldestAt)} old and expires at ${expires} (retention: ${ageText(retentionMs)})`
}

/** @returns the two units that matter, for instance `37 h 5 min` */
function ageText(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 120) return `${minutes} min`
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
