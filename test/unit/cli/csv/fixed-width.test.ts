/** A file of fixed width, by the places of its mapping: the example of the page, read. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseMapping } from '#core/csv/mapping.ts'
import { tableRecords } from '#core/csv/records.ts'
import { contractOf } from '../../gateway/harness.ts'

const contract = contractOf('encounter')
const page = readFileSync('docs/formats/csv.md', 'utf8')
const example =
  [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text ?? '').find((text) => text.includes('positions')) ??
  ''

/** @returns a line with these texts at their places, the first byte being 1 */
function line(at: Readonly<Record<number, string>>, width = 400): string {
  let text = ' '.repeat(width)
  for (const [from, value] of Object.entries(at))
    text = `${text.slice(0, Number(from) - 1)}${value}${text.slice(Number(from) - 1 + value.length)}`
  return text
}
const STAY = { 29: '000012345', 49: 'V015', 275: '01032025', 283: '04032025', 354: '8000123' }

async function read(bytes: Buffer, mapping = example, size = bytes.length) {
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
  const found: unknown[] = []
  const unused: string[] = []
  const onUnused = (columns: readonly string[]) => void unused.push(...columns)
  for await (const one of tableRecords(chunks(), parseMapping(mapping, contract), contract, 'f', onUnused))
    found.push(one)
  return { found, unused }
}

test('each line is a record, in chunks of any size and with each end of line; padding is no part of a value', async () => {
  for (const end of ['\n', '\r\n', '\r'])
    for (const size of [7, 100_000]) {
      const text = [line(STAY), '', line({ ...STAY, 29: '000012346', 283: '' })].join(end)
      const { found, unused } = await read(Buffer.from(text, 'latin1'), example, size)
      expect(unused).toEqual([])
      expect(found).toMatchObject([
        {
          line: 1,
          converted: {
            record: {
              record_id: '000012345',
              patient_ipp: '8000123',
              started_at: '2025-03-01T00:00:00.000Z',
              started_precision: 'day',
            },
          },
        },
        { line: 3, converted: { record: { encounter_nda: '000012346' } } },
      ])
    }
})

test('another version, a line that is cut and a date that is none are refused by column; the other lines are read', async () => {
  const lines = [
    line({ ...STAY, 49: 'V014' }),
    line(STAY).slice(0, 360),
    line({ ...STAY, 275: '31022025' }),
    line(STAY),
  ]
  const { found } = await read(Buffer.from(lines.join('\n')))
  expect(found).toMatchObject([
    { converted: { refused: [{ rule: 'malformed-row', path: 'column version' }] } },
    { converted: { refused: [{ rule: 'cell-count', detail: 'The line has 360 bytes, and its columns end at 373.' }] } },
    { converted: { refused: [{ rule: 'date', path: 'column entry' }] } },
    { line: 4, converted: { record: { record_id: '000012345' } } },
  ])
})

test('a mapping with places that contradict each other is refused', () => {
  const wrong = example
    .replace('encoding:', 'delimiter: ";"\nencoding:')
    .replace('from: 275, to: 282', 'from: 282, to: 275')
    .replace('column: exit, from', 'column: IPP, from')
  let problems = ''
  try {
    parseMapping(wrong, contract)
  } catch (error) {
    problems = String((error as { problems?: unknown }).problems)
  }
  expect(problems).toMatch(/no delimiter, quotes or header/)
  expect(problems).toMatch(/entry.*ends before it begins/)
  expect(problems).toMatch(/IPP.*is there twice/)
})
