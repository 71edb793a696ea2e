/** The thread of stall-watch.ts. A thread cannot end its process with a status, so it kills it. */
import { appendFileSync, mkdirSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { workerData } from 'node:worker_threads'
import type { StalledRecord, StallWatchData } from './stall-watch.ts'

const { turns, record, topics, limitSeconds, file, pid } = workerData as StallWatchData
const never = new Int32Array(new SharedArrayBuffer(4))

let seen = -1
for (let silent = 0; silent < limitSeconds; silent++) {
  const now = Atomics.load(turns, 0)
  if (now !== seen) silent = 0
  seen = now
  Atomics.wait(never, 0, 0, 1000)
}
const [topic, partition, offset, timestamp] = record
const name = topics[Number(topic)]
if (name !== undefined) {
  const stalled: StalledRecord = {
    topic: name,
    partition: Number(partition),
    offset: String(offset),
    timestamp: String(timestamp),
  }
  attempt(() => {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    appendFileSync(file, `${JSON.stringify(stalled)}\n`, { mode: 0o600 })
  })
  log(stalled)
} else log({})
process.kill(pid, 'SIGKILL')

function log(where: object): void {
  const line = { level: 'fatal', time: new Date().toISOString(), event: 'stalled', seconds: limitSeconds, ...where }
  attempt(() => writeSync(2, `${JSON.stringify(line)}\n`))
}

/** A full disk must not keep the process alive. */
function attempt(call: () => void): void {
  try {
    call()
  } catch {
    // The next process does not know which record it was, and ends once more at it.
  }
}
