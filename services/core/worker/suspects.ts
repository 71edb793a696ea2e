/**
 * Records during which a worker's event loop stood still, so that its process was ended. They are counted in a file of the data folder;
 * a record that did it so many times is not run again, and quarantined as `worker-failed`.
 */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type StalledRecord, watchStalls } from '../process/stall-watch.ts'

type Message = { readonly offset: string; readonly timestamp: string }

export interface Suspects {
  /** Reads what other processes of the machine wrote; called before each batch. */
  refresh(): void
  /** The record is under way from now on. @returns false when it must not be run */
  enter(topic: string, partition: number, message: Message): boolean
  /** No record is under way. */
  leave(): void
  close(): Promise<void>
}

export interface SuspectsOptions {
  readonly folder: string
  readonly group: string
  readonly topics: readonly string[]
  readonly stallSeconds: number
  readonly attempts: number
}

const keyOf = (topic: string, partition: number, { offset, timestamp }: Message) =>
  `${topic}:${partition}:${offset}:${timestamp}`

export function createSuspects(options: SuspectsOptions): Suspects {
  const { topics, attempts } = options
  const file = join(options.folder, 'run', 'stalled', `${encodeURIComponent(options.group)}.jsonl`)
  const watch = watchStalls(options.stallSeconds, topics, file)
  const indexes = new Map(topics.map((topic, index) => [topic, index]))
  let counts: ReadonlyMap<string, number> = new Map()
  let size = 0
  return {
    refresh() {
      const now = statSync(file, { throwIfNoEntry: false })?.size ?? 0
      if (now === size) return
      size = now
      counts = countStalls(readFileSync(file, 'utf8'))
    },
    enter(topic, partition, message) {
      if (counts.size > 0 && (counts.get(keyOf(topic, partition, message)) ?? 0) >= attempts) return false
      watch.begin(indexes.get(topic) ?? -1, partition, BigInt(message.offset), BigInt(message.timestamp))
      return true
    },
    leave: () => watch.end(),
    close: () => watch.close(),
  }
}

/** @returns how many times each record stalled its worker; a line that was cut by a full disk does not count */
export function countStalls(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const line of text.split('\n')) {
    let stalled: StalledRecord
    try {
      stalled = JSON.parse(line) as StalledRecord
    } catch {
      continue
    }
    const key = keyOf(stalled.topic, stalled.partition, stalled)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}
