/** A warehouse and a consumer group in memory, for several workers at once: an insert can fail before or after it, or be held. */
import { ClickHouseError } from '@clickhouse/client'
import type { KafkaMessage } from 'kafkajs'
import { expect } from 'vitest'
import { Revoked } from '#core/worker/consumer-errors.ts'
import { parseProgress } from '../../../../services/curate/load/intent.ts'
import type { WorkerDependencies } from '../../../../services/curate/load/slice.ts'
import type { CurateFeed } from '../../../../services/curate/pipeline.ts'
import { curateWorker } from '../../../../services/curate/worker.ts'

/** A feed whose messages cannot be decoded: each is quarantined, which is an outcome too. */
const feed = {
  contract: { feed: 'f', linked: false, fields: [] },
  decoder: { prepare: async () => undefined, decode: () => undefined },
  validate: () => ({ name: 'validateRecord', run: () => expect.unreachable() }),
  layout: 'l1',
  rows: { columns: ['a'], row: () => [] },
} as unknown as CurateFeed

const TOPIC = 'A'.repeat(22)

type Row = Readonly<Record<string, string>>
interface Inserted {
  readonly table: string
  readonly columns: readonly string[]
  readonly values: readonly (readonly unknown[])[]
  readonly clickhouse_settings: { readonly insert_deduplication_token: string }
}

/** A side effect that a test interrupts: `commit` or the table of an insert or of a look-up. */
export interface Effect {
  readonly worker: string
  readonly kind: 'commit' | 'insert' | 'query'
  readonly table: string
  /** Partitions of a commit or of the rows. */
  readonly partitions: readonly number[]
  readonly token: string
}

