/** A plain table for a terminal or a pipe. */

const NUMBER = /^[\d,.]+$/

/** @returns the lines, columns padded to their widest cell; columns of numbers to the right */
export function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const right = head.map((_title, column) => rows.length > 0 && rows.every((row) => NUMBER.test(row[column] ?? '')))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (right[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()
  return `${[head, ...rows].map(line).join('\n')}\n`
}
