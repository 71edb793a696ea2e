/** Plain tables for a terminal or a pipe. */

const NUMBER = /^[\d,.]+$/

/** @returns a heading and its rows; columns padded to their widest cell, columns of numbers to the right */
export function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const right = head.map((_title, column) => rows.length > 0 && rows.every((row) => NUMBER.test(row[column] ?? '')))
  return aligned([head, ...rows], right)
}

/**
 * @param right which columns are set to the right; none by default
 * @returns lines of cells with columns of equal width, each line ending in a newline
 */
export function aligned(lines: ReadonlyArray<readonly string[]>, right: readonly boolean[] = []): string {
  const widths: number[] = []
  for (const line of lines) line.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)))
  const padded = (cell: string, i: number) => (right[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))
  return lines.map((line) => `${line.map(padded).join('  ').trimEnd()}\n`).join('')
}
