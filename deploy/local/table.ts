/** The tables that people see: what runs where. */
import type { StateRow } from './types.ts'

/** @returns the rows as aligned text with a heading, one line each */
export function stateTable(rows: readonly StateRow[]): string {
  const lines = [
    ['name', 'state', 'pid', 'url', ''],
    ...rows.map((row) => [row.name, row.state, row.pid === null ? '-' : String(row.pid), row.url ?? '-', remark(row)]),
  ]
  return aligned(lines)
}

/** @returns lines of cells with columns of equal width, each line ending in a newline */
export function aligned(lines: ReadonlyArray<readonly string[]>): string {
  const widths: number[] = []
  for (const line of lines) line.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)))
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

function remark(row: StateRow): string {
  const restarts = row.restarts > 0 ? `started again ${row.restarts} time${row.restarts === 1 ? '' : 's'}` : ''
  return [restarts, row.message].filter(Boolean).join('; ')
}
