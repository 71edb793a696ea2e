/** What `chainon canary` sows: every field of every feed, in every format, of identities that belong to nobody; and what its report says. */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { recordReader } from '#core/contract/record-reader.ts'
import { rowConverter } from '#core/csv/convert.ts'
import { parseMapping } from '#core/csv/mapping.ts'
import { compileGuards } from '#core/guards/compile.ts'
import { isValidNir } from '#core/rules/check-digits.ts'
import { inventor } from '../../../../services/cli/canary/invent.ts'
import { canaryRecord, cancellation, keptCanaries } from '../../../../services/cli/canary/records.ts'
import { type CanaryReport, channelsOf, hitsOf, reportText, statusOf } from '../../../../services/cli/canary/report.ts'
import { prepare, productionName } from '../../../../services/cli/canary/run.ts'
import { cancellations, unexpected } from '../../../../services/cli/canary/send.ts'
import { planOf, sowAll } from '../../../../services/cli/canary/sow.ts'
import { canaryFile } from '../../../../services/cli/canary/table-file.ts'

const FEEDS = 'schemas/feeds'
const contracts = loadContracts(FEEDS)
const plan = (seed: string) => planOf(contracts, FEEDS, inventor(seed), 0, undefined)

describe('invented identities', () => {
  test('are the same for the same seed, and others for another one', () => {
    const of = (seed: string) => plan(seed).sown.map(({ canary }) => canary)
    expect(of('a')).toEqual(of('a'))
    const again = new Set(of('a'))
    expect(of('b').filter((canary) => again.has(canary) && canary.startsWith('Zqx'))).toEqual([])
  })

  test('belong to nobody: a valid NIR of a country that is none, a mobile number of works of fiction', () => {
    const invent = inventor('nobody')
    for (let i = 0; i < 500; i++) {
      const nir = invent.nir()
      expect(isValidNir(nir)).toBe(true)
      expect(nir).toMatch(/^2\d\d(?:0[1-9]|1[0-2])99[678]\d\d(?!000)\d{3}\d\d$/)
      expect(invent.mobile()).toMatch(/^3363998\d{4}$/)
    }
  })
})

describe.each(contracts.map((contract) => [contract.feed, contract] as const))('%s', (_feed, contract) => {
  test('has a canary in every text that must not be passed on, in each format, and in each kept field in turn', () => {
    const invent = inventor(contract.feed)
    const { record } = canaryRecord(contract, invent)
    const read = recordReader(contract, 'json')(record)
    expect(read).toMatchObject({ ok: true })
    for (const { kind, maxLength, name, privacy } of contract.fields)
      if (kind === 'string' && privacy.action !== 'keep' && maxLength >= 16)
        expect(record[name], name).toMatch(/Zqx|\d{11}/)
    const kept = contract.fields.filter(({ privacy }) => privacy.action === 'keep').map(({ name }) => name)
    const plain = cancellation(contract, 'id', 'ipp', 1)
    const sownIn = new Set(
      keptCanaries(contract, invent).flatMap((one) =>
        kept.filter((name) => JSON.stringify(one.record[name] ?? null) !== JSON.stringify(plain[name] ?? null)),
      ),
    )
    expect(kept.filter((name) => !sownIn.has(name))).toEqual([])
    const own = plan('s').sowings.filter(({ request }) => request.path.startsWith(`/v1/feeds/${contract.feed}/`))
    expect(own.map(({ channel }) => channel)).toEqual(
      expect.arrayContaining(['JSON', 'NDJSON', 'JSON, compressed', 'Avro', 'kept fields']),
    )
    const avro = own.find(({ channel }) => channel === 'Avro')
    const [canary = ''] = avro?.records[0]?.canaries ?? []
    expect([avro?.request.body.toString('latin1', 0, 4), avro?.request.body.includes(canary)]).toEqual([
      'Obj\x01',
      true,
    ])
  })

  test('has a canary in each column of a CSV file whose mapping reads the same record', () => {
    const { csv, hidden, mapping, planted } = canaryFile(contract, inventor(contract.feed))
    const [header = [], cells = []] = csv
      .trim()
      .split('\n')
      .map((line) => line.slice(1, -1).split('";"'))
    const converted = rowConverter(parseMapping(mapping, contract), contract, header, (bytes) => bytes)(cells)
    expect(converted).toMatchObject({ record: { record_id: planted.recordId } })
    const record = 'record' in converted ? converted.record : {}
    expect(recordReader(contract, 'json')(record)).toMatchObject({ ok: true })
    const [inCells, inNames] = hidden
    const missing = (inCells?.canaries ?? []).filter((canary) => !cells.some((cell) => cell.includes(canary)))
    expect([missing, (inCells?.canaries.length ?? 0) > 3, header.includes(inNames?.canaries[1] ?? '')]).toEqual([
      [],
      true,
      true,
    ])
  })

  test('is cancelled by a record that the contract accepts', () => {
    const made = cancellation(contract, 'id', 'ipp', Date.UTC(2025, 1))
    const read = recordReader(contract, 'json')(made)
    expect(read).toMatchObject({ ok: true, record: { record_id: 'id', operation: 'cancel' } })
    const provenance = { producer: 'canary-1', receivedAt: Date.UTC(2026, 1) * 1000 }
    expect(read.ok && compileGuards(contract).check(read.record, provenance as never)).toEqual([])
  })
})

