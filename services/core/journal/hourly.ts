/**
 * Counts of what happens too often for an entry each. The first one of an hour is noted at once, so that no end of the process hides that it
 * happened; the others are noted together, when the hour is over or the process stops. The entries of an hour add up.
 */
import { every, type Loop } from '../process/loop.ts'
import { hourOf, type JournalEvent } from './actions.ts'
import type { Journal } from './journal.ts'

export interface Hourly {
  /** @param event the entry of so many requests in an hour; @param name tells what is counted together */
  used(name: string, event: (hour: string, requests: number) => JournalEvent): void
  /** Notes what is left. */
  stop(): Promise<void>
}

const LOOK_MS = 60_000
/** Beyond it what is counted is noted early: it bounds the memory. */
const MAX_NAMES = 10_000

export function hourlyCounts({ note }: Pick<Journal, 'note'>, now: () => number = Date.now): Hourly {
  const counts = new Map<
    string,
    { readonly hour: string; more: number; readonly event: Parameters<Hourly['used']>[1] }
  >()
  const flush = (isOver: (hour: string) => boolean) => {
    for (const [name, { hour, more, event }] of counts) {
      if (!isOver(hour)) continue
      counts.delete(name)
      if (more > 0) note(event(hour, more))
    }
  }
  const flushEnded = () => flush((hour) => hour !== hourOf(now()))
  const loop: Loop = every(LOOK_MS, async () => flushEnded(), LOOK_MS)
  return {
    used(name, event) {
      const hour = hourOf(now())
      const known = counts.get(name)
      if (known?.hour === hour) {
        known.more++
        return
      }
      if (known) flushEnded()
      if (counts.size >= MAX_NAMES) flush(() => true)
      counts.set(name, { hour, more: 0, event })
      note(event(hour, 1))
    },
    async stop() {
      await loop.stop()
      flush(() => true)
    },
  }
}
