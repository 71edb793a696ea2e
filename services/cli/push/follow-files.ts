/** Follows what was sent of several files: one bounded time for all of them, and the failures by file and line. */

import { receiptClient } from '#core/gateway-api/receipt-client.ts'
import type { RecordState } from '#core/gateway-api/receipt-states.ts'
import type { RecordError } from '#core/gateway-api/record-counts.ts'
import type { GatewayAccess } from '../gateway-key.ts'
import { follow, followOptions, type StateCounts, sumStates } from './follow.ts'
import type { Report } from './report.ts'
import { placeIn, type SentReceipt } from './send.ts'
import type { Source } from './source.ts'

export interface SentFile {
  readonly source: Pick<Source, 'path' | 'placeOf'>
  readonly receipts: readonly SentReceipt[]
}

/**
 * @param waitMs for all files together; what is then still on its way counts as such
 * @returns what became of the records of each file that were accepted now
 */
export async function followFiles(
  files: readonly SentFile[],
  access: GatewayAccess,
  waitMs: number,
  report: Report,
): Promise<readonly StateCounts[]> {
  const client = receiptClient(access)
  const options = followOptions(client, waitMs)
  const pending: string[] = []
  const untold = new Set<string>()
  const all: StateCounts[] = []
  try {
    for (const { source, receipts } of files) {
      const counts: StateCounts[] = []
      for (const { id, lineOf } of receipts) {
        const followed = await follow(id, options)
        counts.push(followed.states)
        for (const record of followed.failed) report.rejected(...placeIn(source, lineOf(record)), errorOf(record))
        if (followed.untold !== undefined) untold.add(followed.untold)
        else if (followed.states.accepted !== undefined) pending.push(id)
      }
      all.push(sumStates(counts))
    }
  } finally {
    client.close()
  }
  for (const why of untold) report.say(`What became of accepted records is not told: ${why}`)
  if (pending.length > 0)
    report.say(
      `After ${waitMs / 1000} s records are still on their way; later: chainon receipt ${pending[0] ?? ''}${pending.length > 1 ? ` (and ${pending.length - 1} more)` : ''}`,
    )
  return all
}

function errorOf({ index, feed, state, pointer = '', rule, detail }: RecordState): RecordError {
  return {
    index,
    feed,
    pointer,
    rule: rule ?? state,
    detail: detail === undefined ? `accepted, then ${state}.` : `accepted, then ${state}: ${detail}`,
  }
}
