/** Waits until what a token was written for can be read. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'

const LOOK_AGAIN_MS = 20
const BUDGET_MS = 5_000

/**
 * Waits until ClickHouse runs no statement with this deduplication token. It writes a token before the rows can be read: an insert
 * that meets the token is answered at once, while the statement that wrote it may still be storing its rows. A statement is in
 * `system.processes` from before its token until its rows are stored, or it is killed with the server. On a replicated table token and rows
 * are one transaction in Keeper, so that a statement of another replica does not matter.
 *
 * @throws Error when one still runs after 5 s
 */
export async function statementsEnded(clickhouse: ClickHouseClient, token: string): Promise<void> {
  for (const until = Date.now() + BUDGET_MS; ; ) {
    const result = await clickhouse.query({
      query: `SELECT toString(count()) AS running FROM system.processes WHERE Settings['insert_deduplication_token'] = {token:String}`,
      query_params: { token },
      format: 'JSONEachRow',
    })
    if ((await result.json<{ running: string }>())[0]?.running === '0') return
    if (Date.now() > until) throw new Error('an earlier insert with the same token is still running')
    await sleep(LOOK_AGAIN_MS)
  }
}

/**
 * Waits until the inserts with a token that run now have ended: then the rows of each are in its table and in the views of it, or in none.
 * Only the server that is asked is seen, see ADR 14: with replicas, one of them must take the inserts.
 *
 * @throws Error when one still runs after 5 s
 */
export async function insertsEnded(clickhouse: ClickHouseClient): Promise<void> {
  const running = async () => {
    const result = await clickhouse.query({
      query: "SELECT query_id FROM system.processes WHERE Settings['insert_deduplication_token'] != ''",
      format: 'JSONEachRow',
    })
    return (await result.json<{ query_id: string }>()).map(({ query_id }) => query_id)
  }
  const first = new Set(await running())
  for (const until = Date.now() + BUDGET_MS; first.size > 0; ) {
    if (!(await running()).some((id) => first.has(id))) return
    if (Date.now() > until) throw new Error('an earlier insert is still running')
    await sleep(LOOK_AGAIN_MS)
  }
}
