import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseCsv } from '../../../services/linker/evaluate/csv.ts'
import { readDataSet } from '../../../services/linker/evaluate/data-set.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'chainon-data-set-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

const FIELDS = { id: 'id', traits: { given_name: 'first', birth_date: 'born' } }

function folder(files: Readonly<Record<string, string>>): string {
  const made = mkdtempSync(join(dir, 'set-'))
  const all = {
    'a.csv': 'id,first,born\n1,Ana,01/31/1980\n2,Anna,02/01/1980\n',
    'links.csv': 'x,y\n1,2\n',
    'fields.json': JSON.stringify(FIELDS),
  }
  for (const [name, text] of Object.entries({ ...all, ...files })) writeFileSync(join(made, name), text)
  return made
}

test('CSV: quotes, separators, CRLF, byte-order mark, empty cells and lines', () => {
  expect(parseCsv('\ufeffa;b\r\n"x;1";"say ""hi"""\r\n\r\n;2\r\n')).toEqual({
    columns: ['a', 'b'],
    rows: [
      ['x;1', 'say "hi"'],
      ['', '2'],
    ],
  })
  expect(parseCsv('a,b\n1,"two\nlines"\n3,').rows).toEqual([
    ['1', 'two\nlines'],
    ['3', ''],
  ])
  expect(parseCsv('a\tb\n1\t2').rows).toEqual([['1', '2']])
})

test('a folder of one source, with the format of its dates found', () => {
  const data = readDataSet(folder({}))
  expect(data.ids).toEqual(['1', '2'])
  expect(data.dates).toBe('MM/DD/YYYY')
  expect(data.record(1)).toEqual({ given_name: 'Anna', birth_date: '02/01/1980' })
  expect(data.links).toEqual([[0, 1]])
})

test('a folder of two sources, which may use the same ids', () => {
  const data = readDataSet(folder({ 'b.csv': 'id,first,born\n1,Bea,05/05/1990\n', 'links.csv': 'a,b\n2,1\n' }))
  expect(data.sources).toBe(2)
  expect(data.ids).toEqual(['a:1', 'a:2', 'b:1'])
  expect(data.links).toEqual([[1, 2]])
})

test('links without a header', () => {
  expect(readDataSet(folder({ 'links.csv': '1,2\n' })).links).toEqual([[0, 1]])
})

test.each([
  [
    'a column that is missing',
    { 'a.csv': 'id,frist,born\n1,Secret,1\n' },
    "a.csv: column 'first' (given_name) is missing; did you mean 'frist'?",
  ],
  [
    'a trait that is none',
    { 'fields.json': '{"id":"id","traits":{"given_nam":"first"}}' },
    "did you mean 'given_name'",
  ],
  [
    'an unknown format',
    { 'fields.json': '{"id":"id","traits":{"birth_date":"born"},"formats":{"birth_date":"YY"}}' },
    'formats.birth_date: must be',
  ],
  ['no JSON', { 'fields.json': '{' }, 'fields.json: is not JSON'],
  [
    'an id twice',
    { 'a.csv': 'id,first,born\n1,Secret,1\n1,Secret,1\n' },
    "a.csv: line 3: column 'id' (id) has a value twice",
  ],
  [
    'an id that is empty',
    { 'a.csv': 'id,first,born\n,Secret,1\n2,Secret,1\n' },
    "a.csv: line 2: column 'id' (id) is empty",
  ],
  ['a link to no record', { 'links.csv': 'x,y\n1,Secret\n' }, 'links.csv: line 2: column 2 is no id of a record'],
])('%s is reported without a value', (_what, files, message) => {
  let text = ''
  try {
    readDataSet(folder(files))
  } catch (error) {
    text = (error as Error).message
  }
  expect(text).toContain(message)
  expect(text).not.toContain('Secret')
})

test('CSV: an empty cell before a quoted one, with tabs', () => {
  expect(parseCsv('a\tb\tc\n\t"x"\t1\n').rows).toEqual([['', 'x', '1']])
})

test('a column that only one of two sources has: the records of the other one have no such value, and it is said', () => {
  const data = readDataSet(folder({ 'b.csv': 'born,id\n01/31/1980,1\n', 'links.csv': 'a,b\n1,1\n' }))
  expect(data.record(2)).toEqual({ given_name: '', birth_date: '01/31/1980' })
  expect(data.notes).toEqual(["b.csv: column 'first' (given_name) is missing: its records have none"])
  const absent = JSON.stringify({ id: 'id', traits: { ...FIELDS.traits, city: 'town' } })
  expect(() => readDataSet(folder({ 'b.csv': 'born,id\n,1\n', 'fields.json': absent }))).toThrow(
    "a.csv: column 'town' (city) is missing",
  )
})

test('a byte-order mark in fields.json, and no true pair', () => {
  const data = readDataSet(folder({ 'fields.json': `\ufeff${JSON.stringify(FIELDS)}`, 'links.csv': '' }))
  expect(data.links).toEqual([])
})

test('a file in windows-1252 is read as such', () => {
  const made = folder({})
  writeFileSync(join(made, 'a.csv'), Buffer.from('id;first;born\n1;Zo\xeb;\n2;Zo\xe9;\n', 'latin1'))
  const data = readDataSet(made)
  expect([data.record(0).given_name, data.record(1).given_name]).toEqual(['Zoë', 'Zoé'])
  expect(data.notes).toEqual(['a.csv: is not UTF-8: read as windows-1252'])
})

test('how many values of a trait are written, and how many of them are in a form that is known', () => {
  const data = readDataSet(folder({ 'a.csv': 'id,first,born\n1,Ana,x1980\n2,Anna,y1980\n3,,02/01/1980\n4,,\n' }))
  expect(data.completeness).toEqual({
    given_name: { written: 0.5, read: 0.5 },
    birth_date: { written: 0.75, read: 0.25 },
  })
  expect(data.notes).toEqual(['birth_date: most values are in no form that is known: they count as missing'])
})

test('a trait of one value alone is not compared', () => {
  const rows = Array.from({ length: 60 }, (_, n) => `${n},Ana,19${10 + n}-01-31`)
  const data = readDataSet(folder({ 'a.csv': `id,first,born\n${rows.join('\n')}\n` }))
  expect(data.traits).toEqual(new Set(['birth_date']))
  expect(data.notes).toEqual(['given_name: all records have one value: it is not compared'])
})

test('a folder that is missing names each of its files', () => {
  expect(() => readDataSet(join(dir, 'nowhere'))).toThrow(/fields.json[\s\S]*a.csv[\s\S]*links.csv/)
})
