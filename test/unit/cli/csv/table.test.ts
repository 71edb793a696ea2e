/** Files as hospitals export them, by a mapping, to the records that the gateway would receive. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { parseMapping } from '#core/csv/mapping.ts'
import { MappingFile } from '#core/csv/mapping-schema.ts'
import { checkFile } from '../../../../services/cli/push/check.ts'
import { openSource } from '../../../../services/cli/push/source.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-table-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const contracts = loadContracts('schemas/feeds')
const contractOf = (name: string) => contracts.find(({ feed }) => feed === name) as FeedContract

const MAPPING = `
feed: observation
delimiter: ";"
decimal: ","
time_zone: Europe/Paris
nulls: ["NC"]
fields:
  - { field: record_id, columns: [Dossier, Ligne], join: "-" }
  - { field: patient_ipp, column: IPP }
  - { field: code_system, constant: loinc }
  - { field: code, column: Code }
  - { field: effective_at, column: Prélevé le, format: DD/MM/YYYY HH:mm }
  - { field: value_number, column: Résultat }
  - { field: value_unit, column: Unité }
  - { field: status, column: Statut, values: { V: final, P: preliminary } }
  - { field: comment, column: Commentaire }
`
const HEADER = 'Dossier;Ligne;IPP;Code;Prélevé le;Résultat;Unité;Statut;Commentaire;Libellé'
const ROW = '7;1;0012;718-7;06/05/2024 07:08;13,5;µmol/L;V;"à jeun;\nvu";Hb'

interface Told {
  readonly line: number
  readonly path?: string
  readonly rule: string
  readonly allowed?: readonly string[]
}

async function read(name: string, content: Buffer, mapping = MAPPING, feed = 'observation') {
  const path = join(folder, name)
  writeFileSync(path, content)
  const contract = contractOf(feed)
  const said: string[] = []
  const source = openSource(path, { mapping: parseMapping(mapping, contract), say: (text) => said.push(text) })
  const records: unknown[] = []
  for await (const { bytes } of source.records(contract) as AsyncIterable<{ bytes?: Buffer }>)
    if (bytes) records.push(JSON.parse(bytes.toString()))
  said.length = 0
  const told: Told[] = []
  const nothing = () => undefined
  const report = {
    progress: nothing,
    say: nothing,
    end: nothing,
    rejected: (_: string, line: number, error: Omit<Told, 'line'>) => void told.push({ line, ...error }),
  }
  const sent = await checkFile(source, contract, report, 'hospital-1')
  return { records, told, sent, said: said.join('\n') }
}

const RECORD = {
  record_id: '7-1',
  patient_ipp: '0012',
  code_system: 'loinc',
  code: '718-7',
  effective_at: '2024-05-06T05:08:00.000Z',
  effective_precision: 'minute',
  value_number: 13.5,
  value_unit: 'µmol/L',
  status: 'final',
  comment: 'à jeun;\nvu',
}

describe('a table', () => {
  const text = `${HEADER}\r\n${ROW}\r\n`
  const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le')
  test.each([
    ['UTF-8', 'a.csv', Buffer.from(text)],
    ['UTF-8 with its mark', 'b.csv', Buffer.from(`\ufeff${text}`)],
    ['Windows-1252', 'c.csv', Buffer.from(text, 'latin1')],
    ['UTF-16LE with its mark', 'd.csv', utf16],
    ['UTF-16LE without', 'e.csv', utf16.subarray(2)],
    ['UTF-16BE with its mark', 'f.csv', Buffer.from(utf16).swap16()],
    ['gzip', 'g.csv.gz', gzipSync(text)],
    ['zstd', 'h.csv.zst', zstdCompressSync(text)],
  ])('is read in %s', async (_name, file, content) => {
    const { records, sent, said } = await read(file, content)
    expect(records).toEqual([RECORD])
    expect(sent).toEqual({ accepted: 1, rejected: 0 })
    expect(said).toMatch(/columns that the mapping does not use: Libellé$/)
  })

  test('each refusal names line, column, rule and what is allowed; the other rows are taken', async () => {
    const rows = [
      ROW,
      ROW.replace('06/05', '31/02'),
      ROW.replace('13,5', '13.5'),
      ROW.replace('13,5', '<13'),
      ROW.replace(';V;', ';Z;'),
      ROW.replace('0012', ''),
      ROW.replace('7;1', '7;'),
      `${ROW};`,
      ROW.replace('"à', '"à" b'),
      ROW.replace('718-7', 'x'.repeat(500)),
      ROW.replace('13,5', 'NC'),
    ]
    const { told, sent } = await read('bad.csv', Buffer.from([HEADER, ...rows].join('\n')))
    expect(sent).toEqual({ accepted: 2, rejected: 10 })
    expect(told.map(({ line, path, rule, allowed }) => [line, path, rule, ...(allowed ?? [])].join(' '))).toEqual([
      '4 column Prélevé le date DD/MM/YYYY HH:mm',
      "6 column Résultat type a number, with ',' before its decimals",
      "8 column Résultat type a number, with ',' before its decimals",
      '10 column Statut enum V P',
      '12 column IPP required',
      '14 column Dossier + Ligne required',
      '16  cell-count',
      '18  malformed-row',
      // The rest of the row, which looks like one.
      '19  malformed-row',
      '20 column Code max-length at most 32 characters',
    ])
    expect(JSON.stringify(told)).not.toMatch(/31\/02|<13|à jeun/)
  })

  test('a byte that is not in the declared encoding refuses its row alone', async () => {
    const bad = Buffer.concat([Buffer.from(`${HEADER}\n${ROW.replace('à', 'a')}\n`), Buffer.from(`${ROW}\n`, 'latin1')])
    const { told, sent } = await read('mixed.csv', bad, `encoding: utf-8\n${MAPPING}`)
    expect(sent).toEqual({ accepted: 1, rejected: 1 })
    expect(told.map(({ line, path, rule }) => `${line} ${path} ${rule}`)).toEqual([
      '4 column Unité charset',
      '4 column Commentaire charset',
    ])
  })

  test('a header that lacks a column of the mapping ends the reading, and is not repeated', async () => {
    const failed = read('none.csv', Buffer.from('DURAND;CAMILLE\nx;y\n'), MAPPING).catch((error: unknown) =>
      String(error),
    )
    expect(await failed).toMatch(/the header has no column Dossier/)
    expect(await failed).not.toMatch(/DURAND/)
  })

  test('a file without a header has its columns named by the mapping', async () => {
    const mapping = MAPPING.replace('delimiter', `header: [${HEADER.split(';').join(', ')}]\ndelimiter`)
    expect((await read('bare.csv', Buffer.from(ROW), mapping)).records).toEqual([RECORD])
  })
})

describe('a mapping', () => {
  const problems = (text: string, feed = 'observation') => {
    try {
      parseMapping(text, contractOf(feed))
      return ''
    } catch (error) {
      return String(error)
    }
  }

  test('says everything that is wrong with it at once, by field', () => {
    const wrong = MAPPING.replace('column: Code', 'colunm: Code')
      .replace('DD/MM/YYYY HH:mm', 'JJ/MM/AAAA')
      .replace('Europe/Paris', 'Paris')
    expect(problems(wrong)).toMatch(/field 'code'.*colunm.*column/s)
    expect(problems(wrong)).toMatch(/field 'effective_at': format: must have YYYY/)
    expect(problems(wrong)).toMatch(/time_zone: must be a name of the IANA/)
  })

  test.each([
    [
      'a field that is unknown',
      (text: string) => text.replace('field: comment', 'field: comnent'),
      /did you mean 'comment'/,
    ],
    ['a required field', (text: string) => text.replace(/.*patient_ipp.*\n/, ''), /observation requires 'patient_ipp'/],
    ['a time without a zone', (text: string) => text.replace(/time_zone.*\n/, ''), /'effective_at': needs 'time_zone'/],
    ['columns without a text between them', (text: string) => text.replace(', join: "-"', ''), /needs 'join'/],
    [
      'another feed',
      (text: string) => text.replace('feed: observation', 'feed: patient'),
      /is not for the feed observation/,
    ],
    ['a field twice', (text: string) => text.replace('field: comment', 'field: code'), /'code': is there twice/],
    [
      'no source',
      (text: string) => text.replace(', column: IPP', ''),
      /'patient_ipp': needs one of column, columns, constant/,
    ],
    ['YAML that is none', (text: string) => `${text}  - { : [`, /line \d+: the YAML cannot be read/],
  ])('%s', (_name, change, expected) => expect(problems(change(MAPPING))).toMatch(expected))

  test('a time of day is not invented where no field says that it is missing', () => {
    const patient =
      'feed: patient\nfields:\n  - {field: record_id, column: a}\n  - {field: patient_ipp, column: a}\n  - {field: sex, constant: unknown}\n  - {field: updated_at, column: b, format: DD/MM/YYYY}\n'
    expect(problems(patient, 'patient')).toMatch(/'updated_at': needs a format with hour and minute/)
  })
})

test('the page lists every key of a mapping', () => {
  const page = readFileSync('docs/formats/csv.md', 'utf8')
  const keys = Object.keys({ ...MappingFile.properties, ...MappingFile.properties.fields.items.properties })
  expect(keys.filter((key) => !new RegExp(`^\\|.*\`${key}\``, 'm').test(page))).toEqual([])
  const [, example = ''] = /```yaml\n(.*?)```/s.exec(page) ?? []
  expect(parseMapping(example, contractOf('observation')).fields).toHaveLength(7)
})
