/** `push --dicom`: what leaves the machine has no pixels, and is the store transaction that the gateway reads. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { gatewayClient } from '#core/gateway-api/client.ts'
import { DICOM_BOUNDARY } from '#core/gateway-api/media-types.ts'
import { batches } from '../../../../services/cli/push/batches.ts'
import { checkMapped } from '../../../../services/cli/push/check-mapped.ts'
import { dicomSource } from '../../../../services/cli/push/dicom-files.ts'
import { sendFile } from '../../../../services/cli/push/send.ts'
import { partsOf } from '../../../../services/gateway/decode/dicom/multipart.ts'
import { dicomFile, type Elements, SYNTAX, slice } from '../../../helpers/dicom-file.ts'
import { outcome } from '../../gateway/decode/dicom/files.ts'
import { harness } from '../../gateway/harness.ts'

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const value of values) found.push(value)
  return found
}

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainon-dicom-'))
  mkdirSync(join(folder, 'study'))
  const overlay: Elements = { '(6000,3000)': ['OW', Buffer.from('overlay!')] }
  const more = (id: string) => slice({ '(0008,0018)': ['UI', id], ...overlay })
  writeFileSync(join(folder, 'study', 'IM0001'), dicomFile(more('1.2.1')))
  writeFileSync(join(folder, 'study', 'IM0002.dcm'), dicomFile(more('1.2.2'), { syntax: SYNTAX.deflated }))
  writeFileSync(join(folder, 'study', 'IM0003'), dicomFile(more('1.2.3'), { syntax: '1.2.840.113619.5.2' }))
  writeFileSync(join(folder, 'large.dcm'), Buffer.concat([dicomFile(more('1.2.4')), Buffer.alloc(5_000_000, 7)]))
  writeFileSync(join(folder, 'readme.txt'), 'no DICOM')
})
afterAll(() => rmSync(folder, { recursive: true }))

test('files of a folder are sent in one body without pixels and overlays; what cannot be read is refused by its file', async () => {
  const said: string[] = []
  const source = dicomSource(folder, (text) => void said.push(text))
  const sent = await all(batches(source.records(undefined), 0, 500))
  expect([sent.length, said]).toEqual([1, [`${folder}: 1 files are no DICOM files and are not sent`]])
  const [{ body, lines, refused } = { body: Buffer.alloc(0), lines: [], refused: [] }] = sent
  expect(lines.map((line) => source.placeOf?.(line)[0])).toEqual(
    ['large.dcm', 'study/IM0001', 'study/IM0002.dcm'].map((name) => join(folder, name)),
  )
  expect(refused).toEqual([
    { line: 4, refusals: [expect.objectContaining({ rule: 'unsupported-transfer-syntax', path: '(0002,0010)' })] },
  ])
  expect(body.length).toBeLessThan(6000)
  expect(body.toString('latin1')).not.toMatch(/pixels|overlay/)
  const end = Buffer.from(`\n--${DICOM_BOUNDARY}--\r\n`)
  const taken = outcome(partsOf(Buffer.concat([body, end]), DICOM_BOUNDARY))
  expect(taken.refused).toEqual([])
  expect(taken.records.map(({ record_id }) => record_id)).toEqual(['1.2.4', '1.2.1', '1.2.2'])
})

test('whole files are sent only where that is asked for, and only those that can be read', async () => {
  const source = dicomSource(folder, () => undefined, true)
  const sent = await all(batches(source.records(undefined), 0, 500))
  const body = Buffer.concat(sent.map((one) => one.body))
  expect(body.toString('latin1').match(/pixels!!/g)).toHaveLength(2)
  expect(body.length).toBeGreaterThan(5_000_000)
  expect(sent.flatMap(({ refused }) => refused.map(({ line }) => line))).toEqual([4])
  const parts = [...partsOf(Buffer.concat([body, Buffer.from(`\n--${DICOM_BOUNDARY}--\r\n`)]), DICOM_BOUNDARY)]
  expect(parts.map((part) => 'file' in part && part.file.length > 500)).toEqual([true, true, true])
})

test('the gateway stores them; each refusal names its file, and a second run sends nothing', async () => {
  const gateway = await harness()
  const url = await gateway.app.listen({ host: '127.0.0.1', port: 0 })
  const client = gatewayClient({ url, key: gateway.key })
  const data = mkdtempSync(join(tmpdir(), 'chainon-push-'))
  const told: string[] = []
  const options = {
    client,
    feed: undefined,
    contract: undefined,
    dataDir: data,
    target: [],
    batchRecords: 2,
    restart: false,
    report: {
      progress: () => undefined,
      rejected: (file: string, line: number, { rule }: { rule: string }) => void told.push(`${file}:${line} ${rule}`),
      say: () => undefined,
      end: () => undefined,
    },
  }
  const send = () =>
    sendFile(
      dicomSource(folder, () => undefined),
      options,
    )
  try {
    const first = await send()
    expect(first).toMatchObject({ accepted: 3, rejected: 1 })
    expect(first.receipts).toHaveLength(2)
    expect(told).toEqual([`${join(folder, 'study', 'IM0003')}:1 unsupported-transfer-syntax`])
    const stored = (await gateway.decoded()).map(({ record }) => [record.record_id, record.modality])
    expect(stored).toEqual(['1.2.4', '1.2.1', '1.2.2'].map((id) => [id, 'CT']))
    expect((await send()).receipts).toEqual([])
  } finally {
    client.close()
    await gateway.close()
    rmSync(data, { recursive: true })
  }
})

test('a dry run says what the gateway would, by the code of the gateway', async () => {
  const wrong = mkdtempSync(join(tmpdir(), 'chainon-dicom-'))
  onTestFinished(() => rmSync(wrong, { recursive: true }))
  const write = (name: string, more: Elements) => writeFileSync(join(wrong, name), dicomFile(slice(more)))
  write('a.dcm', {})
  write('b.dcm', { '(0010,0020)': ['LO', ''] })
  write('c.dcm', { '(0008,0022)': ['DA', '20990101'] })
  write('d.dcm', { '(0020,000D)': ['UI', 'no UID'] })
  const told: string[] = []
  const report = {
    progress: () => undefined,
    rejected: (file: string, _line: number, { path, rule }: { path?: string; rule: string }) =>
      void told.push(`${file.slice(wrong.length + 1)} ${path} ${rule}`),
    say: () => undefined,
    end: () => undefined,
  }
  const check = (environment: NodeJS.ProcessEnv) =>
    checkMapped(
      dicomSource(wrong, () => undefined),
      report,
      { ...process.env, CHAINON_FEEDS_DIR: 'schemas/feeds', ...environment },
      'chu',
    )
  const checked = await check({})
  expect(checked).toEqual({ accepted: 1, rejected: 3 })
  expect(told).toEqual(['b.dcm (0010,0020) required', 'c.dcm (0008,002A) not-in-future', 'd.dcm (0020,000D) type'])
  await expect(check({ CHAINON_DEFAULT_TIME_ZONE: 'Nowhere' })).rejects.toMatchObject({ code: 'configuration' })
})

test('a run that was stopped continues after the files that were sent', async () => {
  const source = dicomSource(folder, () => undefined)
  const [batch] = await all(batches(source.records(undefined), 2, 500))
  expect([batch?.lines, batch?.lastLine]).toEqual([[3], 4])
})

test('a folder without a DICOM file, and a file that is not there, are refused at once', () => {
  const empty = mkdtempSync(join(tmpdir(), 'chainon-dicom-'))
  for (const path of [empty, join(empty, 'none.dcm')])
    expect(() => dicomSource(path, () => undefined)).toThrow('The file cannot be read')
  rmSync(empty, { recursive: true })
})
