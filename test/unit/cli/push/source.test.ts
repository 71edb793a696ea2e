import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import avsc from 'avsc'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { openSource } from '../../../../services/cli/push/source.ts'
import type { SourceRecord } from '../../../../services/cli/push/source-record.ts'
import { avroFile } from '../../gateway/avro-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-push-'))
const whole = join(folder, 'whole.avro')
const COUNT = 5000

beforeAll(async () => {
  const type = avsc.Type.forSchema({ type: 'record', name: 'Any', fields: [{ name: 'id', type: 'string' }] })
  const encoder = new avsc.streams.BlockEncoder(type, { blockSize: 1024 })
  for (let i = 0; i < COUNT; i++) encoder.write({ id: `record-${i}` })
  encoder.end()
  writeFileSync(whole, await buffer(encoder))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function read(path: string): Promise<SourceRecord[]> {
  const records: SourceRecord[] = []
  for await (const record of openSource(path).records(undefined)) records.push(record)
  return records
}

function file(name: string, content: Buffer | string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

describe('a file to push', () => {
  test('an Avro file is read completely, compressed or not', async () => {
    expect(await read(whole)).toHaveLength(COUNT)
    expect(await read(file('whole.avro.gz', gzipSync(readFileSync(whole))))).toHaveLength(COUNT)
  })

  test('an Avro file that is cut short is an error', async () => {
    const bytes = readFileSync(whole)
    for (const length of [0, 3, 40, 2000, bytes.length - 17, bytes.length - 1]) {
      await expect(read(file('cut.avro', bytes.subarray(0, length))), `${length} bytes`).rejects.toThrow(/cut short/)
    }
  })

  test('an Avro file whose times are counted in another unit is an error: they would be others', async () => {
    const [contract] = loadContracts('schemas/feeds').filter(({ feed }) => feed === 'observation')
    const unit = async (logicalType: string, value: number) => {
      const type = ['null', { type: 'long', logicalType }]
      const fields = [{ name: 'value_at', type }]
      const path = file('unit.avro', avroFile([{ value_at: value }], { type: 'record', name: 'A', fields }))
      const records: SourceRecord[] = []
      for await (const record of openSource(path).records(contract)) records.push(record)
      return records.map((record) => record.refused ?? record.bytes.toString())
    }
    expect(await unit('timestamp-millis', 160e9)).toEqual(['{"value_at":"1975-01-26T20:26:40.000Z"}'])
    await expect(unit('timestamp-micros', 160e12)).rejects.toThrow(
      /'value_at' is timestamp-micros, and the feed has timestamp-millis/,
    )
  })

  test('a gzip file that is cut short is an error', async () => {
    const bytes = gzipSync('{"id":"1"}\n'.repeat(1000))
    await expect(read(file('cut.ndjson.gz', bytes.subarray(0, -9)))).rejects.toThrow(/cut short/)
  })

  test('a zstd file is read, and one that is cut short, or is none, is an error', async () => {
    const bytes = zstdCompressSync('{"id":"1"}\n'.repeat(1000))
    expect(await read(file('whole.ndjson.zst', bytes))).toHaveLength(1000)
    await expect(read(file('cut.ndjson.zst', bytes.subarray(0, -2)))).rejects.toThrow(/cut short/)
    await expect(read(file('none.ndjson.zst', Buffer.from('{"id":"1"}\n')))).rejects.toThrow(/cut short/)
  })

  test('blank lines count as lines, and are not sent', async () => {
    const records = await read(file('some.ndjson', '{"id":"1"}\r\n\n  \n{"id":"2"}'))
    expect(records.map(({ line }) => line)).toEqual([1, 4])
  })

  test('the error names the file that cannot be read and the reason', async () => {
    expect(() => openSource(join(folder, 'none.ndjson'))).toThrow(/there is no such file/)
    expect(() => openSource(join(folder, 'some.txt'))).toThrow(/its name must end in/)
    await expect(read(file('bad.json', '[{\n'))).rejects.toThrow(/bad\.json is not valid JSON: line 2, column 1\./)
  })
})
