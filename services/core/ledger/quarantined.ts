/** Records that were put aside, newest first, with what their sender knows them by. */
import type { ClickHouseClient } from '../clickhouse/client.ts'
import { receiptsOf } from './receipt-of.ts'

export interface Quarantined {
  readonly quarantinedAt: string
  readonly receivedAt: string
  readonly producer: string
  readonly feed: string
  readonly service: string
  readonly stage: string
  readonly fault: string
  /** Of the contract; empty for another fault. */
  readonly rule: string
  readonly pointer: string
  readonly incarnation: string
  readonly partition: number
  readonly offset: string
  /** Undefined when the receipt was lost, or is kept no longer. */
  readonly receiptId: string | undefined
  readonly index: number | undefined
}

export interface QuarantineQuestion {
  readonly feed?: string
  readonly producer?: string
  /** Rule of the contract, or code of a fault. */
  readonly rule?: string
  readonly limit: number
}

/** @throws when ClickHouse does not answer */
export async function listQuarantined(
  clickhouse: ClickHouseClient,
  { feed = '', producer = '', rule = '', limit }: QuarantineQuestion,
): Promise<readonly Quarantined[]> {
  const result = await clickhouse.query({
    query: `SELECT formatDateTime(q.quarantined_at, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS quarantinedAt, formatDateTime(q.received_at, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS receivedAt,
        q.producer AS producer, q.feed AS feed, q.service AS service, q.stage AS stage, q.fault AS fault, q.rule AS rule, q.pointer AS pointer,
        q.incarnation AS incarnation, q.partition AS partition, toString(q.origin_offset) AS offset, toString(toUnixTimestamp64Micro(q.received_at)) AS stamp
      FROM quarantine AS q
      WHERE ({feed:String} = '' OR q.feed = {feed:String}) AND ({producer:String} = '' OR q.producer = {producer:String})
        AND ({rule:String} = '' OR q.rule = {rule:String} OR q.fault = {rule:String})
      ORDER BY q.quarantined_at DESC LIMIT {limit:UInt32}`,
    query_params: { feed, producer, rule, limit },
    format: 'JSONEachRow',
    clickhouse_settings: { max_execution_time: 30 },
  })
  const rows = await result.json<Omit<Quarantined, 'receiptId' | 'index'> & { stamp: string }>()
  const receipts = await receiptsOf(clickhouse, rows)
  return rows.map(({ stamp: _stamp, ...row }, i) => ({
    ...row,
    receiptId: receipts[i]?.receiptId,
    index: receipts[i]?.index,
  }))
}
