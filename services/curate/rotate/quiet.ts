/** Waits until nothing is loaded any more under the old key: before that, a copy of a table could lack rows. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { groupOffsets, membersOf } from '#core/kafka/offsets.ts'
import { parseProgress } from '../load/intent.ts'
import { insertsEnded } from '../load/statements-ended.ts'
import { refused } from './tables.ts'

const LOOK_AGAIN_MS = 500
/** A worker that was killed is a member until its session ends. */
const BUDGET_MS = 180_000

/**
 * @param group the consumer group of `curate`
 * @param topics that it reads
 * @param onWait receives what is waited for
 * @throws ChainonError key-rotation-refused when the group still has members after 3 minutes
 */
export async function nothingLoads(
  admin: Admin,
  clickhouse: ClickHouseClient,
  group: string,
  topics: readonly string[],
  onWait: (what: string) => void,
): Promise<void> {
  for (const until = Date.now() + BUDGET_MS; ; await sleep(LOOK_AGAIN_MS)) {
    const members = await membersOf(admin, group)
    if (members === 0) break
    onWait(`${members} ${members === 1 ? 'process' : 'processes'} of curate to end`)
    if (Date.now() > until)
      throw refused([
        `the consumer group ${group} still has ${members} members: stop curate on every host, and start this again`,
      ])
  }
  // A worker that was suspended may wake up, and insert what it has announced, up to its deadline.
  const deadline = await lastDeadline(admin, group, topics)
  for (let left = deadline - Date.now(); left > 0; left = deadline - Date.now()) {
    onWait(`the deadline of a batch that was not finished, in ${Math.ceil(left / 1000)} s`)
    await sleep(Math.min(left, 5000))
  }
  await insertsEnded(clickhouse)
}

async function lastDeadline(admin: Admin, group: string, topics: readonly string[]): Promise<number> {
  const found = await groupOffsets(admin, group, topics)
  const deadlines = found.flatMap(({ partitions }) =>
    partitions.map(({ metadata }) => parseProgress(metadata ?? '')?.intent?.deadline ?? 0),
  )
  return Math.max(0, ...deadlines)
}
