/**
 * Hospitals that send while faults happen. A request without an answer is sent again under the same idempotency key, as
 * `chainon push` does; some are given up, so that their outcome stays unknown.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { seeded } from '../random.ts'
import type { Journal } from './journal.ts'
import { FEEDS, type Feed, type MadeRecord, recordGenerator } from './records.ts'

export interface SenderOptions {
  /** Producer to API key. */
  readonly keys: ReadonlyMap<string, string>
  /** Gateways; a request goes to one of them. Read again for each request. */
  readonly gateways: () => readonly string[]
  readonly journal: Journal
  readonly seed: string
}

export interface Load {
  /** Sends until `settle`. */
  start(): void
  /** Stops, and waits for the requests that are under way. */
  settle(): Promise<void>
  /** New, correct records of different patients that are sent now, until they are accepted. @returns undefined when they were not in time */
  probe(feed: Feed, size: number, withinMs: number): Promise<readonly MadeRecord[] | undefined>
  /** Fields that are added to every record of a feed. */
  readonly more: Map<Feed, Readonly<Record<string, unknown>>>
}

const SIZES: Readonly<Record<Feed, number>> = { patient: 6, observation: 14, encounter: 5 }
const PAUSE_MS = 300
/** More requests of one producer at once would hide a stop of the gateway in a queue of the sender. */
const MOST_OPEN = 6
const ANSWER_MS = 6_000
const GIVE_UP_MS = 20_000
/** A request whose gateway was killed keeps its idempotency key for a minute. */
const IN_FLIGHT_MS = 3_000

type Outcome = 'accepted' | 'unknown'

export function openLoad(options: SenderOptions): Load {
  const { journal, keys } = options
  const random = seeded(`${options.seed}:load`)
  const records = recordGenerator(random, 1)
  const producers = [...keys.keys()]
  const open = new Set<Promise<unknown>>()
  const more = new Map<Feed, Readonly<Record<string, unknown>>>()
  let running = false
  let loop: Promise<void> | undefined

  async function send(feed: Feed, made: readonly MadeRecord[], persistent: boolean): Promise<Outcome> {
    const added = more.get(feed) ?? {}
    const body = JSON.stringify(made.map((one) => ({ ...one.body, ...added })))
    const producer = made[0]?.producer ?? ''
    const headers = {
      authorization: `Bearer ${keys.get(producer)}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
    }
    const started = performance.now()
    let inFlightSince = 0
    for (let wait = 50; ; wait = Math.min(wait * 2, 600)) {
      const gateways = options.gateways()
      const gateway = gateways[random.int(0, gateways.length - 1)] ?? ''
      journal.sent(made)
      const answer = await fetch(`${gateway}/v1/feeds/${feed}/records`, {
        method: 'POST',
        headers,
        body,
        signal: AbortSignal.timeout(ANSWER_MS),
      })
        .then(async (response) => ({ status: response.status, text: await response.text() }))
        .catch(() => ({ status: 0, text: '' }))
      if (answer.status === 202) {
        journal.accepted(made, receiptOf(answer.text))
        records.accepted(made)
        return 'accepted'
      }
      const noEffect = answer.status >= 400 && answer.status < 500 && answer.status !== 408
      if (noEffect) journal.refused(made, answer.status)
      if (noEffect && ![401, 409, 429].includes(answer.status))
        journal.unexpected.push(`the gateway answered ${answer.status} to correct records of ${feed}`)
      if (answer.status === 409) inFlightSince ||= performance.now()
      const tooLong = inFlightSince > 0 && performance.now() - inFlightSince > IN_FLIGHT_MS
      if (!persistent && (tooLong || !running || performance.now() - started > GIVE_UP_MS || random.chance(0.05)))
        return 'unknown'
      if (persistent && performance.now() - started > GIVE_UP_MS * 3) return 'unknown'
      await sleep(wait)
    }
  }

  async function keepSending(): Promise<void> {
    while (running) {
      for (const producer of producers) {
        if (open.size >= MOST_OPEN * producers.length) break
        for (const feed of FEEDS) {
          const one = send(feed, records.batch(feed, producer, SIZES[feed]), false).finally(() => open.delete(one))
          open.add(one)
        }
      }
      await sleep(PAUSE_MS)
    }
  }

  return {
    more,
    start() {
      if (running) return
      running = true
      loop = keepSending()
    },
    async settle() {
      running = false
      await loop
      await Promise.all(open)
    },
    async probe(feed, size, withinMs) {
      for (const end = performance.now() + withinMs; performance.now() < end; ) {
        const made = records.probes(feed, producers[0] ?? '', size)
        if ((await send(feed, made, true)) === 'accepted') return made
      }
      return undefined
    },
  }
}

function receiptOf(text: string): string {
  try {
    const { receipt_id: id } = JSON.parse(text) as { receipt_id?: unknown }
    return typeof id === 'string' ? id : ''
  } catch {
    return ''
  }
}
