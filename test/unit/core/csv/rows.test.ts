/** Rows are cut as RFC 4180 says; a bad row costs itself alone, and the others keep the numbers of their lines. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Row, type RowForm, rowsOf } from '#core/csv/rows.ts'

const FORM: RowForm = { delimiter: ';', quotes: true, lineEnd: '\n' }

async function rows(text: string, form = FORM, max = 1000, chunk = 7): Promise<readonly Row[]> {
  const bytes = Buffer.from(text, 'latin1')
  const found: Row[] = []
  async function* chunks() {
    for (let from = 0; from < bytes.length; from += chunk) yield bytes.subarray(from, from + chunk)
  }
  for await (const row of rowsOf(chunks(), form, max)) found.push(row)
  return found
}
const short = (list: readonly Row[]) => list.map((row) => `${row.line} ${row.fault ?? row.cells.join('|')}`)

describe('rows', () => {
  test('quotes, doubled quotes, delimiters and line ends in cells, CRLF, empty lines, no end of line at the end', async () => {
    const text = 'a;b\r\n"1;2";"x\r\ny"\r\n\r\n3;"say ""so"""\r\n;""\r\nz;'
    expect(short(await rows(text))).toEqual(['1 a|b', '2 1;2|x\r\ny', '5 3|say "so"', '6 |', '7 z|'])
  })

  test('what is written is what is read, whatever the chunks', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', ';', '"', '\n', '\r', ' ', '\xe9'), maxLength: 6 })
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(table, fc.integer({ min: 1, max: 9 }), async (given, chunk) => {
        const text = given.map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(';')).join('\r\n')
        const read = await rows(`${text}\r\n`, FORM, 10_000, chunk)
        expect(read.map((row) => row.fault ?? row.cells)).toEqual(given)
      }),
      { seed: 11, numRuns: 300 },
    )
  })

  test.each([
    ['a quote that is not closed', '1;"a;2\n2;b\n3;c\n', ['1 malformed-row', '2 2|b', '3 3|c']],
    ['a quote that another row closes', '1;"a\n2;b\n3;"c"\n4;d\n', ['1 malformed-row', '2 2|b', '3 3|c', '4 4|d']],
    ['text after a quote', '1;"a"b\n2;b\n', ['1 malformed-row', '2 2|b']],
    ['a quote in the middle', '1;a"b\n2;b"c\n3;c\n', ['1 malformed-row', '2 malformed-row', '3 3|c']],
    ['a long line', `1;${'x'.repeat(200)}\n2;b\n`, ['1 record-too-large', '2 2|b']],
    ['a long row of short lines', `1;"${'x\n'.repeat(60)}"\n2;b\n`, undefined],
  ])('%s', async (_name, text, expected) => {
    const read = short(await rows(text, FORM, 100))
    if (expected) expect(read).toEqual(expected)
    expect(read[0]).toMatch(/^1 (?:malformed-row|record-too-large)$/)
    expect(read.at(-1)).toMatch(/^\d+ \d\|[bcd]$/)
  })

  test('without quotes a quote is a character; a file of CR has its lines', async () => {
    expect(short(await rows('1;12" x\n2;"\n', { ...FORM, quotes: false }))).toEqual(['1 1|12" x', '2 2|"'])
    expect(short(await rows('a;b\r1;"x\ry"\r2;z\r', { ...FORM, lineEnd: '\r' }))).toEqual([
      '1 a|b',
      '2 1|x\ry',
      '4 2|z',
    ])
  })
})
