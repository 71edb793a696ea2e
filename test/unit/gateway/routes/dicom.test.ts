/** `POST /v1/dicom` and STOW-RS: the receipt or the data set of the transaction, the places of errors, parts, scopes. */
import { expect, onTestFinished, test } from 'vitest'
import { createKey } from '#core/keys/admin.ts'
import { dicomFile, type Elements, slice } from '../../../helpers/dicom-file.ts'
import { harness } from '../harness.ts'

async function gateway() {
  const started = await harness()
  onTestFinished(() => started.close())
  return started
}

const file = (id: string, more: Elements = {}) => dicomFile(slice({ '(0008,0018)': ['UI', id], ...more }))
const PARTS = 'multipart/related; type="application/dicom"; boundary=chainon'

function parts(...files: readonly Buffer[]): Buffer {
  const all = files.flatMap((one) => [Buffer.from('\r\n--chainon\r\nContent-Type: application/dicom\r\n\r\n'), one])
  return Buffer.concat([...all, Buffer.from('\r\n--chainon--\r\n')])
}

const instance = (id: string) => ({
  '00081150': { vr: 'UI', Value: ['1.2.840.10008.5.1.4.1.1.2'] },
  '00081155': { vr: 'UI', Value: [id] },
})

test('a file becomes a record of imaging, without its pixels', async () => {
  const { post, decoded, metrics } = await gateway()
  const answer = await post('dicom', 'application/dicom', file('1.2.3'))
  expect([answer.statusCode, answer.json()]).toEqual([
    202,
    {
      receipt_id: expect.stringMatching(/^rcp_/),
      feed: 'dicom',
      accepted: 1,
      rejected: 0,
      by_feed: { imaging: { accepted: 1, rejected: 0 } },
      errors: [],
    },
  ])
  const [{ record } = { record: {} }] = await decoded()
  expect(record).toMatchObject({ record_id: '1.2.3', patient_ipp: '8000123', modality: 'CT', rows: 2 })
  expect(JSON.stringify(record)).not.toMatch(/pixels|DUPONT/)
  expect(await metrics.scrape()).toMatch(/unmapped_fields_total\{format="dicom",path="private"[^}]*\} 1/)
})

test('what is refused is named by tag and rule, and not by its value', async () => {
  const { post } = await gateway()
  const answer = await post('dicom', 'application/dicom', file('1.2.3', { '(0010,0020)': ['LO', ''] }))
  expect([answer.statusCode, answer.json<{ errors: unknown }>().errors]).toEqual([
    422,
    [
      {
        index: 0,
        feed: 'imaging',
        pointer: '/patient_ipp',
        path: '(0010,0020)',
        rule: 'required',
        detail: expect.any(String),
      },
    ],
  ])
  expect((await post('dicom', 'application/json', '{}')).json()).toMatchObject({ code: 'unsupported-media-type' })
})

test('parts are stored one by one: the receipt, or the data set of the transaction for a client that accepts it', async () => {
  const { post, written } = await gateway()
  const good = parts(file('1.2.3'), file('1.2.4'))
  const mixed = parts(file('1.2.5'), file('1.2.6', { '(0020,000D)': ['UI', ''] }), Buffer.from('no file'))
  const bad = parts(Buffer.from('no file'))
  const json = { accept: 'application/dicom+json' }
  expect((await post('stow', PARTS, mixed)).json()).toMatchObject({
    accepted: 1,
    rejected: 2,
    errors: [
      { index: 1, path: '(0020,000D)', rule: 'required' },
      { index: 2, rule: 'malformed-dicom' },
    ],
  })
  const answers = [
    await post('stow', PARTS, good, json),
    await post('stow', PARTS, mixed, json),
    await post('stow', PARTS, bad, json),
  ]
  expect(answers.map(({ statusCode, headers }) => [statusCode, headers['content-type']])).toEqual(
    [200, 202, 409].map((status) => [status, 'application/dicom+json; charset=utf-8']),
  )
  const reason = { '00081197': { vr: 'US', Value: [0xc000] } }
  expect(answers.map((answer) => answer.json<unknown>())).toEqual([
    { '00081199': { vr: 'SQ', Value: [instance('1.2.3'), instance('1.2.4')] } },
    {
      '00081198': { vr: 'SQ', Value: [{ ...instance('1.2.6'), ...reason }, reason] },
      '00081199': { vr: 'SQ', Value: [instance('1.2.5')] },
    },
    { '00081198': { vr: 'SQ', Value: [reason] } },
  ])
  expect(written.length).toBe(4)
})

test('an address of a study takes its instances only', async () => {
  const { app, key } = await gateway()
  const send = (study: string) =>
    app.inject({
      method: 'POST',
      url: `/dicomweb/studies/${study}`,
      headers: { authorization: `Bearer ${key}`, 'content-type': PARTS },
      payload: parts(file('1.2.3')),
    })
  expect((await send('1.2.826.0.1.3680043.8.498.2')).statusCode).toBe(202)
  expect((await send('1.2.9')).json()).toMatchObject({
    errors: [{ index: 0, path: '(0020,000D)', rule: 'other-study' }],
  })
})

test.each<[string, string, Buffer, string]>([
  ['without a boundary', 'multipart/related; type="application/dicom"', parts(), 'unsupported-media-type'],
  ['of another type', 'multipart/form-data; boundary=chainon', parts(), 'unsupported-media-type'],
  ['that is cut', PARTS, parts(file('1.2.3')).subarray(0, -8), 'malformed-body'],
  ['without a part', PARTS, parts(), 'no-records'],
  ['that is empty', PARTS, Buffer.alloc(0), 'malformed-body'],
])('a body %s is refused as a whole', async (_what, type, body, code) => {
  const { post, written } = await gateway()
  expect((await post('stow', type, body)).json()).toMatchObject({ code })
  expect(written).toEqual([])
})

test('a key for other feeds may not store instances', async () => {
  const { app, folder } = await gateway()
  const { key } = createKey(folder, 'chu-test', '', { scopes: ['write:observation'] })
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/dicom' }
  const answer = await app.inject({ method: 'POST', url: '/v1/dicom', headers, payload: file('1.2.3') })
  expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([403, 'key-scope'])
})
