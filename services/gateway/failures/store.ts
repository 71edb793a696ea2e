/** Asks ClickHouse for failures in the order in which they became known, with the receipts of those that were accepted first. */
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { receiptIdOf } from '#core/gateway-api/receipt-id.ts'
import { receiptsOf } from '#core/ledger/receipt-of.ts'
import type { Position } from './position.ts'

export interface Failure {
  readonly position: Position
  readonly producer: string
  readonly state: 'refused' | 'rejected' | 'quarantined'
  readonly feed: string
  readonly rule: string
  readonly pointer: string
  /** Undefined when it is not known. */
  readonly receiptId: string | undefined
  readonly indexes: readonly number[]
  /** Milliseconds since 1970; of a record that was accepted. */
  readonly receivedAt: number | undefined
}

export interface FailureStore {
  /** @returns the time up to which everything is told, milliseconds since 1970 */
  horizon(): Promise<number>
  /** @returns the first of the producers' failures after a position, up to a horizon, in order */
  after(producers: readonly string[], position: Position, horizon: number, limit: number): Promise<readonly Failure[]>
}

/** An insert gets its time at its start, and is seen at its end: what is younger may still be among what is not seen. */
const SETTLE_MS = 5_000
const SETTINGS = { max_execution_time: 5 }

export function failureStore(clickhouse: ClickHouseClient): FailureStore {
  async function ask<T>(query: string, params: Record<string, unknown> = {}): Promise<readonly T[]> {
    const asked = { query, query_params: params, format: 'JSONEachRow' as const, clickhouse_settings: SETTINGS }
    return await (await clickhouse.query(asked)).json<T>()
  }
  return {
    async horizon() {
      const [row] = await ask<{ now: string }>('SELECT toString(toUnixTimestamp64Milli(now64(3))) AS now')
      return Number(row?.now ?? SETTLE_MS) - SETTLE_MS
    },
    async after(producers, { at, id }, horizon, limit) {
      const rows = await ask<Row>(
        `SELECT f.producer AS producer, toString(toUnixTimestamp64Milli(f.known_at)) AS at, toString(f.id) AS key, f.state AS state, f.feed AS feed,
           f.rule AS rule, f.pointer AS pointer, hex(f.receipt) AS receipt, f.indexes AS indexes, f.incarnation AS incarnation, f.partition AS partition,
           toString(f.offset) AS offset, toString(f.stamp) AS stamp
         FROM failure AS f WHERE f.producer IN {producers:Array(String)}
           AND f.known_at >= fromUnixTimestamp64Milli({at:Int64}, 'UTC') AND f.known_at <= fromUnixTimestamp64Milli({horizon:Int64}, 'UTC')
           AND (f.known_at > fromUnixTimestamp64Milli({at:Int64}, 'UTC') OR f.id > {id:UInt64})
         ORDER BY f.known_at, f.id LIMIT {limit:UInt32}`,
        { producers, at, id: id.toString(), horizon, limit },
      )
      const accepted = rows.filter(({ state }) => state !== 'refused')
      const receipts = await receiptsOf(clickhouse, accepted)
      const sentAs = new Map(accepted.map((row, i) => [row, receipts[i]]))
      return rows.map((row) => {
        const sent = sentAs.get(row)
        return {
          position: { at: Number(row.at), id: BigInt(row.key) },
          producer: row.producer,
          state: row.state,
          feed: row.feed,
          rule: row.rule,
          pointer: row.pointer,
          receiptId: row.state === 'refused' ? receiptIdOf(row.receipt) : sent?.receiptId,
          indexes: row.state === 'refused' ? row.indexes : sent ? [sent.index] : [],
          receivedAt: row.state === 'refused' ? undefined : Math.trunc(Number(row.stamp) / 1000),
        }
      })
    },
  }
}

interface Row {
  readonly producer: string
  readonly at: string
  readonly key: string
  readonly state: Failure['state']
  readonly feed: string
  readonly rule: string
  readonly pointer: string
  readonly receipt: string
  readonly indexes: readonly number[]
  readonly incarnation: string
  readonly partition: number
  readonly offset: string
  readonly stamp: string
}
