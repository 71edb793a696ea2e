/** Sends sample Bundles, each with its own idempotency key, so that a second push receives the receipts of the first one. */
import { setTimeout as sleep } from 'node:timers/promises'
import Type from 'typebox'
import { gatewayClient } from '#core/gateway-api/client.ts'
import { LedgerRowSchema, sumCounts } from '#core/ledger/row.ts'
import { complete } from '#core/schema/complete.ts'
import { countsOf } from '../output/gateway.ts'
import type { SampleFile } from './files.ts'

export interface SamplePush {
  /** Bundles answered so far; changes while it runs. */
  readonly sent: () => number
  readonly bundles: number
  readonly done: Promise<SampleSummary>
}

export interface SampleSummary {
  readonly bundles: number
  readonly accepted: number
  readonly rejected: number
  readonly by_feed: Readonly<Record<string, number>>
  readonly by_producer: Readonly<Record<string, number>>
  readonly rejected_by_rule: Readonly<Record<string, number>>
}

/** Bundles of one hospital sent at the same time: their order does not matter, each contains its patient. */
const AT_ONCE = 3

export function pushSample(files: readonly SampleFile[], url: string, keys: ReadonlyMap<string, string>): SamplePush {
  const totals = { accepted: 0, rejected: 0 }
  const byFeed: Record<string, number> = {}
  const byProducer: Record<string, number> = {}
  const byRule: Record<string, number> = {}
  let sent = 0

  async function pushFile(file: SampleFile): Promise<void> {
    const client = gatewayClient({ url, key: keys.get(file.producer) ?? '', concurrency: AT_ONCE })
    try {
      await Promise.all(
        file.lines.map(async (line, index) => {
          const outcome = await client.pushBundle({ body: line })
          const counts = countsOf(outcome, resourcesOf(line), `Bundle ${index} of ${file.producer}`)
          sent++
          totals.accepted += counts.accepted
          totals.rejected += counts.rejected
          byProducer[file.producer] = (byProducer[file.producer] ?? 0) + counts.accepted
          if (outcome.kind === 'accepted') {
            for (const [feed, { accepted }] of Object.entries(outcome.receipt.by_feed ?? {}))
              byFeed[feed] = (byFeed[feed] ?? 0) + accepted
          }
          const errors = outcome.kind === 'accepted' ? outcome.receipt.errors : outcome.errors
          for (const { rule } of errors) byRule[rule] = (byRule[rule] ?? 0) + 1
        }),
      )
    } finally {
      client.close()
    }
  }

  const bundles = files.reduce((sum, { lines }) => sum + lines.length, 0)
  const done = Promise.all(files.map(pushFile)).then(() => ({
    bundles,
    ...totals,
    by_feed: byFeed,
    by_producer: byProducer,
    rejected_by_rule: byRule,
  }))
  return { sent: () => sent, bundles, done }
}

const POLL_MS = 500
/** The console reads the ledger once a second: one reading can be older than the push. */
const QUIET_READINGS = 3

/**
 * Waits until ClickHouse has all records that the gateway accepted: the ledger's `in_flight` is 0, `QUIET_READINGS` times running.
 * @returns records still in flight at the end, 0 when all are loaded; null when the ledger could not be read
 */
export async function waitUntilLoaded(consoleUrl: string, timeoutMs: number): Promise<number | null> {
  const deadline = performance.now() + timeoutMs
  let quiet = 0
  let inFlight: number | null = null
  while (performance.now() < deadline) {
    const read = await readInFlight(consoleUrl)
    inFlight = read ?? inFlight
    quiet = read === 0 ? quiet + 1 : 0
    if (quiet >= QUIET_READINGS) return 0
    await sleep(POLL_MS)
  }
  return inFlight === 0 ? null : inFlight
}

const LedgerRows = Type.Array(LedgerRowSchema)

async function readInFlight(consoleUrl: string): Promise<number | null> {
  try {
    const answer = await fetch(`${consoleUrl}/api/ledger`, { signal: AbortSignal.timeout(5_000) })
    const rows = answer.ok ? complete(LedgerRows, await answer.json()) : undefined
    return rows && rows.length > 0 ? sumCounts(rows).in_flight : null
  } catch {
    return null
  }
}

function resourcesOf(line: string): number {
  return line.split('"fullUrl"').length - 1
}
