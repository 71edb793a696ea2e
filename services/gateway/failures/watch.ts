/**
 * Tells listeners of failures: one look for all that are up to date, whatever their number, and one for each that is behind. A listener that does not
 * read is not asked for: its position stays, nothing is kept for it, and it goes on from there.
 */
import { every } from '#core/process/loop.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import { endOf, isBefore, type Position } from './position.ts'
import type { Failure, FailureStore } from './store.ts'

export interface Listener {
  readonly producer: string
  /** @returns false while what was told is not read yet */
  ready(): boolean
  tell(failure: Failure): void
  /** Nothing more is to be told up to here. */
  reached(position: Position): void
  /** The warehouse does not answer. */
  away(): void
}

export interface FailureWatch {
  /** @param after undefined for what is new from now on @returns what ends it @throws when ClickHouse does not answer */
  listen(listener: Listener, after: Position | undefined): Promise<() => void>
  stop(): Promise<void>
}

const PERIOD_MS = 1_000
/** A listener that is behind by less is asked for together with the others. */
const TOGETHER_MS = 30_000
const PAGE = 1_000
/** Of a listener alone: what is told at once and may not be read. */
const OWN_PAGE = 200

export function watchFailures(store: FailureStore, logger: Logger, periodMs = PERIOD_MS): FailureWatch {
  const positions = new Map<Listener, Position>()
  let away = false

  async function look(listeners: readonly Listener[], horizon: number, limit: number): Promise<void> {
    const from = listeners.map((one) => positions.get(one) ?? endOf(horizon)).reduce((a, b) => (isBefore(a, b) ? a : b))
    if (from.at > horizon) return
    const found = await store.after([...new Set(listeners.map(({ producer }) => producer))], from, horizon, limit)
    const last = found.at(-1)
    const end = found.length === limit && last ? last.position : endOf(horizon)
    for (const listener of listeners) {
      const before = positions.get(listener)
      // It has gone meanwhile.
      if (!before) continue
      for (const failure of found)
        if (failure.producer === listener.producer && isBefore(before, failure.position)) listener.tell(failure)
      if (!isBefore(before, end)) continue
      positions.set(listener, end)
      listener.reached(end)
    }
  }

  async function tick(): Promise<void> {
    if (positions.size === 0) return
    try {
      const horizon = await store.horizon()
      const ready = [...positions.keys()].filter((one) => one.ready())
      const isBehind = (one: Listener) => (positions.get(one)?.at ?? horizon) < horizon - TOGETHER_MS
      const together = ready.filter((one) => !isBehind(one))
      if (together.length > 0) await look(together, horizon, PAGE)
      for (const one of ready.filter(isBehind)) await look([one], horizon, OWN_PAGE)
      if (away) logger.info({ event: 'failures-read-again' })
      away = false
    } catch (error) {
      if (!away) logger.warn({ event: 'failures-not-read', err: safeError(error) })
      away = true
      for (const listener of positions.keys()) listener.away()
    }
  }
  const loop = every(periodMs, tick, periodMs)

  return {
    async listen(listener, after) {
      const now = endOf(await store.horizon())
      positions.set(listener, after && isBefore(after, now) ? after : now)
      return () => void positions.delete(listener)
    },
    stop: () => loop.stop(),
  }
}
