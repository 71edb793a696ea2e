/** The table of processes that `chainon status` prints. */

import type { StateRow } from '#core/process/state-file.ts'
import { aligned } from '#core/terminal/table.ts'

/** @returns the rows as aligned text with a heading, one line each */
export function stateTable(rows: readonly StateRow[]): string {
  const lines = [
    ['name', 'state', 'pid', 'url', ''],
    ...rows.map((row) => [row.name, row.state, row.pid === null ? '-' : String(row.pid), row.url ?? '-', remark(row)]),
  ]
  return aligned(lines)
}

function remark(row: StateRow): string {
  const restarts = row.restarts > 0 ? `restarted ${row.restarts} time${row.restarts === 1 ? '' : 's'}` : ''
  return [restarts, row.message].filter(Boolean).join('; ')
}
