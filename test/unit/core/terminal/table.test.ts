import { expect, test } from 'vitest'
import { aligned, table } from '#core/terminal/table.ts'

test('columns of numbers are aligned right, others left, and no line ends in spaces', () => {
  const rows = [
    ['x', '1,000', 'ok'],
    ['long', '5', ''],
  ]
  expect(table(['a', 'rows', 'state'], rows)).toBe('a      rows  state\nx     1,000  ok\nlong      5\n')
  expect(table(['a', 'b'], [])).toBe('a  b\n')
})

test('lines may differ in their number of cells', () => {
  expect(aligned([['a'], ['long', 'b']])).toBe('a\nlong  b\n')
})
