/** A Bulk Data export from a real HTTP server, through the command's own code, into a real gateway whose log is in memory. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { gatewayClient } from '#core/gateway-api/client.ts'
import { type ExportOptions, openExport } from '../../../../services/cli/bulk/files.ts'
import { readManifest } from '../../../../services/cli/bulk/manifest.ts'
import { createNames, SENT_TYPES } from '../../../../services/cli/bulk/resolve.ts'
import { again, sendExport } from '../../../../services/cli/bulk/send.ts'
import { MAPPED_RESOURCES } from '../../../../services/gateway/decode/fhir/map.ts'
import { runToEnd } from '../../../helpers/gateway.ts'
import { harness } from '../../gateway/harness.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void
const TOKEN = 'secret-token'
const AT = '2026-01-02T03:04:05Z'
const folder = mkdtempSync(join(tmpdir(), 'chainon-bulk-'))
const answers = new Map<string, Answer>()
const asked: { path: string; host: string | undefined; token: string | undefined }[] = []
const server = createServer((request, response) => {
  const path = request.url ?? ''
  asked.push({ path, host: request.headers.host, token: request.headers.authorization })
  const answer = answers.get(path)
  if (answer) answer(request, response)
  else response.writeHead(404).end()
})
let base = ''
let gateway: Awaited<ReturnType<typeof harness>>
let url = ''

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  gateway = await harness()
  url = await gateway.app.listen({ port: 0, host: '127.0.0.1' })
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await gateway.close()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(() => {
  asked.length = 0
  answers.clear()
  gateway.written.length = 0
})

const lines = (...resources: readonly object[]) => resources.map((one) => JSON.stringify(one)).join('\n')
const body =
  (text: string | Buffer, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    void response.writeHead(200, headers).end(text)
const withToken =
  (answer: Answer): Answer =>
  (request, response) =>
    request.headers.authorization === `Bearer ${TOKEN}` ? answer(request, response) : void response.writeHead(401).end()
const to =
  (location: string): Answer =>
  (_request, response) =>
    void response.writeHead(302, { location }).end()

function manifest(output: readonly object[], more: object = {}): object {
  return { transactionTime: AT, request: 'x', requiresAccessToken: false, output, ...more }
}
const serve = (one: object) => answers.set('/bulk/manifest.json', body(JSON.stringify(one)))

async function bring(
  options: Partial<ExportOptions> = {},
  from = `${base}/bulk/manifest.json`,
  batchRecords = 1000,
  dataDir = folder,
) {
  const said: string[] = []
  const client = gatewayClient({ url, key: gateway.key, concurrency: 1, maxElapsedMs: 0 })
  try {
    const found = await openExport(from, { allowHosts: [], token: undefined, timeoutMs: 5000, ...options })
    const brought = await sendExport(found, 1000, {
      client,
      dataDir,
      target: [url],
      batchRecords,
      restart: false,
      report: {
        progress: () => undefined,
        rejected: (file, line, { path, rule }) => void said.push(`${file.split('/').at(-1)}:${line} ${path} ${rule}`),
        say: (text) => void said.push(text),
        end: () => undefined,
      },
    })
    return { ...brought, said }
  } catch (error) {
    throw again(error)
  } finally {
    client.close()
  }
}
const stored = async (feed: string) =>
  (await gateway.decoded()).filter(({ topic }) => topic.endsWith(`.${feed}`)).map(({ record }) => record)

const PATIENT = {
  resourceType: 'Patient',
  id: '123',
  identifier: [{ type: { coding: [{ code: 'PI' }] }, value: 'IPP-1' }],
}
const STAY = {
  resourceType: 'Encounter',
  id: 'e1',
  status: 'finished',
  identifier: [{ value: 'NDA-9' }],
  class: { code: 'IMP' },
  subject: { reference: 'Patient/123' },
  period: { start: '2025-01-01' },
}
const DRUG = {
  resourceType: 'Medication',
  id: 'd1',
  code: { coding: [{ system: 'http://www.whocc.no/atc', code: 'N02BE01' }] },
}
const REQUEST = {
  resourceType: 'MedicationRequest',
  id: 'm1',
  status: 'active',
  intent: 'order',
  subject: { reference: 'Patient/123' },
  encounter: { reference: 'Encounter/e1' },
  medicationReference: { reference: 'Medication/d1' },
  authoredOn: '2025-01-01',
}
const result = (id: string, patient = '123') => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '2160-0' }] },
  subject: { reference: `Patient/${patient}` },
  encounter: { reference: 'Encounter/e1' },
  effectiveDateTime: '2025-01-01',
  valueQuantity: { value: 1 },
})

test('every file: references become identifiers across files, deletions cancel, errors are told', async () => {
  serve(
    manifest(
      [
        { type: 'Observation', url: 'Observation.ndjson' },
        { type: 'MedicationRequest', url: `${base}/bulk/Request.ndjson.gz` },
        { type: 'Medication', url: 'Medication.ndjson' },
        { type: 'Encounter', url: 'Encounter.ndjson' },
        { type: 'Patient', url: 'Patient.ndjson' },
      ],
      {
        requiresAccessToken: true,
        deleted: [{ type: 'Bundle', url: 'deleted.ndjson' }],
        error: [{ type: 'OperationOutcome', url: 'error.ndjson' }],
      },
    ),
  )
  answers.set('/bulk/manifest.json', withToken(answers.get('/bulk/manifest.json') as Answer))
  answers.set('/bulk/Patient.ndjson', withToken(body(lines(PATIENT))))
  answers.set('/bulk/Encounter.ndjson', withToken(body(gzipSync(lines(STAY)), { 'content-encoding': 'gzip' })))
  answers.set('/bulk/Observation.ndjson', withToken(body(lines(result('o1'), result('o2', 'unknown'), result('o3')))))
  answers.set('/bulk/Request.ndjson.gz', withToken(body(gzipSync(lines(REQUEST)))))
  answers.set('/bulk/Medication.ndjson', withToken(body(lines(DRUG))))
  const gone = {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [{ request: { method: 'DELETE', url: 'Condition/c9' } }],
  }
  answers.set('/bulk/deleted.ndjson', withToken(body(lines(gone))))
  const issue = {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code: 'processing', diagnostics: 'Mme DURAND' }],
  }
  answers.set('/bulk/error.ndjson', withToken(body(lines(issue, issue))))

  const { errors, rows, said } = await bring({ token: TOKEN })
  expect(await stored('observation')).toMatchObject([
    { record_id: 'o1', patient_ipp: 'IPP-1', encounter_nda: 'NDA-9' },
    { record_id: 'o3', patient_ipp: 'IPP-1', encounter_nda: 'NDA-9' },
  ])
  expect(await stored('medication')).toMatchObject([
    { patient_ipp: 'IPP-1', encounter_nda: 'NDA-9', code_system: 'atc', code: 'N02BE01' },
  ])
  expect(await stored('encounter')).toMatchObject([{ patient_ipp: 'IPP-1', encounter_nda: 'NDA-9' }])
  expect(await stored('diagnosis')).toMatchObject([{ record_id: 'c9', operation: 'cancel' }])
  expect(rows.map(({ accepted, file, rejected }) => [file.split('/').at(-1), accepted, rejected])).toEqual([
    ['Patient.ndjson', 1, 0],
    ['Encounter.ndjson', 1, 0],
    ['Observation.ndjson', 2, 1],
    ['Request.ndjson.gz', 1, 0],
    ['deleted.ndjson', 1, 0],
  ])
  expect(said).toContain('Observation.ndjson:2 Observation.subject unresolved-reference')
  expect(said.join('\n')).toContain('References to Patient that no file of the export has: 1.')
  expect(said).toContain('Not sent, as the gateway maps no such resources: Medication')
  expect(said.join('\n')).toContain('the server reports error processing: 2')
  expect(said.join('\n')).not.toContain('DURAND')
  expect(errors).toBe(2)
  expect(asked.every(({ token }) => token === `Bearer ${TOKEN}`)).toBe(true)

  // The same export again: nothing is sent.
  gateway.written.length = 0
  await bring({ token: TOKEN })
  expect(gateway.written).toHaveLength(0)
})

test('a file that is cut is continued, and no record is sent twice', async () => {
  serve(
    manifest([
      { type: 'Patient', url: 'P.ndjson' },
      { type: 'Observation', url: 'O.ndjson' },
    ]),
  )
  answers.set('/bulk/P.ndjson', body(lines(PATIENT)))
  const all = Array.from({ length: 40 }, (_, i) => result(`r${i}`))
  const text = lines(...all)
  let cut = true
  answers.set('/bulk/O.ndjson', (_request, response) => {
    response.writeHead(200, { 'content-length': Buffer.byteLength(text) })
    if (!cut) return void response.end(text)
    response.write(text.slice(0, Math.round(text.length / 2)), () => setTimeout(() => response.destroy(), 20))
  })
  const dataDir = mkdtempSync(join(folder, 'cut-'))
  await expect(bring({}, undefined, 10, dataDir)).rejects.toMatchObject({
    code: 'dependency-unavailable',
    message: expect.stringContaining('same command continues'),
  })
  const before = (await stored('observation')).length
  expect(before).toBeGreaterThan(0)
  expect(before).toBeLessThan(40)
  cut = false
  const { rows, said } = await bring({}, undefined, 10, dataDir)
  expect(rows.at(-1)).toMatchObject({ accepted: 40, rejected: 0 })
  expect(said.some((text) => /continues after line \d0/.test(text))).toBe(true)
  const ids = (await stored('observation')).map(({ record_id }) => String(record_id))
  expect(ids.toSorted()).toEqual(all.map(({ id }) => id).toSorted())
})

describe('what is not read', () => {
  const configuration = (why: string) => ({ problems: [expect.stringContaining(why)] })

  test.each<[string, string, string]>([
    ['another host', 'http://169.254.169.254/latest', '--allow-host 169.254.169.254'],
    ['another port of the same host', 'http://127.0.0.1:1/x', '--allow-host 127.0.0.1:1'],
    ['a file of this machine', 'file:///etc/passwd', 'is no http or https address'],
    ['another protocol', 'ftp://127.0.0.1/x', 'is no http or https address'],
    ['a password in the address', 'http://me:secret@127.0.0.1/x', 'has a user or a password in it'],
  ])('%s: before any file is asked for', async (_what, address, why) => {
    serve(
      manifest([
        { type: 'Patient', url: 'P.ndjson' },
        { type: 'Patient', url: address },
      ]),
    )
    const failure = await bring().catch((error: unknown) => error)
    expect(failure).toMatchObject(configuration(why))
    expect(JSON.stringify(failure)).not.toContain('secret')
    expect(asked.map(({ path }) => path)).toEqual(['/bulk/manifest.json'])
  })

  test.each<[string, () => string, string]>([
    ['to another host', () => `http://localhost:${base.split(':').at(-1)}/x`, '--allow-host localhost'],
    ['to itself, for ever', () => `${base}/bulk/P.ndjson`, 'more than 5 times'],
    ['to no address', () => 'http://', 'to no address'],
  ])('a redirect %s', async (_what, location, why) => {
    serve(manifest([{ type: 'Patient', url: 'P.ndjson' }]))
    answers.set('/bulk/P.ndjson', to(location()))
    await expect(bring()).rejects.toMatchObject(configuration(why))
    expect(asked.length).toBeLessThan(10)
    expect(gateway.written).toHaveLength(0)
  })

  test('another host that is allowed gets no token; without requiresAccessToken no file does', async () => {
    const other = `localhost:${base.split(':').at(-1)}`
    const output = [
      { type: 'Patient', url: `http://${other}/P.ndjson` },
      { type: 'Patient', url: 'Q.ndjson' },
    ]
    answers.set('/P.ndjson', body(lines(PATIENT)))
    answers.set('/bulk/Q.ndjson', body(lines(PATIENT)))
    const dataDir = mkdtempSync(join(folder, 'token-'))
    serve(manifest(output, { requiresAccessToken: true }))
    await bring({ token: TOKEN, allowHosts: [other] }, undefined, 1000, dataDir)
    const tokens = (path: string) => [...new Set(asked.filter((one) => one.path === path).map(({ token }) => token))]
    expect(tokens('/P.ndjson')).toEqual([undefined])
    expect(tokens('/bulk/Q.ndjson')).toEqual([`Bearer ${TOKEN}`])
    asked.length = 0
    serve(manifest(output))
    await bring({ token: TOKEN, allowHosts: [other] }, undefined, 1000, dataDir)
    expect([tokens('/P.ndjson'), tokens('/bulk/Q.ndjson')]).toEqual([[undefined], [undefined]])
    serve(manifest(output, { requiresAccessToken: true }))
    await expect(bring({ allowHosts: [other] })).rejects.toMatchObject(configuration('--token-file'))
  })

  test('a token without TLS, to another machine', async () => {
    await expect(bring({ token: TOKEN }, 'http://192.0.2.1/manifest.json')).rejects.toMatchObject(
      configuration('without TLS'),
    )
  })

  test('what the server refuses, what it cannot give now, silence, and a line without an end', async () => {
    serve(manifest([{ type: 'Patient', url: 'P.ndjson' }]))
    for (const [status, expected] of [
      [401, configuration('wrong or expired')],
      [404, configuration('status 404')],
      [503, { code: 'dependency-unavailable' }],
    ] as const) {
      answers.set('/bulk/P.ndjson', (_request, response) => void response.writeHead(status).end('DURAND'))
      const failure = await bring().catch((error: unknown) => error)
      expect(failure).toMatchObject(expected)
      expect(String((failure as Error).message)).not.toContain('DURAND')
    }
    answers.set('/bulk/P.ndjson', (_request, response) => void response.writeHead(200).write('{"'))
    await expect(bring({ timeoutMs: 100 })).rejects.toMatchObject({ code: 'dependency-unavailable' })
    answers.set('/bulk/P.ndjson', body(Buffer.alloc(65 * 2 ** 20, 0x20)))
    await expect(bring()).rejects.toMatchObject(configuration('a line is longer'))
  })

  test('a manifest in a file has no host of its own', async () => {
    const path = join(folder, 'manifest.json')
    writeFileSync(path, JSON.stringify(manifest([{ type: 'Patient', url: `${base}/bulk/P.ndjson` }])))
    answers.set('/bulk/P.ndjson', body(lines(PATIENT)))
    await expect(bring({}, path)).rejects.toMatchObject(configuration('--allow-host'))
    expect(asked).toEqual([])
    const { rows } = await bring(
      { allowHosts: [base.slice('http://'.length)] },
      path,
      1000,
      mkdtempSync(join(folder, 'file-')),
    )
    expect(rows).toMatchObject([{ accepted: 1 }])
  })
})

test('a folder of files, also compressed, whatever their names', async () => {
  const export_ = mkdtempSync(join(folder, 'export-'))
  writeFileSync(join(export_, 'a.ndjson.gz'), gzipSync(lines(result('f1'))))
  writeFileSync(join(export_, 'z.ndjson'), `\uFEFF${lines(PATIENT, STAY)}`)
  const large = lines(result('f2')).replace('"value":1', '"value":1e400')
  const latin = Buffer.from(lines({ ...result('f3'), note: [{ text: 'é' }] }), 'latin1')
  writeFileSync(join(export_, 'b.ndjson'), Buffer.concat([Buffer.from(`${large}\n`), latin]))
  const { rows } = await bring({}, export_)
  // What would be written in another way than it was is not touched, and the gateway refuses it.
  expect(rows.find(({ file }) => file.endsWith('b.ndjson'))).toMatchObject({ accepted: 0, rejected: 2 })
  expect(await stored('observation')).toMatchObject([{ record_id: 'f1', patient_ipp: 'IPP-1', encounter_nda: 'NDA-9' }])
})

test('push --fhir joins the .ndjson files of a folder alike, also in folders of it, and sends the others as they are', async () => {
  const export_ = mkdtempSync(join(folder, 'pushed-'))
  mkdirSync(join(export_, 'part'))
  writeFileSync(join(export_, 'Observation.000.ndjson.gz'), gzipSync(lines(result('p1'), result('p2'))))
  writeFileSync(join(export_, 'part', 'Patient.ndjson'), lines(PATIENT))
  writeFileSync(join(export_, 'Encounter.jsonl'), lines(STAY))
  writeFileSync(join(export_, 'Practitioner.ndjson'), lines({ resourceType: 'Practitioner', id: '1' }))
  // A name that says no type of an export: its lines are whole bodies.
  const bundle = {
    resourceType: 'Bundle',
    type: 'collection',
    entry: [{ resource: PATIENT }, { resource: result('p3') }],
  }
  writeFileSync(join(export_, 'Visits.ndjson'), lines(bundle))
  writeFileSync(join(export_, 'one.json'), JSON.stringify({ ...PATIENT, id: '9' }))
  const { status, stderr, stdout } = await runToEnd(
    'services/cli/chainon.mjs',
    [
      'push',
      '--fhir',
      export_,
      '--url',
      url,
      '--key',
      gateway.key,
      '--no-wait',
      '--json',
      '--data-dir',
      join(folder, 'pushed'),
    ],
    { PATH: process.env.PATH ?? '', HOME: folder },
  )
  expect([status, stderr.split('\n').filter((line) => line.startsWith('Not sent'))]).toEqual([
    0,
    ['Not sent, as the gateway maps no such resources: Practitioner'],
  ])
  const rows = JSON.parse(stdout) as { file: string; accepted: number; rejected: number }[]
  expect(rows.map(({ accepted, file, rejected }) => [file.slice(export_.length + 1), accepted, rejected])).toEqual([
    ['part/Patient.ndjson', 1, 0],
    ['Encounter.jsonl', 1, 0],
    ['Observation.000.ndjson.gz', 2, 0],
    ['Visits.ndjson', 2, 0],
    ['one.json', 1, 0],
  ])
  const found = (await stored('observation')).map((record) => [record?.record_id, record?.patient_ipp])
  expect(found).toEqual([
    ['p1', 'IPP-1'],
    ['p2', 'IPP-1'],
    ['p3', 'IPP-1'],
  ])
})

test.each<[string, unknown, string]>([
  ['no JSON', undefined, 'it is no JSON object'],
  ['a list', [], 'it is no JSON object'],
  ['no time', { requiresAccessToken: false, output: [] }, 'transactionTime'],
  [
    'a time without an offset',
    { transactionTime: '2026-01-01', requiresAccessToken: false, output: [] },
    'transactionTime',
  ],
  ['a token that is not said', { transactionTime: AT, output: [] }, 'requiresAccessToken'],
  ['no files', { transactionTime: AT, requiresAccessToken: false }, 'output: is missing'],
  [
    'files that are none',
    { transactionTime: AT, requiresAccessToken: false, output: 'DURAND' },
    'output: must be a list',
  ],
  [
    'a file without an address',
    { transactionTime: AT, requiresAccessToken: false, output: [{ type: 'Patient' }] },
    'output[0].url',
  ],
  [
    'a type that is none',
    { transactionTime: AT, requiresAccessToken: false, output: [], error: [{ type: 'M. DURAND', url: 'x' }] },
    'error[0].type',
  ],
  [
    'a manifest that goes on',
    { transactionTime: AT, requiresAccessToken: false, output: [], link: [{ relation: 'next', url: 'x' }] },
    'link',
  ],
])('a manifest with %s is refused', (_what, value, why) => {
  const read = () => readManifest(Buffer.from(value === undefined ? '<html>' : JSON.stringify(value)), 'm')
  expect(read).toThrow()
  const [problem] = (() => {
    try {
      return [String(read())]
    } catch (error) {
      return (error as { problems: readonly string[] }).problems
    }
  })()
  expect(problem).toContain(why)
  expect(problem).not.toContain('DURAND')
})

describe('names', () => {
  const rpps = { system: 'https://rpps.esante.gouv.fr', value: '10001234567' }
  const actor = (reference: string) => ({ resourceType: 'Procedure', performer: [{ actor: { reference } }] })

  test('of what the gateway reads, by role, address and version; a line that nothing is added to stays', () => {
    const names = createNames(10, 'https://ehr.test/fhir')
    for (const one of [
      PATIENT,
      { resourceType: 'Practitioner', id: 'p', identifier: [rpps] },
      { resourceType: 'PractitionerRole', id: 'r', practitioner: { reference: 'Practitioner/p' } },
    ])
      names.add(one)
    expect(names.resolve(actor('PractitionerRole/r'))).toMatchObject({ performer: [{ actor: { identifier: rpps } }] })
    for (const reference of ['https://ehr.test/fhir/Patient/123', 'Patient/123/_history/4'])
      expect(names.resolve({ resourceType: 'Observation', subject: { reference } })).toMatchObject({
        subject: { reference, identifier: { value: 'IPP-1' } },
      })
    for (const subject of [
      { reference: 'https://other.test/fhir/Patient/123' },
      { reference: '#123' },
      { reference: 'Patient/123', identifier: { value: 'own' } },
      { reference: 'Patient?identifier=1' },
      'x',
    ]) {
      const resource = { resourceType: 'Observation', subject }
      expect(names.resolve(resource)).toBe(resource)
    }
    expect([...names.unresolved]).toEqual([])
    names.resolve({
      resourceType: 'Observation',
      subject: { reference: 'Patient/__proto__' },
      encounter: { reference: 'Encounter/constructor' },
    })
    expect([...names.unresolved]).toEqual([['Encounter', 1]])
  })

  test('the sender sends what the gateway maps', () => {
    expect(SENT_TYPES.toSorted()).toEqual(MAPPED_RESOURCES.toSorted())
  })

  test('no more than the bound', () => {
    const names = createNames(1)
    names.add(PATIENT)
    names.add(PATIENT)
    expect(() => names.add({ ...PATIENT, id: '2' })).toThrow('--max-names')
    expect(names.size).toBe(1)
  })
})
