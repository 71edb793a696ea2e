/** When the linker takes a snapshot: at the interval of the settings, and when `chainon link snapshot` asks for one. */
import { ConfigurationError } from '#core/faults/errors.ts'
import type { Alarms } from '#core/telemetry/alarms.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import type { Metrics } from '#core/telemetry/metrics.ts'
import {
  type Answer,
  answer,
  asked,
  makeFolder,
  type Snapshot,
  snapshotPath,
  snapshotsIn,
  tidy,
  unask,
} from './folder.ts'
import type { Header } from './snapshot-form.ts'
import type { SnapshotKey } from './snapshot-key.ts'
import type { Taken } from './take-snapshot.ts'

const HOUR_MS = 3_600_000
/** After a failure the next try waits so long, unless somebody asks. */
const RETRY_MS = 600_000
const ALARM = 'linkage-snapshot'

export interface ScheduleOptions {
  readonly folder: string
  /** Name of the index, with the namespace. */
  readonly index: string
  readonly form: Header['form']
  /** Hours from one snapshot to the next; 0: only those that are asked for. */
  readonly hours: number
  /** Snapshots that stay. */
  readonly kept: number
  /** @returns undefined where none was made @throws ConfigurationError when it was changed */
  readonly key: () => SnapshotKey | undefined
  readonly take: (
    path: string,
    header: Header,
    publicKey: Buffer,
    onProgress: (records: number, of: number) => void,
  ) => Promise<Taken>
  readonly alarms: Pick<Alarms, 'raise' | 'clear'>
  readonly metrics: Pick<Metrics, 'gauge'>
  readonly logger: Pick<Logger, 'info' | 'warn'>
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** @returns what is to be done once in a while; it never throws */
export function snapshotSchedule(options: ScheduleOptions): () => Promise<void> {
  const { folder, index, form, hours, kept, alarms, logger, now } = options
  const count = options.metrics.gauge(
    'chainon_linkage_snapshots',
    'Sealed snapshots of the linkage index in the folder',
  )
  const age = options.metrics.gauge(
    'chainon_linkage_snapshot_age_seconds',
    'Since the last snapshot; missing where there is none',
  )
  const size = options.metrics.gauge('chainon_linkage_snapshot_bytes', 'Of the last snapshot')
  let retryAt = 0
  let failure: string | undefined

  function show(newest: Snapshot | undefined, all: number): void {
    count(all, {})
    if (!newest) return
    age(Math.max(0, Math.round((now() - newest.takenAt) / 1000)), {})
    size(newest.bytes, {})
  }

  async function take(key: SnapshotKey, told: (given: Omit<Answer, 'id'>) => void): Promise<void> {
    const at = now()
    const path = snapshotPath(folder, index, at)
    const header = { index, created_at: new Date(at).toISOString(), form, sealed_for: key.id, shares: key.fingerprint }
    let toldAt = 0
    const taken = await options.take(path, header, key.publicKey, (records, of) => {
      if (now() - toldAt < 500) return
      toldAt = now()
      told({ state: 'taking', records, of, bytes: 0, text: '' })
    })
    const removed = tidy(folder, index, kept)
    logger.info({ event: 'linkage-snapshot', ...taken, ms: now() - at, removed }, `the linkage index is in ${path}`)
    told({ state: 'done', records: taken.records, of: taken.records, bytes: taken.bytes, text: path })
  }

  function missing(newest: Snapshot | undefined): string | undefined {
    if (failure !== undefined) return `The last snapshot of the linkage index failed (${failure}).`
    if (newest === undefined || hours === 0 || now() - newest.takenAt < 2 * hours * HOUR_MS) return undefined
    return `The last snapshot of the linkage index is older than ${2 * hours} hours.`
  }

  async function attempt(request: string | undefined): Promise<void> {
    const told = (given: Omit<Answer, 'id'>) => {
      if (request !== undefined) answer(folder, { id: request, ...given })
    }
    try {
      const key = options.key()
      if (!key) {
        const text = 'there is no snapshot key: run `chainon link snapshot-key` first'
        return told({ state: 'failed', records: 0, of: 0, bytes: 0, text })
      }
      makeFolder(folder)
      await take(key, told)
      failure = undefined
    } catch (error) {
      failure =
        error instanceof ConfigurationError ? error.problems.join('; ') : String(safeError(error).code ?? 'failed')
      retryAt = now() + RETRY_MS
      logger.warn({ event: 'linkage-snapshot-failed', err: safeError(error) }, 'the linkage index has no new snapshot')
      told({ state: 'failed', records: 0, of: 0, bytes: 0, text: failure })
    } finally {
      if (request !== undefined) unask(folder)
    }
  }

  return async () => {
    try {
      const newest = snapshotsIn(folder, index)[0]
      const request = asked(folder)
      const isDue = hours > 0 && (!newest || now() - newest.takenAt >= hours * HOUR_MS) && now() >= retryAt
      if (request !== undefined || isDue) await attempt(request)
    } catch (error) {
      failure = String(safeError(error).code ?? 'failed')
    }
    const all = foundIn(folder, index)
    show(all[0], all.length)
    const message = missing(all[0])
    if (message === undefined) alarms.clear(ALARM)
    else
      alarms.raise({
        id: ALARM,
        code: 'linkage-snapshot',
        message: `${message} What it lacks, a lost index does not get back.`,
      })
  }
}

/** A folder that cannot be read has none that could be restored. */
function foundIn(folder: string, index: string): readonly Snapshot[] {
  try {
    return snapshotsIn(folder, index)
  } catch {
    return []
  }
}
