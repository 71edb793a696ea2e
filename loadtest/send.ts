/** Sends the simulated files to the gateway as hospitals do: NDJSON, gzip, one idempotency key per batch, several requests at once. */
import { createReadStream, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { gatewayClient } from '#core/gateway-api/client.ts'

export interface Sent {
  accepted: number
  rejected: number
}

const BATCH_RECORDS = 5000
const BATCH_CHARACTERS = 4_000_000

export interface Pace {
  /** Records per second, of all producers together. */
  readonly perSecond: number
  readonly batchRecords: number
}

/**
 * @param folder `<producer>/<feed>.ndjson`, as `chainon simulate --out` writes
 * @param keys API key of each producer
 * @param pace as fast as possible when absent
 */
export async function sendFolder(
  folder: string,
  url: string,
  keys: ReadonlyMap<string, string>,
  progress: (sent: Sent) => void,
  pace?: Pace,
): Promise<Sent> {
  const sent: Sent = { accepted: 0, rejected: 0 }
  const producers = readdirSync(folder)
  const started = performance.now()
  let due = 0
  await Promise.all(
    producers.map(async (producer) => {
      const client = gatewayClient({ url, key: keys.get(producer) ?? '', concurrency: 2 })
      const pending = new Set<Promise<void>>()
      const push = async (feed: string, lines: readonly string[]) => {
        const outcome = await client.pushRecords(feed, { body: `${lines.join('\n')}\n` })
        if (outcome.kind === 'accepted') {
          sent.accepted += outcome.receipt.accepted
          sent.rejected += outcome.receipt.rejected
        } else sent.rejected += lines.length
        progress(sent)
      }
      // Identities first, as a hospital's interface engine sends them.
      const feeds = readdirSync(join(folder, producer)).toSorted(
        (a, b) => Number(b.startsWith('patient')) - Number(a.startsWith('patient')),
      )
      for (const file of feeds) {
        for await (const lines of batches(join(folder, producer, file), pace?.batchRecords ?? BATCH_RECORDS)) {
          if (pace) await sleep(Math.max(0, (due / pace.perSecond) * 1000 - (performance.now() - started)))
          due += lines.length
          const one: Promise<void> = push(file.replace('.ndjson', ''), lines).finally(() => pending.delete(one))
          pending.add(one)
          if (pending.size >= 2) await Promise.race(pending)
        }
      }
      await Promise.all(pending)
      client.close()
    }),
  )
  return sent
}

async function* batches(path: string, batchRecords: number): AsyncGenerator<readonly string[]> {
  let lines: string[] = []
  let characters = 0
  for await (const line of createInterface({ input: createReadStream(path, { highWaterMark: 1 << 20 }) })) {
    lines.push(line)
    characters += line.length
    if (lines.length < batchRecords && characters < BATCH_CHARACTERS) continue
    yield lines
    lines = []
    characters = 0
  }
  if (lines.length > 0) yield lines
}