export function house() {
  const tables = new Map<string, Row[]>()
  const tokens = new Set<string>()
  const group = new Map<number, { offset: bigint; metadata: string }>()
  const owners = new Map<number, string>()
  /** Partitions of which the former owner does not know yet that they moved. */
  const unnoticed = new Map<number, string>()
  const holds = (name: string, partition: number) => [owners.get(partition), unnoticed.get(partition)].includes(name)
  const dead = new Set<string>()
  let rebalancing = false
  const effects: Effect[] = []
  const outcomes: string[] = []
  const alarms: string[] = []
  /** Before each side effect; a promise holds it, an error replaces it. */
  let before = async (_effect: Effect): Promise<void> => undefined
  /** After each side effect; an error replaces its answer. */
  let after = async (_effect: Effect): Promise<void> => undefined

  const rowsOf = (table: string) => tables.get(table) ?? []
  const matches = (row: Row, params: Record<string, unknown>) =>
    row.partition === String(params.partition) &&
    (params.from === undefined || Number(row.origin_offset ?? row.from_offset) >= Number(params.from)) &&
    (params.to === undefined || Number(row.origin_offset ?? row.from_offset) < Number(params.to))

  function store(table: string, token: string, rows: readonly Row[]): void {
    if (tokens.has(token)) return
    if (table !== 'insert_fence') tokens.add(token)
    tables.set(table, [...rowsOf(table), ...rows])
  }

  function answer(query: string, params: Record<string, unknown>): unknown[] {
    if (query.includes('system.processes')) return [{ running: '0' }]
    if (query.includes('system.tables')) return [{ engine: 'MergeTree' }]
    if (query.includes('insert_fence'))
      return rowsOf('insert_fence').some(({ merged }) => merged === params.merged) ? [['stored']] : []
    const tiles = rowsOf('ledger_batch').filter((row) => row.partition === String(params.partition))
    const end = Math.max(0, ...tiles.map((row) => Number(row.to_offset)))
    const logEnd = Math.max(0, ...tiles.map((row) => Number(row.log_to)))
    if (query.includes('maxIf'))
      return tiles.length === 0
        ? []
        : [{ incarnation: TOPIC, end: String(end), loaded: String(end), logEnd: String(logEnd) }]
    if (query.includes('UNION ALL')) {
      const beyond = rowsOf('quarantine')
        .filter((row) => row.partition === String(params.partition))
        .map((row) => Number(row.origin_offset) + 1)
        .filter((top) => top > end)
      return beyond.length === 0 ? [] : [{ kind: 'rows', incarnation: TOPIC, top: String(Math.max(...beyond)) }]
    }
    const names = [...query.matchAll(/toString\((\w+)\)/g)].map(([, name = '']) => name)
    return rowsOf(/FROM (\w+)/.exec(query)?.[1] ?? '')
      .filter((row) => matches(row, params))
      .map((row) => (names.length === 0 ? ['stored'] : names.map((name) => row[name])))
  }

  async function happens<T>(effect: Effect, effectOf: () => T): Promise<T> {
    const alive = () => {
      if (dead.has(effect.worker)) throw new Error('this process is dead')
    }
    alive()
    await before(effect)
    alive()
    effects.push(effect)
    const result = effectOf()
    await after(effect)
    alive()
    return result
  }

  /** @returns a worker as a process of its own; `fetch` handles log offsets [from, to) of a partition, which are its origins too */
  function worker(name: string) {
    const dependencies = {
      clickhouse: {
        insert: ({ table, columns, values, clickhouse_settings: settings }: Inserted) => {
          const token = settings.insert_deduplication_token
          const rows = values.map((row) => Object.fromEntries(columns.map((key, index) => [key, String(row[index])])))
          const partitions = [...new Set(rows.map(({ partition }) => Number(partition)))]
          return happens({ worker: name, kind: 'insert', table, partitions, token }, () => store(table, token, rows))
        },
        query: ({ query, query_params: params = {} }: { query: string; query_params?: Record<string, unknown> }) =>
          happens(
            {
              worker: name,
              kind: 'query',
              table: /FROM (insert_fence)/.exec(query)?.[1] ?? '',
              partitions: [],
              token: '',
            },
            () => {
              const rows = answer(query, params)
              return { json: async () => rows }
            },
          ),
      },
      events: {
        records: () => undefined,
        failed: () => undefined,
        fault: () => undefined,
        repaired: () => undefined,
        removed: () => undefined,
        merged: (partitions: number, outcome: string) => outcomes.push(`${partitions} ${outcome}`),
      },
      suspects: { enter: () => true, leave: () => undefined },
      alarms: { raise: ({ code }: { code: string }) => alarms.push(code), clear: () => undefined },
      links: { stale: () => false, whenReady: () => undefined },
      freshness: () => undefined,
      topicIds: { of: async () => ({ id: 'L' }) },
      batchMaxRecords: 100,
      intentDeadlineMs: 60_000,
      assertKeyInForce: async () => undefined,
    } as unknown as WorkerDependencies
    const handle = curateWorker(dependencies)
    const commitTogether = (commits: readonly { partition: number; offset: bigint; metadata?: string | undefined }[]) =>
      happens(
        { worker: name, kind: 'commit', table: '', partitions: commits.map(({ partition }) => partition), token: '' },
        () => {
          // The generation of the group rejects the whole request of a worker that is not in it.
          if (commits.some(({ partition }) => !holds(name, partition))) throw new Revoked()
          for (const { partition, offset, metadata = '' } of commits)
            if (owners.get(partition) === name) group.set(partition, { offset, metadata })
        },
      )
    const epochs = new Map<number, number>()
    return {
      async fetch(partition: number, from: number, to: number): Promise<void> {
        const epoch = epochs.get(partition) ?? 1
        try {
          await handle(feed, {
            topic: 't',
            partition,
            epoch,
            messages: Array.from({ length: to - from }, (_, index) => messageAt(from + index)),
            committed: async () => group.get(partition) ?? { offset: undefined, metadata: '' },
            assertOwned() {
              if (!holds(name, partition)) throw new Revoked()
            },
            assertMayBegin() {
              if (rebalancing) throw new Revoked()
            },
            commit: (offset, metadata) => commitTogether([{ partition, offset, metadata }]),
            commitTogether,
            advance: () => undefined,
            seek: () => undefined,
            pauseFor: () => undefined,
            stop: () => () => undefined,
          })
        } catch (error) {
          // As the consumer does: it begins again from what is committed.
          epochs.set(partition, epoch + 1)
          throw error
        }
      },
    }
  }

  return {
    worker,
    effects,
    outcomes,
    alarms,
    kill: (name: string) => void dead.add(name),
    assign: (name: string, ...partitions: readonly number[]) => {
      for (const partition of partitions) owners.set(partition, name)
    },
    rebalance: (now: boolean) => void (rebalancing = now),
    /** The former owner does not notice, and the client sends its commit again in the next generation: what it still owns is committed. */
    moveUnnoticed(name: string, partition: number) {
      unnoticed.set(partition, owners.get(partition) ?? '')
      owners.set(partition, name)
    },
    before: (hook: typeof before) => (before = hook),
    after: (hook: typeof after) => (after = hook),
    forgeToken: (token: string) => void tokens.add(token),
    /** The origins in quarantine, and the ranges of the tiles, of a partition. */
    stored: (partition: number) => ({
      origins: rowsOf('quarantine')
        .filter((row) => row.partition === String(partition))
        .map((row) => Number(row.origin_offset))
        .toSorted((a, b) => a - b),
      tiles: rowsOf('ledger_batch')
        .filter((row) => row.partition === String(partition))
        .map((row) => `${row.from_offset}-${row.to_offset}`)
        .toSorted(),
    }),
    committed: (partition: number) => {
      const { offset, metadata } = group.get(partition) ?? expect.unreachable()
      return { offset, intent: parseProgress(metadata)?.intent !== undefined }
    },
    intentOf: (partition: number) => parseProgress(group.get(partition)?.metadata ?? '')?.intent,
    fences: () => rowsOf('insert_fence').length,
    rejected: () => new ClickHouseError({ message: 'no', code: '117', type: 'INCORRECT_DATA' }),
  }
}

function messageAt(offset: number): KafkaMessage {
  return {
    offset: String(offset),
    timestamp: '0',
    value: null,
    headers: { 'chainon-origin': Buffer.from(String(offset)), 'chainon-incarnation': Buffer.from(TOPIC) },
  } as unknown as KafkaMessage
}
