/**
 * The fence of a merged insert: a row that says that its partitions are resolved one by one, so that its worker cannot rely on it any more.
 * Whoever resolves one stores the fence before it claims a token of the merged insert; the worker of the merged insert looks for the fence
 * after its last block and before its commit. Without a fence none of its tokens was claimed, so none of its blocks was dropped.
 */
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { type Block, insertBlock, missingRows } from '#core/clickhouse/insert.ts'
import { ChainonError } from '#core/faults/errors.ts'

/** @returns the token of the block that a merged insert stores in a table */
export function mergedToken(merged: string, table: string): string {
  return `${merged}:${table}`
}

const fenceOf = (merged: string): Block => ({
  table: 'insert_fence',
  columns: ['merged', 'fenced_at'],
  rows: [[merged, Date.now()]],
  token: mergedToken(merged, 'insert_fence'),
  stored: { where: 'merged = {merged:String}', params: { merged }, key: [] },
})

/** @throws Error of ClickHouse */
export async function isFenced(clickhouse: ClickHouseClient, merged: string): Promise<boolean> {
  return (await missingRows(clickhouse, fenceOf(merged))).length === 0
}

/** @throws Error of ClickHouse, or ChainonError dependency-unavailable; the caller tries again */
export async function fence(clickhouse: ClickHouseClient, merged: string): Promise<void> {
  if (await isFenced(clickhouse, merged)) return
  await insertBlock(clickhouse, fenceOf(merged))
  if (!(await isFenced(clickhouse, merged)))
    throw new ChainonError('dependency-unavailable', 'the fence of a merged insert is not stored')
}