test('every record that is sown is cancelled, once, also those of FHIR, HL7 v2, DICOM and the files', () => {
  const { files, sowings } = plan('cancel')
  const planted = [...sowings.flatMap((one) => one.planted), ...files.map((file) => file.planted)]
  const lines = cancellations(contracts, planted, 7).flatMap(({ body }) => body.toString().split('\n'))
  const ids = lines.map((line) => (JSON.parse(line) as { record_id: string }).record_id)
  expect(new Set(ids)).toEqual(new Set(planted.map(({ recordId }) => recordId)))
  expect(ids.filter((id) => /^(?:stay|movement|diagnosis|procedure|observation|document)\//.test(id))).toHaveLength(8)
  expect(sowings.filter(({ expected, planted: own }) => expected !== 'refused' && own.length === 0)).toEqual([])
})

test('an answer that is not as it must be is named, without a value', () => {
  const [sowing] = plan('answers').sowings
  if (!sowing) throw new Error('nothing is sown')
  const answer = (status: number, text: string) => ({ status, text, bytes: Buffer.alloc(0) })
  expect(unexpected(sowing, answer(202, '{"errors":[]}'))).toBeUndefined()
  expect(unexpected(sowing, answer(202, '{"errors":[{"index":0}]}'))).toMatch(
    /^JSON \(\/v1\/feeds\/\w+\/records\): .* 202$/,
  )
  expect(unexpected(sowing, answer(503, ''))).toMatch(/503$/)
})

test.each([
  [{ CHAINON_NAMESPACE: 'prod.' }, 'prod.'],
  [{ CLICKHOUSE_DATABASE: 'chainon_production' }, 'chainon_production'],
  [{ CHAINON_GATEWAY_URL: 'https://chainon-prd1.hospital.example' }, 'chainon-prd1.hospital.example'],
  [{ CHAINON_NAMESPACE: 'reproduction.' }, undefined],
  [{}, undefined],
])('whether %j is a production: %s', (environment, name) => {
  const wanted = { seed: 's', key: undefined, mllp: undefined, waitSeconds: 1, everything: false }
  expect(
    productionName(prepare({ CHAINON_FEEDS_DIR: FEEDS, CHAINON_DATA_DIR: '/tmp/none', ...environment }, wanted)),
  ).toBe(name)
})

describe('the report', () => {
  const sown = [
    { canary: 'Zqxa', channel: 'JSON' },
    { canary: 'Zqxb', channel: 'headers' },
  ]
  const place = { place: 'Redis', read: '3 keys', bytes: 9, unread: [], control: 'seen' as const }
  const hit = { canary: 'Zqxb', form: 'reversed', where: 'keys idem:…' }
  const report = (more: Partial<CanaryReport>): CanaryReport => ({
    format: 'chainon-canary-report/1',
    chainon_version: '0',
    seed: 's',
    producer: 'canary-1',
    started_at: '',
    finished_at: '',
    feeds: ['patient'],
    channels: channelsOf(sown, new Map([['JSON', 2]])).map((one) => ({ ...one, found: 0 })),
    places: [{ ...place, found: 0 }],
    hits: [],
    not_sown: [],
    failures: [],
    ...more,
  })

  test('says in which channel what was found was sown', () => {
    const hits = hitsOf(sown, [{ ...place, hits: [hit] }])
    expect(hits).toEqual([{ ...hit, place: 'Redis', channel: 'headers' }])
    expect(reportText(report({ hits }))).toContain('Redis, keys idem:…: Zqxb (reversed), sown in headers')
  })

  test.each([
    ['nothing was found', {}, 0, /Nothing was found\.\n$/],
    ['something was found', { hits: [{ ...hit, place: 'Redis', channel: 'JSON' }] }, 1, /1 finds/],
    [
      'the producer was not seen',
      { places: [{ ...place, found: 0, control: 'missing' as const }] },
      1,
      /proves nothing/,
    ],
    ['a record is in force', { failures: ['patient: 1 records'] }, 1, /Not as it must be:\n {2}patient/],
    [
      'a place was closed',
      { places: [{ ...place, found: 0, unread: [{ what: 'topic t', why: 'EACCES' }] }] },
      75,
      /Redis, topic t: EACCES/,
    ],
  ] as const)('when %s', (_case, more, status, text) => {
    expect(statusOf(report(more as Partial<CanaryReport>))).toBe(status)
    expect(reportText(report(more as Partial<CanaryReport>))).toMatch(text)
  })
})

describe('canaries over MLLP', () => {
  /** Only the listener is there: no sowing of another channel is sent. */
  const sownTo = async (answer: (socket: Socket, message: string) => void) => {
    const server = createServer((socket) => socket.on('data', (piece) => answer(socket, piece.toString('latin1'))))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const listener = { host: '127.0.0.1', port, application: 'A', facility: 'F' }
    const whole = planOf(contracts, FEEDS, inventor('mllp'), 0, listener)
    const gateway = { url: 'http://127.0.0.1:9', key: 'k' }
    const onlyMllp = { ...whole, sowings: [], files: [] }
    try {
      return await sowAll(onlyMllp, [], gateway, {}, 0, () => undefined, AbortSignal.timeout(2000))
    } finally {
      server.close()
    }
  }

  test('that the listener refuses are a failure of the run, which would prove nothing', async () => {
    const { failures } = await sownTo((socket) => socket.write('\u000bMSH|^~\\&|\rMSA|AR|1\r\u001c\r'))
    expect(failures).toEqual(Array(3).fill('HL7 v2 over MLLP: the listener answered AR'))
  })

  test('of which the listener ends the connection end the run', async () => {
    await expect(sownTo((socket) => socket.end())).rejects.toThrow('does not answer')
  }, 3000)
})
