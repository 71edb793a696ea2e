/** `push --pmsi`: the lines of a stay are sent together, whichever files they are in, and each refusal names its file and line. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { gatewayClient } from '#core/gateway-api/client.ts'
import { batches } from '../../../../services/cli/push/batches.ts'
import { pmsiSource } from '../../../../services/cli/push/pmsi-files.ts'
import { sendFile } from '../../../../services/cli/push/send.ts'
import { rum, vidHosp } from '../../../helpers/pmsi-lines.ts'
import { harness } from '../../gateway/harness.ts'

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const value of values) found.push(value)
  return found
}

let folder = ''
const file = (name: string) => join(folder, name)
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-pmsi-'))
  const other = { 28: '1', 29: 'NDA78', 354: '8000456', 397: 'LEFÈVRE' }
  const alone = { 29: 'NDA79', 354: '8000789' }
  writeFileSync(file('VH2026M02.txt'), [vidHosp(), vidHosp(other), vidHosp(alone)].join('\r\n'), 'latin1')
  const second = rum({ 68: '2', 93: '05022026' })
  const foreign = rum({ 28: '4712', 48: 'NDA78', 86: '1' })
  const lost = rum({ 28: '4713', 48: 'NDA99' })
  writeFileSync(file('RSS2026M02.grp.gz'), gzipSync([rum(), foreign, second, 'no RSS', lost].join('\r\n')))
  writeFileSync(file('HOSP-PMSI.txt'), '4711'.padEnd(20) + 'NDA77'.padEnd(20))
})
afterAll(() => rmSync(folder, { recursive: true }))

test('the lines of an RSS follow those of VID-HOSP of its stay, and those without an RSS come last', async () => {
  const said: string[] = []
  const source = await pmsiSource([folder], (text) => void said.push(text))
  expect(said).toEqual([`${folder}: 1 files are no files of VID-HOSP or RSS and are not sent`])
  const records = await all(source.records(undefined))
  const places = records.map(({ places = [] }) => places.map((place) => source.placeOf?.(place).join(':')))
  const [vh, rss] = [file('VH2026M02.txt'), file('RSS2026M02.grp.gz')]
  expect(places).toEqual([
    [`${vh}:2`, `${rss}:2`],
    [`${vh}:1`, `${rss}:1`, `${rss}:3`],
    [`${rss}:4`],
    [`${rss}:5`],
    [`${vh}:3`],
  ])
  expect(records.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5])
  expect(records.map(({ refused = [] }) => refused.map(({ rule }) => rule))).toEqual([
    [],
    [],
    ['malformed-pmsi'],
    [],
    [],
  ])
  const [batch] = await all(batches(source.records(undefined), 1, 200))
  expect([batch?.lines.length, batch?.lastLine]).toEqual([5, 5])
})

test('the gateway stores them; each refusal names its file, line and columns, and a second run sends nothing', async () => {
  const gateway = await harness()
  const url = await gateway.app.listen({ host: '127.0.0.1', port: 0 })
  const client = gatewayClient({ url, key: gateway.key })
  const data = mkdtempSync(join(tmpdir(), 'chainon-push-'))
  const told: string[] = []
  const report = {
    progress: () => undefined,
    rejected: (of: string, line: number, { rule, path }: { rule: string; path?: string }) =>
      void told.push([`${of}:${line}`, path, rule].join(' ')),
    say: () => undefined,
    end: () => undefined,
  }
  const options = {
    client,
    feed: undefined,
    contract: undefined,
    dataDir: data,
    target: [],
    batchRecords: 2,
    restart: false,
  }
  const send = async () => {
    const source = await pmsiSource([file('VH2026M02.txt'), file('RSS2026M02.grp.gz')], () => undefined)
    return await sendFile(source, { ...options, report })
  }
  try {
    expect(await send()).toMatchObject({ accepted: 9, rejected: 2 })
    const rss = file('RSS2026M02.grp.gz')
    expect(told.toSorted()).toEqual([`${rss}:4  malformed-pmsi`, `${rss}:5 RSS columns 48-67 unresolved-stay`])
    const stays = (await gateway.decoded())
      .map(({ record }) => record)
      .filter(({ unit_count }) => unit_count !== undefined)
    expect(stays.map((stay) => [stay.patient_ipp, stay.unit_rank, stay.unit_count])).toEqual([
      ['8000456', 1, 1],
      ['8000123', 1, 2],
      ['8000123', 2, 2],
    ])
    expect((await send()).receipts).toEqual([])
  } finally {
    client.close()
    await gateway.close()
    rmSync(data, { recursive: true })
  }
})

test('what is kept in memory has a bound', async () => {
  const source = await pmsiSource([folder], () => undefined, 1000)
  await expect(all(source.records(undefined))).rejects.toThrow('The file cannot be read')
})

test('files that are no PMSI, and those that are not there, are refused at once', async () => {
  for (const path of [file('HOSP-PMSI.txt'), file('none')])
    await expect(pmsiSource([path], () => undefined)).rejects.toThrow('The file cannot be read')
})
