/** A thread that asks /health all the time: the sender's own thread is too busy to tell how long an answer takes. */
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'

let slowest = 0
let running = true
parentPort?.once('message', () => {
  running = false
})
while (running) {
  const begun = performance.now()
  const response = await fetch(`${String(workerData)}/health`)
  await response.text()
  slowest = Math.max(slowest, performance.now() - begun)
  await sleep(50)
}
parentPort?.postMessage(slowest)
