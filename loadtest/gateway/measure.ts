/** Durable records per second and the times of the answers, and what a gateway does with four times what it may hold. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { usageOf } from '#core/process/usage.ts'
import { type Format, resultMessage } from './bodies.ts'

export interface Target {
  readonly url: string
  readonly pid: number
  /** API keys of producers. */
  readonly keys: readonly string[]
}

export interface Rate {
  readonly records_per_second: number
  readonly p50_ms: number
  readonly p99_ms: number
  readonly p999_ms: number
  /** Processor time of the gateway: it hardly depends on what else the machine does. */
  readonly cpu_us_per_record: number
}

interface Sent {
  readonly status: number
  readonly accepted: number
  readonly text: string
}

async function post(target: Target, format: Format, body: Buffer, key: string): Promise<Sent> {
  const response = await fetch(`${target.url}${format.path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': format.mediaType,
      ...(format.encoding ? { 'content-encoding': format.encoding } : {}),
    },
    body: new Uint8Array(body),
  })
  const text = await response.text()
  const { accepted = 0 } = JSON.parse(text) as { accepted?: number }
  return { status: response.status, accepted, text }
}

/**
 * @param requests of `records` each, with `concurrency` under way
 * @throws Error when one record is not accepted: a rate of refused records says nothing
 */
export async function rateOf(
  target: Target,
  format: Format,
  { from, records, requests, concurrency }: { from: number; records: number; requests: number; concurrency: number },
): Promise<Rate> {
  const bodies: Buffer[] = []
  for (let i = 0; i < requests; i++) bodies.push(await format.body(from + i * records, records))
  return timed(target.pid, records * requests, requests, concurrency, async (i, lane) => {
    const key = target.keys[lane % target.keys.length] ?? ''
    const { status, accepted, text } = await post(target, format, bodies[i] as Buffer, key)
    if (accepted !== records)
      throw new Error(`${format.name}: ${status}, ${accepted} of ${records} accepted: ${text.slice(0, 600)}`)
  })
}

const [VT, END] = ['\u000b', '\u001c\r']

/** Each lane is a connection that waits for the acknowledgement of a message before it sends the next one. */
export async function mllpRate(
  pid: number,
  port: number,
  { from, records, requests, concurrency }: { from: number; records: number; requests: number; concurrency: number },
): Promise<Rate> {
  const sockets = await Promise.all(
    Array.from({ length: concurrency }, async () => {
      const socket = connect({ host: '127.0.0.1', port })
      await once(socket, 'connect')
      return socket
    }),
  )
  const result = await timed(pid, records * requests, requests, concurrency, async (i, lane) => {
    const socket = sockets[lane]
    if (!socket) throw new Error('no connection')
    socket.write(`${VT}${resultMessage(from + i * records, records)}${END}`)
    let received = ''
    while (!received.includes(END)) received += String((await once(socket, 'data'))[0])
    if (!/\rMSA\|AA\|/.test(received)) throw new Error(`MLLP: ${/\rMSA\|\w*/.exec(received)?.[0].trim()}`)
  })
  for (const socket of sockets) socket.destroy()
  return result
}

async function timed(
  pid: number,
  records: number,
  requests: number,
  concurrency: number,
  send: (i: number, lane: number) => Promise<void>,
): Promise<Rate> {
  const times: number[] = []
  let next = 0
  const cpu = () => usageOf(pid)?.cpu ?? 0
  const cpuBefore = cpu()
  const started = performance.now()
  await Promise.all(
    Array.from({ length: concurrency }, async (_, lane) => {
      for (let i = next++; i < requests; i = next++) {
        const begun = performance.now()
        await send(i, lane)
        times.push(performance.now() - begun)
      }
    }),
  )
  const seconds = (performance.now() - started) / 1000
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) =>
    Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1))
  return {
    records_per_second: Math.round(records / seconds),
    p50_ms: at(0.5),
    p99_ms: at(0.99),
    p999_ms: at(0.999),
    cpu_us_per_record: Math.round(((cpu() - cpuBefore) / records) * 1_000_000),
  }
}

export interface Overload {
  readonly body_mib: number
  readonly offered_mib: number
  readonly requests: number
  readonly accepted_records: number
  /** Answers by status; `closed` when the connection was. */
  readonly answers: Readonly<Record<string, number>>
  readonly before_mib: number
  readonly peak_mib: number
  /** Longest time of an answer of /health meanwhile. */
  readonly health_ms: number
}

const MIB = 1024 ** 2

/** Offers `times` as many bytes as the gateway may hold, all the time. */
export async function overload(
  target: Target,
  format: Format,
  {
    from,
    bound,
    times,
    seconds,
    records,
  }: { from: number; bound: number; times: number; seconds: number; records: number },
): Promise<Overload> {
  const body = await format.body(from, records)
  const lanes = Math.ceil((bound * times) / body.length)
  const memory = () => usageOf(target.pid)?.rss ?? 0
  const before = memory()
  const answers: Record<string, number> = {}
  const until = Date.now() + seconds * 1000
  const health = new Worker(new URL('health.ts', import.meta.url), { workerData: target.url })
  let [peak, accepted, requests] = [before, 0, 0]
  const watching = setInterval(() => {
    peak = Math.max(peak, memory())
  }, 50)
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      while (Date.now() < until) {
        const key = target.keys[lane % target.keys.length] ?? ''
        const sent = await post(target, format, body, key).catch(() => undefined)
        const status = sent === undefined ? 'closed' : String(sent.status)
        answers[status] = (answers[status] ?? 0) + 1
        accepted += sent?.accepted ?? 0
        requests++
        // A refused sender waits, as Retry-After says at least.
        if (sent?.status !== 202) await sleep(500)
      }
    }),
  )
  clearInterval(watching)
  const slowest = once(health, 'message')
  health.postMessage('end')
  return {
    body_mib: Number((body.length / MIB).toFixed(1)),
    offered_mib: Math.round((lanes * body.length) / MIB),
    requests,
    accepted_records: accepted,
    answers,
    before_mib: Math.round(before / MIB),
    peak_mib: Math.round(peak / MIB),
    health_ms: Math.round(Number((await slowest)[0])),
  }
}
