/** Files of HL7 v2 as engines write them, to the messages that are sent. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { filesOf } from '../../../../services/cli/push/files.ts'
import { hl7Messages } from '../../../../services/cli/push/hl7-file.ts'
import { openSource } from '../../../../services/cli/push/source.ts'
import { harness } from '../../gateway/harness.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-hl7-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const message = (id: number, end: string) =>
  [
    'MSH|^~\\&|A|B|C|D|20240506070809||ADT^A28|m' + id + '|P|2.5',
    'PID|||80' + id + '^^^H^PI||DURAND^^^^^^L||19790315|F',
    '',
  ].join(end)

async function read(content: string | Buffer, chunk = 11): Promise<readonly string[]> {
  const bytes = Buffer.from(content as string)
  async function* chunks() {
    for (let from = 0; from < bytes.length; from += chunk) yield bytes.subarray(from, from + chunk)
  }
  const found: string[] = []
  for await (const record of hl7Messages(chunks())) {
    const [refusal] = record.refused ?? []
    const sent = record.refused ? '' : record.bytes.toString()
    found.push(
      `${record.line} ${refusal ? `${refusal.path ?? ''} ${refusal.rule}` : sent.split('|')[9] + ' ' + sent.split('\r').length}`,
    )
  }
  return found
}

describe('a file of HL7 v2', () => {
  test.each([
    ['CR', '\r'],
    ['LF', '\n'],
    ['CRLF', '\r\n'],
  ])('messages one after the other, segments that end with %s', async (_name, end) => {
    expect(await read(`\ufeff${message(1, end)}${message(2, end)}${end}${message(3, end)}`)).toEqual([
      '1 m1 3',
      '2 m2 3',
      '3 m3 3',
    ])
  })

  test('frames of MLLP', async () => {
    const framed = [1, 2].map((id) => `\x0b${message(id, '\r')}\x1c\r`).join('')
    expect(await read(framed)).toEqual(['1 m1 3', '2 m2 3'])
    expect(await read(`\x0b${message(1, '\r').slice(0, -1)}\x1c\r\n`)).toEqual(['1 m1 3'])
  })

  test('a batch without its envelope; a count that is wrong is refused at its place', async () => {
    const batch = (count: number | string) => `BHS|^~\\&|A\r${message(1, '\r')}${message(2, '\r')}BTS|${count}\r`
    expect(await read(`FHS|^~\\&\r${batch(2)}${batch('')}FTS|2\r`)).toEqual(['1 m1 3', '2 m2 3', '3 m1 3', '4 m2 3'])
    expect(await read(`FHS|^~\\&\r${batch(3)}FTS|2\r`)).toEqual([
      '1 m1 3',
      '2 m2 3',
      '3 BTS-1 batch-count',
      '4 FTS-1 batch-count',
    ])
  })

  test('segments without a message are refused once; the messages after them are sent', async () => {
    expect(await read(`PID|1\rPV1|1\r${message(1, '\r')}`)).toEqual(['1  malformed-hl7', '2 m1 3'])
  })

  test('a message that is too large is refused alone', async () => {
    const large = `${message(1, '\r')}OBX|1|TX|${'x'.repeat(9_000_000)}\r`
    expect(await read(`${large}${message(2, '\r')}`, 100_000)).toEqual(['1 MSH[1] record-too-large', '2 m2 3'])
  })

  test('the gateway reads what is sent as the file has it', async () => {
    const path = join(folder, 'some.hl7.gz')
    writeFileSync(
      path,
      gzipSync(`BHS|^~\\&\r\n${message(1, '\r\n')}${message(2, '\r\n').replace('|P|', '|T|')}BTS|2\r\n`),
    )
    const bodies: Buffer[] = []
    for await (const { bytes } of openSource(path).records(undefined) as AsyncIterable<{ bytes: Buffer }>)
      bodies.push(bytes)
    const gateway = await harness()
    const answer = await gateway.post('hl7', 'application/hl7-v2', bodies.join('\n'))
    await gateway.close()
    const { accepted, errors } = answer.json<{
      accepted: number
      errors: { index: number; path: string; rule: string }[]
    }>()
    expect(accepted).toBe(1)
    expect(errors.map(({ index, path: place, rule }) => `${index} ${place} ${rule}`)).toEqual([
      '1 MSH[1]-11 not-production',
    ])
  })
})

test('a folder stands for its files, also in folders of it; those of other formats are named', () => {
  const spool = join(folder, 'spool')
  mkdirSync(join(spool, 'b'), { recursive: true })
  for (const name of ['z.hl7', 'a.ndjson.zst', 'b/c.csv', 'b/d.hl7.gz', 'x.pdf']) writeFileSync(join(spool, name), '')
  const said: string[] = []
  expect(filesOf(spool, ['hl7', 'ndjson'], (text) => said.push(text))).toEqual(
    ['a.ndjson.zst', 'b/d.hl7.gz', 'z.hl7'].map((name) => join(spool, name)),
  )
  expect(said).toEqual([`${spool}: files of other formats are not sent: b/c.csv, x.pdf`])
  expect(() => filesOf(spool, ['avro'], () => undefined)).toThrow(/has no file that can be sent/)
  expect(filesOf('none.xyz', ['avro'], () => undefined)).toEqual(['none.xyz'])
})
