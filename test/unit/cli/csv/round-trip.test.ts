/** A table that is written from records is read as the same records, whatever its encoding, delimiter, decimal sign and form of dates. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { loadContracts } from '#core/contract/load.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { parseMapping } from '#core/csv/mapping.ts'
import { openSource } from '../../../../services/cli/push/source.ts'
import { generatedRecords, jsonOf } from '../../../helpers/generated-records.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-round-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const contracts = loadContracts('schemas/feeds')

interface Form {
  readonly encoding: 'utf-8' | 'utf-16le' | 'iso-8859-15'
  readonly delimiter: string
  readonly decimal: ',' | '.'
  readonly date: string
  readonly time: string
}

const FORMS: readonly Form[] = [
  { encoding: 'utf-8', delimiter: ';', decimal: ',', date: 'DD/MM/YYYY', time: 'DD/MM/YYYY HH:mm:ss.fffZ' },
  { encoding: 'utf-16le', delimiter: '\t', decimal: '.', date: 'YYYY-MM-DD', time: 'YYYY-MM-DDTHH:mm:ss.fffZ' },
  { encoding: 'iso-8859-15', delimiter: '|', decimal: ',', date: 'YYYYMMDD', time: 'YYYYMMDDHHmmssfffZ' },
]

/** Letters of every encoding, and what a table gives a meaning. */
const UNIT = fc.constantFrom(...Array.from('aZ0 éœ€ÿ;,|"\'\\=\n\t'), '\r\n', '""')

test.each(FORMS)('$encoding, $delimiter, $decimal, $time', async (form) => {
  for (const contract of contracts) {
    const records = generatedRecords(contract, 20, UNIT).map((record) => jsonOf(contract, record))
    const path = join(folder, `${contract.feed}-${form.encoding}.csv`)
    writeFileSync(path, tableOf(contract, records, form))
    const mapping = parseMapping(mappingOf(contract, form), contract)
    const read: unknown[] = []
    for await (const record of openSource(path, { mapping }).records(contract))
      read.push(record.refused ?? JSON.parse(record.bytes.toString()))
    expect(read).toEqual(records.map(withoutNulls))
  }
})

/** An empty cell is no value, and neither is one of spaces: a table cannot say them. */
function withoutNulls(record: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null && String(value).trim() !== ''))
}

function mappingOf(contract: FeedContract, { encoding, delimiter, decimal, date, time }: Form): string {
  const formats: Readonly<Record<string, string>> = { date, timestamp: time }
  const fields = contract.fields.map(({ name, kind }) => ({
    field: name,
    column: `c ${name}`,
    ...(formats[kind] === undefined ? {} : { format: formats[kind] }),
  }))
  return stringify({ feed: contract.feed, encoding, delimiter, decimal, fields })
}

function tableOf(contract: FeedContract, records: readonly Readonly<Record<string, unknown>>[], form: Form): Buffer {
  const { encoding, delimiter } = form
  const rows = [
    contract.fields.map(({ name }) => `c ${name}`),
    ...records.map((record) => contract.fields.map((field) => cellOf(field.kind, record[field.name], form))),
  ]
  const text = rows.map((row) => row.map(quoted).join(delimiter)).join('\r\n')
  if (encoding === 'utf-16le') return Buffer.from(`\ufeff${text}`, 'utf16le')
  if (encoding === 'utf-8') return Buffer.from(text)
  const latin9: Readonly<Record<string, number>> = { '€': 0xa4, œ: 0xbd }
  return Buffer.from(Array.from(text, (letter) => latin9[letter] ?? letter.charCodeAt(0)))
}

function cellOf(kind: string, value: unknown, { decimal, date, time }: Form): string {
  if (value === null || value === undefined) return ''
  if (kind === 'double') return String(value).replace('.', decimal)
  if (kind !== 'date' && kind !== 'timestamp') return String(value)
  const [, YYYY = '', MM = '', DD = '', HH = '', mm = '', ss = '', fff = ''] =
    /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)\.(\d{3})Z)?$/.exec(String(value)) ?? []
  const parts: Readonly<Record<string, string>> = { YYYY, MM, DD, HH, mm, ss, fff, Z: 'Z' }
  return (kind === 'date' ? date : time).replaceAll(/YYYY|MM|DD|HH|mm|ss|fff|Z/g, (part) => parts[part] ?? '')
}

function quoted(cell: string): string {
  return /["\n\r]/.test(cell) || cell.includes(';') || cell.includes('|') || cell.includes('\t')
    ? `"${cell.replaceAll('"', '""')}"`
    : cell
}
