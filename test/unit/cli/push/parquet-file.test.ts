/** Parquet in: what ClickHouse writes is read exactly; what is nested, foreign, local, cut or hostile is refused. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordReader } from '#core/contract/record-reader.ts'
import type { ValueKind } from '#core/contract/types.ts'
import { Unfit, valueReader } from '../../../../services/cli/push/parquet-values.ts'
import { openSource } from '../../../../services/cli/push/source.ts'
import type { SourceRecord } from '../../../../services/cli/push/source-record.ts'
import { contractOf } from '../../gateway/harness.ts'

const ROW = {
  record_id: "'r1'",
  patient_ipp: 'toInt64(8000123)',
  record_version: "toDateTime64('2026-02-03 10:00:00.123456', 6, 'UTC')",
  code_system: "CAST('loinc' AS Enum8('loinc' = 1))",
  code: "'718-7'",
  effective_at: "toDateTime64('1969-12-31 23:59:59.999999', 6, 'UTC')",
  value_number: "CAST(number = 0 ? '13.55' : '-0.07' AS Decimal(18, 2))",
  comment: "number = 0 ? 'à jeun' : CAST(NULL AS Nullable(String))",
}
const select = (more: Readonly<Record<string, string>> = {}, rows = 2) =>
  `SELECT ${Object.entries({ ...ROW, ...more })
    .map(([name, value]) => `${value} AS ${name}`)
    .join(', ')} FROM numbers(${rows})`
const FILES: Readonly<Record<string, readonly [query: string, settings?: string]>> = {
  plain: [select()],
  zstd: [select(), "output_format_parquet_compression_method = 'zstd'"],
  gzip: [select(), "output_format_parquet_compression_method = 'gzip'"],
  brotli: [select(), "output_format_parquet_compression_method = 'brotli'"],
  none: [select(), "output_format_parquet_compression_method = 'none', output_format_parquet_string_as_string = 0"],
  groups: [
    select({ record_id: 'toString(number)', value_number: 'toFloat64(number)' }, 25_003),
    'output_format_parquet_row_group_size = 12000, output_format_parquet_data_page_size = 4000',
  ],
  large: [select({ value_number: "CAST('12345678901234567890.5' AS Decimal(38, 1))" })],
  nested: [select({ comment: '[1, 2]' })],
  tuple: [select({ comment: "CAST((1, 'x') AS Tuple(a Int8, b String))" })],
  foreign: [select({ colour: "'red'", code: 'toFloat64(1)' })],
}

let folder = ''
const file = (name: string) => join(folder, `${name}.parquet`)
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-parquet-'))
  const statements = Object.entries(FILES).map(
    ([name, [query, settings = 'max_threads = 1']]) =>
      `INSERT INTO FUNCTION file('${file(name)}', 'Parquet') ${query} SETTINGS ${settings}`,
  )
  // In a process of its own: the engine ends with it.
  const script = `const { query } = require('chdb'); for (const one of ${JSON.stringify(statements)}) query(one, 'CSV')`
  execFileSync(process.execPath, ['-e', script], { cwd: process.cwd() })
})
afterAll(() => rmSync(folder, { recursive: true }))

async function read(path: string): Promise<SourceRecord[]> {
  const found: SourceRecord[] = []
  for await (const record of openSource(path).records(contractOf('observation'))) found.push(record)
  return found
}
const parsed = (records: readonly SourceRecord[]) =>
  records.map((record) => JSON.parse(String(record.refused === undefined ? record.bytes : '{}')) as object)

test.each(['plain', 'zstd', 'gzip', 'brotli', 'none'])('%s: every type is exact', async (name) => {
  const first = {
    record_id: 'r1',
    patient_ipp: '8000123',
    record_version: 1_770_112_800_123,
    code_system: 'loinc',
    code: '718-7',
    effective_at: '1969-12-31T23:59:59.999999Z',
    value_number: 13.55,
  }
  const records = parsed(await read(file(name)))
  expect(records).toEqual([
    { ...first, comment: 'à jeun' },
    { ...first, value_number: -0.07 },
  ])
  expect(records.map((record) => recordReader(contractOf('observation'), 'json')(record).ok)).toEqual([true, true])
})

test('a file of several row groups is read in slices, each row once, in its order', async () => {
  const source = openSource(file('groups'))
  const found: SourceRecord[] = []
  for await (const record of source.records(contractOf('observation'))) found.push(record)
  expect(parsed(found).map((record) => (record as { record_id: string }).record_id)).toEqual(
    Array.from({ length: 25_003 }, (_, at) => String(at)),
  )
  expect([found.at(-1)?.line, source.read()]).toEqual([25_003, source.size])
})

test('a number that a double cannot hold refuses its row', async () => {
  expect(
    (await read(file('large'))).map(({ refused }) => refused?.map(({ pointer, rule }) => `${pointer} ${rule}`)),
  ).toEqual([['/value_number number-range'], ['/value_number number-range']])
})

test.each([
  ['nested', 'column "comment" is nested'],
  ['tuple', 'column "comment" is nested'],
  ['foreign', 'column "colour" is no field of observation'],
  ['foreign', 'column "code": DOUBLE cannot be read as string'],
])('%s columns are refused before a record is read: %s', async (name, why) => {
  await expect(read(file(name))).rejects.toMatchObject({ problems: [expect.stringContaining(why)] })
})

test('a file that is cut, changed or none is refused, or read as it was', async () => {
  const whole = readFileSync(file('plain'))
  const expected = parsed(await read(file('plain')))
  const path = file('damaged')
  const attempt = async (bytes: Buffer) => {
    writeFileSync(path, bytes)
    return await read(path).catch((error: Error) => error)
  }
  for (const length of [0, 3, 8, 12, whole.length >> 1, whole.length - 1])
    expect(await attempt(whole.subarray(0, length))).toMatchObject({
      message: expect.stringContaining('cannot be read'),
    })
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, byte) => {
      const changed = Buffer.from(whole)
      changed[at] = byte
      const found = await attempt(changed)
      // Parquet has no check sums that are always there: a value may be another one, but never a row more or less.
      if (Array.isArray(found)) expect(found).toHaveLength(expected.length)
      else expect(found.message).toContain('cannot be read')
    }),
    { numRuns: 60, seed: 7 },
  )
})

describe('types', () => {
  const reader = (element: object, kind: ValueKind) =>
    valueReader({ name: 'x', ...element } as Parameters<typeof valueReader>[0], { kind })
  const value = (element: object, kind: ValueKind, stored: unknown) => {
    const found = reader(element, kind)
    return found instanceof Unfit ? found.why : found(stored as bigint)
  }
  const timestamp = (unit: string, isAdjustedToUTC = true) => ({
    type: 'INT64',
    logical_type: { type: 'TIMESTAMP', unit, isAdjustedToUTC },
  })
  const decimal = (type: string, scale: number) => ({ type, scale, converted_type: 'DECIMAL' })

  test.each([
    ['timestamp', timestamp('NANOS'), 1n, '1970-01-01T00:00:00.000000001Z'],
    ['timestamp', timestamp('NANOS'), -1n, '1969-12-31T23:59:59.999999999Z'],
    ['timestamp', timestamp('MILLIS'), 1_770_112_800_123n, '2026-02-03T10:00:00.123Z'],
    ['timestamp', { type: 'INT64', converted_type: 'TIMESTAMP_MICROS' }, 1_000_000n, '1970-01-01T00:00:01.000000Z'],
    ['timestamp', timestamp('MILLIS'), 2n ** 62n, undefined],
    ['timestamp', timestamp('MICROS', false), 0n, 'its times are in no time zone: write them adjusted to UTC'],
    ['timestamp', { type: 'INT96' }, 0n, 'INT96 says no time zone: write timestamps as INT64, adjusted to UTC'],
    ['timestamp', { type: 'INT64' }, 0n, 'INT64 cannot be read as timestamp'],
    ['date', { type: 'INT32', converted_type: 'DATE' }, -1, '1969-12-31'],
    ['date', { type: 'INT32' }, 1, 'INT32 cannot be read as date'],
    ['long', { type: 'INT64' }, 2n ** 53n - 1n, 2 ** 53 - 1],
    ['long', { type: 'INT64' }, 2n ** 53n, undefined],
    ['long', { type: 'INT64', converted_type: 'UINT_64' }, -1n, undefined],
    ['string', { type: 'INT64', converted_type: 'UINT_64' }, -1n, '18446744073709551615'],
    ['string', { type: 'INT32', converted_type: 'UINT_32' }, -1, '4294967295'],
    ['string', { type: 'BYTE_ARRAY' }, Buffer.from([0xe9]), undefined],
    [
      'string',
      { type: 'BYTE_ARRAY', converted_type: 'JSON' },
      Buffer.from('{}'),
      'BYTE_ARRAY JSON cannot be read as string',
    ],
    [
      'string',
      { type: 'FIXED_LEN_BYTE_ARRAY', logical_type: { type: 'UUID' } },
      Buffer.alloc(16, 1),
      '01010101-0101-0101-0101-010101010101',
    ],
    ['double', decimal('INT32', 2), -5, -0.05],
    ['double', decimal('INT64', 0), 7n, 7],
    ['double', decimal('FIXED_LEN_BYTE_ARRAY', 3), Buffer.from([0xff, 0x85]), -0.123],
    ['long', decimal('INT32', 2), 100, 'INT32 DECIMAL cannot be read as long'],
    ['boolean', { type: 'BOOLEAN' }, true, true],
    ['boolean', { type: 'INT32' }, 1, 'INT32 cannot be read as boolean'],
  ] as const)('%s from %o: %s', (kind, element, stored, expected) => {
    expect(value(element, kind, stored)).toEqual(expected)
  })

  test('a decimal of at most 15 digits is the number that is written so', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.integer({ min: 0, max: 12 }), fc.boolean(), (unscaled, scale, minus) => {
        const digits = String(unscaled % 10 ** 15)
        const stored = BigInt(digits) * (minus ? -1n : 1n)
        const padded = digits.padStart(scale + 1, '0')
        const text = scale === 0 ? padded : `${padded.slice(0, -scale)}.${padded.slice(-scale)}`
        expect(value(decimal('INT64', scale), 'double', stored)).toBe(Number(`${stored < 0n ? '-' : ''}${text}`))
      }),
    )
  })
})
