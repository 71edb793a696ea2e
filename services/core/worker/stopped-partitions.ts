/** Partitions that an error stopped: each is tried again by itself, with longer and longer waits, until a batch of it succeeds. */
import type { FaultCode } from '../faults/codes.ts'

export interface StoppedPartition {
  readonly topic: string
  readonly partition: number
  /** Why: a code of the table of faults, or `clickhouse-<code>`; never a message. */
  readonly code: FaultCode | `clickhouse-${string}`
  /** ISO 8601. */
  readonly since: string
  readonly tries: number
}

export interface StoppedPartitions {
  /** Calls `again` after the wait. Stopping it again replaces the wait. */
  stop(topic: string, partition: number, code: StoppedPartition['code'], again: () => void): StoppedPartition
  /** Ends the wait of a partition that is stopped. */
  hurry(topic: string, partition: number): void
  /** A batch succeeded. @returns whether the partition was stopped before */
  moved(topic: string, partition: number): boolean
  list(): readonly StoppedPartition[]
  close(): void
}

const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 120_000
/** A gap ends when an operator accepts it, who then waits for the records after it. */
const LONGEST_WAIT_AT_GAP_MS = 5_000

/** @returns milliseconds until the next try, for the number of tries so far */
function waitBefore(tries: number, code: StoppedPartition['code']): number {
  const longest = code === 'gap' ? LONGEST_WAIT_AT_GAP_MS : LONGEST_WAIT_MS
  return Math.min(FIRST_WAIT_MS * 2 ** Math.min(tries - 1, 20), longest)
}

export function createStoppedPartitions(): StoppedPartitions {
  const stopped = new Map<string, StoppedPartition & { readonly timer: NodeJS.Timeout; readonly again: () => void }>()
  const remove = (key: string): boolean => {
    clearTimeout(stopped.get(key)?.timer)
    return stopped.delete(key)
  }
  return {
    stop(topic, partition, code, again) {
      const key = `${topic}:${partition}`
      const before = stopped.get(key)
      clearTimeout(before?.timer)
      const tries = (before?.tries ?? 0) + 1
      const timer = setTimeout(again, waitBefore(tries, code))
      const now = { topic, partition, code, since: before?.since ?? new Date().toISOString(), tries }
      stopped.set(key, { ...now, timer, again })
      return now
    },
    hurry(topic, partition) {
      const waiting = stopped.get(`${topic}:${partition}`)
      clearTimeout(waiting?.timer)
      waiting?.again()
    },
    moved: (topic, partition) => remove(`${topic}:${partition}`),
    list: () => [...stopped.values()].map(({ timer: _timer, again: _again, ...rest }) => rest),
    close() {
      for (const key of [...stopped.keys()]) remove(key)
    },
  }
}
