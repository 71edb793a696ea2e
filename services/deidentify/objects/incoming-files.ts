/**
 * Removes from the object store what is no longer needed: sealed files of records that are done; those that no record in the log has, once their key is
 * shredded; files of replaced versions; and what was being written by a process that ended.
 */
import { INCOMING, REPLACED, replacedNames } from '#core/objects/areas.ts'
import type { ObjectName, ObjectStore } from '#core/objects/store.ts'
import { endOf, parseDay } from '#core/sealing/day.ts'
import type { Alarms } from '#core/telemetry/alarms.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import type { Metrics } from '#core/telemetry/metrics.ts'

export interface IncomingFiles {
  /** What is not removed now is with the others of its day. */
  discard(names: readonly ObjectName[]): Promise<void>
  start(): void
  stop(): void
  /** One round; `start` repeats it. @throws ChainonError dependency-unavailable when the store fails */
  sweep(): Promise<void>
}

export interface IncomingFilesDependencies {
  readonly store: ObjectStore
  /** How long a sealed file can be read after the end of its day, in milliseconds. */
  readonly retentionMs: number
  readonly metrics: Pick<Metrics, 'counter'>
  readonly alarms: Pick<Alarms, 'raise' | 'clear'>
  readonly logger: Pick<Logger, 'warn' | 'error'>
  readonly now?: () => number
}

const ROUND_MS = 3_600_000
const DAY_MS = 86_400_000
/** `curate` loads a later version within seconds. When it is away for longer, a row whose file is gone may be in force until it is back. */
const REPLACED_MS = 7 * DAY_MS
const ALARM = 'object-store'

export function incomingFiles(dependencies: IncomingFilesDependencies): IncomingFiles {
  const { store, retentionMs, metrics, alarms, logger, now = Date.now } = dependencies
  const swept = metrics.counter(
    'chainon_swept_objects',
    'Objects removed from the object store by rounds, by what they were',
  )
  let timer: NodeJS.Timeout | undefined

  async function endedDays(area: string, keptMs: number): Promise<readonly string[]> {
    return (await store.list(area)).filter((name) => {
      const day = parseDay(name)
      return day !== undefined && endOf(day) + keptMs <= now()
    })
  }

  async function sweepIncoming(): Promise<void> {
    for (const day of await endedDays(INCOMING, retentionMs))
      for (const id of await store.list(`${INCOMING}/${day}`)) {
        await store.remove(`${INCOMING}/${day}/${id}`)
        swept(1, { kind: 'incoming' })
      }
  }

  async function sweepReplaced(): Promise<void> {
    for (const day of await endedDays(REPLACED, REPLACED_MS))
      for (const entry of await store.list(`${REPLACED}/${day}`)) {
        for (const name of replacedNames(entry)) await store.remove(name)
        // Last: after a failure the round does it again.
        await store.remove(`${REPLACED}/${day}/${entry}`)
        swept(1, { kind: 'replaced' })
      }
  }

  async function sweep(): Promise<void> {
    await sweepIncoming()
    await sweepReplaced()
    const drafts = await store.tidy(new Date(now() - DAY_MS))
    if (drafts > 0) swept(drafts, { kind: 'draft' })
    alarms.clear(ALARM)
  }

  function round(): void {
    sweep().catch((error: unknown) => {
      logger.error({ event: 'objects-not-swept', err: safeError(error) })
      alarms.raise({
        id: ALARM,
        code: 'dependency-unavailable',
        message:
          'The object store cannot be cleaned up (event objects-not-swept in the log): sealed files stay in it, which nobody can open once their key is shredded',
      })
    })
  }

  return {
    async discard(names) {
      for (const name of names)
        await store.remove(name).catch((error: unknown) => {
          logger.warn({ event: 'object-not-removed', err: safeError(error) })
        })
    },
    sweep,
    start() {
      round()
      timer = setInterval(round, ROUND_MS)
      timer.unref()
    },
    stop: () => clearInterval(timer),
  }
}
