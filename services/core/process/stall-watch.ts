/**
 * Ends the process when its event loop does not turn for too long, for instance in an endless loop: nothing in the process itself could
 * then answer, send a heartbeat or stop. A thread of its own watches, and writes down which record was under way, so that the next
 * process knows. A process that was suspended (SIGSTOP) is not ended when it continues: ticks are counted, not time.
 */
import { Worker } from 'node:worker_threads'

/** What the thread receives. */
export interface StallWatchData {
  /** Turns of the event loop; grows by one each second. */
  readonly turns: Int32Array
  /** The record under way: index of its topic, partition, offset, timestamp; the first is -1 when there is none. */
  readonly record: BigInt64Array
  readonly topics: readonly string[]
  readonly limitSeconds: number
  /** Gets a line for each stall. */
  readonly file: string
  readonly pid: number
}

export interface StalledRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: string
  /** Milliseconds since 1970, of the message: an offset may come again in a topic that was created again. */
  readonly timestamp: string
}

export interface StallWatch {
  /** Called for each record, so it costs four stores. */
  begin(topic: number, partition: number, offset: bigint, timestamp: bigint): void
  end(): void
  close(): Promise<void>
}

const TURN_MS = 1000

/** @param file gets a `StalledRecord` as a line of JSON before the process is ended */
export function watchStalls(limitSeconds: number, topics: readonly string[], file: string): StallWatch {
  const turns = new Int32Array(new SharedArrayBuffer(4))
  const record = new BigInt64Array(new SharedArrayBuffer(32)).fill(-1n)
  const workerData: StallWatchData = { turns, record, topics, limitSeconds, file, pid: process.pid }
  const thread = new Worker(new URL('./stall-watch-thread.ts', import.meta.url), { workerData, execArgv: [] })
  thread.unref()
  const timer = setInterval(() => Atomics.add(turns, 0, 1), TURN_MS)
  timer.unref()
  return {
    begin(topic, partition, offset, timestamp) {
      record[0] = BigInt(topic)
      record[1] = BigInt(partition)
      record[2] = offset
      record[3] = timestamp
    },
    end() {
      record[0] = -1n
    },
    async close() {
      clearInterval(timer)
      await thread.terminate()
    },
  }
}
