/** Boundaries of batches that a test cannot produce with a real broker. */
import type { KafkaMessage } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import type { PartitionBatch } from '#core/worker/consumer.ts'
import { formatProgress, parseProgress } from '../../../services/curate/load/intent.ts'
import type { WorkerDependencies } from '../../../services/curate/load/slice.ts'
import type { CurateFeed } from '../../../services/curate/pipeline.ts'
import { curateWorker } from '../../../services/curate/worker.ts'

/** A feed whose messages cannot be decoded: each is quarantined, which is an outcome too. */
const feed = {
  contract: { feed: 'f', linked: false, fields: [] },
  decoder: { prepare: async () => undefined, decode: () => undefined },
  validate: () => ({ name: 'validateRecord', run: () => expect.unreachable() }),
  layout: 'l1',
  rows: { columns: ['a'], row: () => [] },
} as unknown as CurateFeed

const TOPIC = 'A'.repeat(22)

interface Inserted {
  readonly table: string
  readonly columns: readonly string[]
  readonly values: readonly (readonly unknown[])[]
  readonly clickhouse_settings: { readonly insert_deduplication_token: string }
}

/** @param reach one past the last origin in the tiles; @param beyond one past the last origin of rows without a tile */
function harness(committed: { offset: bigint | undefined; metadata: string }, reach = 0n, beyond = 0n) {
  const queries: string[] = []
  let seeked: bigint | undefined
  const tokens: string[] = []
  const stored = new Map<string, Record<string, string>[]>()
  const commits: string[] = []
  const deadlines: (number | undefined)[] = []
  const stops: string[] = []
  const alarms: string[] = []
  let advanced: bigint | undefined
  const dependencies = {
    clickhouse: {
      insert: async ({ table, columns, values, clickhouse_settings: settings }: Inserted) => {
        tokens.push(settings.insert_deduplication_token)
        const rows = values.map((row) => Object.fromEntries(columns.map((name, index) => [name, String(row[index])])))
        stored.set(table, [...(stored.get(table) ?? []), ...rows])
      },
      // Every inserted row is found again: what is missing is inserted in test/integrity/token-without-rows.test.ts.
      query: async ({ query }: { query: string }) => {
        queries.push(query)
        if (query.includes('system.processes')) return { json: async () => [{ running: '0' }] }
        const tiles = [{ incarnation: TOPIC, end: String(reach), loaded: String(reach), logEnd: String(reach + 100n) }]
        if (query.includes('maxIf')) return { json: async () => (reach > 0n ? tiles : []) }
        const left = [{ kind: 'rows', incarnation: TOPIC, top: String(beyond) }]
        if (query.includes('UNION ALL')) return { json: async () => (beyond > reach ? left : []) }
        const names = [...query.matchAll(/toString\((\w+)\)/g)].map(([, name = '']) => name)
        const rows = stored.get(/FROM (\w+)/.exec(query)?.[1] ?? '') ?? []
        return { json: async () => rows.map((row) => names.map((name) => row[name])) }
      },
    },
    events: {
      records: () => undefined,
      failed: () => undefined,
      fault: () => undefined,
      repaired: () => undefined,
      removed: () => undefined,
    },
    suspects: { enter: () => true, leave: () => undefined },
    alarms: { raise: ({ code }: { code: string }) => alarms.push(code), clear: () => undefined },
    links: { stale: () => false, whenReady: () => undefined },
    freshness: () => undefined,
    topicIds: { of: async () => ({ id: 'L' }) },
    batchMaxRecords: 3,
    intentDeadlineMs: 60_000,
    assertKeyInForce: async () => undefined,
  } as unknown as WorkerDependencies
  const handle = curateWorker(dependencies)
  return {
    tokens,
    commits,
    /** Of the intents that were committed. */
    deadlines,
    stops,
    /** Rows that a table has already, as text. */
    store: (table: string, rows: Record<string, string>[]) => void stored.set(table, rows),
    alarms,
    advanced: () => advanced,
    seeked: () => seeked,
    /** @param from log offset of the first message; @param origins one message for each */
    fetch: (from: number, origins: readonly number[]) =>
      handle(feed, {
        topic: 't',
        partition: 0,
        epoch: 1,
        messages: origins.map(
          (origin, index) =>
            ({
              offset: String(from + index),
              timestamp: '0',
              value: null,
              headers: { 'chainon-origin': Buffer.from(String(origin)), 'chainon-incarnation': Buffer.from(TOPIC) },
            }) as unknown as KafkaMessage,
        ),
        committed: async () => committed,
        assertOwned: () => undefined,
        assertMayBegin: () => undefined,
        commit: async (offset: bigint, metadata: string) => {
          commits.push(`${offset} ${summary(metadata)}`)
          deadlines.push(parseProgress(metadata)?.intent?.deadline)
        },
        commitTogether: () => expect.unreachable(),
        advance: (offset: bigint) => (advanced = offset),
        stop: (code) => {
          stops.push(code)
          return () => undefined
        },
        seek: (offset: bigint) => (seeked = offset),
        pauseFor: () => undefined,
      } satisfies PartitionBatch),
  }
}
/** `hwm`, and the ends of the intent when there is one. */
function summary(metadata: string): string {
  const { hwm, intent } = parseProgress(metadata) ?? expect.unreachable()
  return intent ? `${hwm}, intent to log ${intent.to} and origin ${intent.originTo}` : `${hwm}`
}
const progress = (hwm: bigint, intent?: { to: bigint; originTo: bigint; layout?: string; deadline?: number }) =>
  formatProgress({
    logIncarnation: 'L',
    incarnation: TOPIC,
    hwm,
    ...(intent && { intent: { layout: 'l1', attempt: '', deadline: 0, ...intent } }),
  })
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
const ledgerOf = (tokens: readonly string[]) =>
  tokens.filter((token) => token.endsWith(':ledger_batch')).map((token) => token.replace(TOPIC, 'T'))

