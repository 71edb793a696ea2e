/** Inserts the lines of a file of receipts. */
import { Readable } from 'node:stream'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { clickhouseCode } from '#core/clickhouse/errors.ts'
import { RECEIPT_COLUMNS } from './rows.ts'

const LONGEST_S = 5

/**
 * @param lines of JSONCompactEachRow
 * @param token a file that is inserted again under it is dropped
 * @throws when ClickHouse does not take it
 */
export async function insertReceipts(clickhouse: ClickHouseClient, lines: Buffer, token: string): Promise<void> {
  const { stream } = await clickhouse.exec({
    query: `INSERT INTO receipt (${RECEIPT_COLUMNS.join(', ')}) FORMAT JSONCompactEachRow`,
    values: Readable.from([lines], { objectMode: false }),
    clickhouse_settings: {
      insert_deduplication_token: token,
      insert_deduplicate: 1,
      async_insert: 0,
      max_execution_time: LONGEST_S,
    },
  })
  for await (const _rest of stream) continue
}

/** CANNOT_PARSE_TEXT, _QUOTED_STRING, _INPUT_ASSERTION_FAILED, _DATE, _DATETIME, _NUMBER, TYPE_MISMATCH, INCORRECT_DATA, CANNOT_READ_ARRAY_FROM_TEXT. */
const UNREADABLE: ReadonlySet<string> = new Set(['6', '26', '27', '38', '41', '72', '53', '117', '130'])

/** @returns true when ClickHouse cannot read the lines: those of a gateway with another form of receipts */
export function isUnreadable(error: unknown): boolean {
  return UNREADABLE.has(clickhouseCode(error) ?? '')
}