describe('curateWorker', () => {
  it('keeps the deadline of an intent that it forms again, so that a wait for it ends', async () => {
    const deadline = Date.now() + 50_000
    const h = harness({ offset: 10n, metadata: progress(9n, { to: 13n, originTo: 13n, deadline }) }, 10n, 11n)
    // Part of a block: an earlier insert of the whole block could still run, until the deadline.
    h.store('quarantine', [{ origin_offset: '10' }])
    await h.fetch(10, range(10, 13))
    expect(h.deadlines).toEqual([deadline])
    expect([h.tokens, h.stops, h.alarms]).toEqual([[], ['unresolved-batch'], ['unresolved-batch']])
  })

  it('divides a fetch into batches, and commits an intent before each', async () => {
    const h = harness({ offset: undefined, metadata: '' })
    await h.fetch(0, range(0, 7))
    // Nothing proves in which topic the first fetch was: it is made again, after the look at the topic's id.
    expect([h.tokens, h.seeked()]).toEqual([[], 0n])
    await h.fetch(0, range(0, 7))
    expect(ledgerOf(h.tokens)).toEqual(['f:T:0:0-3:ledger_batch', 'f:T:0:3-6:ledger_batch', 'f:T:0:6-7:ledger_batch'])
    expect(h.commits).toEqual([
      '0 -1, intent to log 3 and origin 3',
      '3 2',
      '3 2, intent to log 6 and origin 6',
      '6 5',
      '6 5, intent to log 7 and origin 7',
      '7 6',
    ])
    expect(h.advanced()).toBe(6n)
  })

  it('forms exactly the range of an intent again, over several fetches and beyond the size of a batch', async () => {
    const h = harness({ offset: 10n, metadata: progress(9n, { to: 15n, originTo: 15n }) }, 10n)
    await h.fetch(10, range(10, 12))
    await h.fetch(12, range(12, 14))
    expect(h.tokens).toEqual([])
    await h.fetch(14, range(14, 17))
    expect(ledgerOf(h.tokens)).toEqual(['f:T:0:10-15:ledger_batch', 'f:T:0:15-17:ledger_batch'])
  })

  it('inserts nothing for an intent whose batch is stored completely, and nothing for replays', async () => {
    const h = harness({ offset: 10n, metadata: progress(9n, { to: 13n, originTo: 13n }) }, 13n)
    await h.fetch(10, range(10, 13))
    expect(h.seeked()).toBe(13n)
    await h.fetch(13, range(8, 13))
    expect(h.tokens).toEqual([])
    expect(h.commits.at(-1)).toBe('18 12')
  })

  it('continues, or stops at the gap, when the log no longer has the range of the intent', async () => {
    const kept = harness({ offset: 10n, metadata: progress(9n, { to: 13n, originTo: 13n }) }, 10n)
    await kept.fetch(20, range(10, 12))
    await kept.fetch(20, range(10, 12))
    expect(ledgerOf(kept.tokens)).toEqual(['f:T:0:10-12:ledger_batch'])
    const lost = harness({ offset: 10n, metadata: progress(9n, { to: 13n, originTo: 13n }) }, 10n)
    await lost.fetch(20, range(20, 22))
    await lost.fetch(20, range(20, 22))
    expect(lost.alarms).toEqual(['gap'])
    expect(lost.tokens).toEqual([])
  })

  it('stops at a gap inside the range of an intent, after it loaded the origins before the gap', async () => {
    const h = harness({ offset: 10n, metadata: progress(9n, { to: 14n, originTo: 14n }) }, 10n)
    await h.fetch(10, [10, 11, 13, 14])
    expect(ledgerOf(h.tokens)).toEqual(['f:T:0:10-12:ledger_batch'])
    expect(h.commits.at(-1)).toBe('12 11')
    expect(h.alarms).toEqual(['gap'])
    expect(h.advanced()).toBeUndefined()
  })
})
