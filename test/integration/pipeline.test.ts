/** The whole path of a record, with real services and servers: from the gateway to the tables that the contracts describe. */
import { spawn } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { columnsOf } from '#core/contract/table.ts'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import { failureEvents, type ToldFailure } from '#core/gateway-api/event-client.ts'
import { withAdmin } from '#core/kafka/offsets.ts'
import { isRowBalanced } from '#core/ledger/row.ts'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { collectHashed, type Launch, openHashed } from '../../services/cli/link-external.ts'
import { projectPseudonyms } from '../../services/extract/pseudonyms.ts'
import { type Sender, sender } from '../helpers/follow.ts'
import { runToEnd } from '../helpers/gateway.ts'
import { produce, readTopics, testKafka } from '../helpers/kafka.ts'
import { FEEDS, type Feed, nirOf, recordOf } from '../helpers/records.ts'
import { withLogin } from '../helpers/servers.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

const contracts = loadContracts(fileURLToPath(new URL('../../schemas/feeds', import.meta.url)))
let pipeline: Pipeline

beforeAll(async () => {
  pipeline = await startPipeline({}, 'earlier-rules')
})
afterAll(async () => pipeline?.stop())

const balanced = async () => {
  const rows = await pipeline.completeLedger()
  expect(rows.filter((row) => !isRowBalanced(row))).toEqual([])
}
const quarantined = (feed: Feed) =>
  pipeline.rows<Record<string, string>>(
    `SELECT service, stage, fault, pointer, rule, producer FROM quarantine WHERE feed = '${feed}' ORDER BY stage, rule, producer`,
  )

test('a record of every feed is loaded with the columns of its contract', async () => {
  for (const feed of FEEDS) await pipeline.push('chu-first', feed, [recordOf(feed, `${feed}-1`, 'ipp-1')])
  await balanced()
  for (const contract of contracts) {
    const [row, ...others] = await pipeline.rows(`SELECT * FROM ${contract.feed}`)
    const columns = columnsOf(contract).map(({ name }) => name)
    expect(others).toEqual([])
    // Where a record came from, and when, is not for readers.
    const hidden = /^_(?:version|deleted|received_at|origin_.*)$/
    expect(Object.keys(row ?? {})).toEqual(columns.filter((name) => !hidden.test(name)))
    expect(row).toMatchObject({ _producer: 'chu-first', operation: 'upsert', _flags: [] })
    expect([row?.record_id, row?.patient_id]).toEqual(Array(2).fill(expect.stringMatching(/^p2_[\w-]{43}$/)))
    expect(await pipeline.sums(contract.feed)).toMatchObject({ accepted: 1, loaded: 1, in_flight: 0 })
  }
})

describe('corrections', () => {
  const step = async (version: number, value: number, more = {}) => {
    const fields = { record_version: version, value_number: value, ...more }
    await pipeline.push('chu-corrects', 'observation', [recordOf('observation', 'obs', 'ipp', fields)])
    await pipeline.completeLedger()
  }
  const values = async () =>
    (await pipeline.rows("SELECT value_number FROM observation WHERE _producer = 'chu-corrects'")).map(
      (row) => row.value_number,
    )

  test('the highest version is the current one, in any order of arrival', async () => {
    await step(2, 22)
    await step(1, 11)
    expect(await values()).toEqual([22])
    await step(2, 22)
    expect(await values()).toEqual([22])
  })

  test('readers no longer see a cancelled record, also after a late lower version', async () => {
    await step(4, 22, { operation: 'cancel' })
    expect(await values()).toEqual([])
    await step(3, 33)
    expect(await values()).toEqual([])
    await pipeline.rows('SELECT 1')
    await pipeline.clickhouse.command({ query: 'OPTIMIZE TABLE feed_observation FINAL' })
    expect(await values()).toEqual([])
    await balanced()
  })
})

describe('rules', () => {
  // The gateway has the contracts of before these rules rejected: with the present ones it would not accept such a record.
  test('a flag is stored with the record; a rejected record is stored by pointer and rule, without a value', async () => {
    const observation = (id: string, code: string, more = {}) => recordOf('observation', id, 'ipp', { code, ...more })
    await pipeline.push('chu-rules', 'observation', [
      observation('1', '718-7'),
      observation('2', '718-8'),
      observation('3', 'anything', { code_system: 'other' }),
    ])
    const diagnosis = (id: string, code: string) => recordOf('diagnosis', id, 'ipp', { code })
    await pipeline.push('chu-rules', 'diagnosis', [diagnosis('1', 'E119'), diagnosis('2', 'zqx wrong')])
    await balanced()
    const flags = await pipeline.rows(
      "SELECT code, _flags FROM observation WHERE _producer = 'chu-rules' ORDER BY code NULLS LAST, length(_flags) DESC",
    )
    expect(flags).toEqual([
      { code: '718-7', _flags: [] },
      { code: null, _flags: ['guard-code', 'loinc-key'] },
      { code: null, _flags: ['guard-code'] },
    ])
    expect(await pipeline.sums('diagnosis')).toMatchObject({ accepted: 3, loaded: 2, rejected: 1, quarantined: 0 })
    expect(await quarantined('diagnosis')).toEqual([
      {
        service: 'curate',
        stage: 'validateRecord',
        fault: 'rule-rejected',
        pointer: '/code',
        rule: 'cim10-form',
        producer: 'chu-rules',
      },
    ])
    expect(JSON.stringify(await pipeline.rows('SELECT * FROM quarantine'))).not.toContain('zqx')
    expect(
      await pipeline.rows(
        `SELECT feed, rule, toUInt32(checked) AS checked, toUInt32(failed) AS failed, toUInt32(not_applicable) AS na
         FROM rule_quality WHERE producer = 'chu-rules' AND rule IN ('loinc-key', 'cim10-form') ORDER BY feed`,
      ),
    ).toEqual([
      { feed: 'diagnosis', rule: 'cim10-form', checked: 2, failed: 1, na: 0 },
      { feed: 'observation', rule: 'loinc-key', checked: 2, failed: 1, na: 1 },
    ])
  })

  test('a rule on a field that does not survive is checked before the field is removed', async () => {
    const patient = (id: string, birth: string) => recordOf('patient', id, id, { birth_date: birth })
    await pipeline.push('chu-births', 'patient', [patient('1', '2090-01-01'), patient('2', '1990-01-01')])
    await balanced()
    expect(await quarantined('patient')).toEqual([
      {
        service: 'deidentify',
        stage: 'checkIdentifiedRules',
        fault: 'rule-rejected',
        pointer: '/birth_date',
        rule: 'birth-not-in-future',
        producer: 'chu-births',
      },
    ])
    const [quality] = await pipeline.rows(
      `SELECT toUInt32(checked) AS checked, toUInt32(failed) AS failed FROM rule_quality
       WHERE producer = 'chu-births' AND rule = 'birth-not-in-future'`,
    )
    expect(quality).toEqual({ checked: 2, failed: 1 })
  })
})

describe('linkage', () => {
  test('one person at two hospitals by INS, by NIR or by traits; homonyms stay apart', async () => {
    const traits = (family: string, birth: string) => ({
      birth_family_name: family,
      birth_given_names: 'Élodie, Marie',
      birth_date: birth,
      birth_place_insee: '69381',
    })
    const ins = nirOf('2501069381001')
    const pairs: [object, object][] = [
      [
        { birth_date: '1950-01-02', ins, identity_status: 'VALI' },
        { birth_date: '1950-01-02', ins, identity_status: 'VALI' },
      ],
      [
        { birth_date: '1951-01-02', nir: nirOf('2510169381002') },
        { birth_date: '1951-01-02', ins: nirOf('2510169381002') },
      ],
      [traits("D'Artagnan-Lefèvre", '1952-01-02'), traits('DARTAGNAN LEFEVRE', '1952-01-02')],
      [
        { ...traits('Martin', '1953-01-02'), nir: nirOf('2530169381003') },
        { ...traits('Martin', '1953-01-02'), nir: nirOf('2530169381004') },
      ],
    ]
    for (const side of [0, 1] as const) {
      const producer = `chu-side-${side}`
      const records = pairs.map((pair, n) => recordOf('patient', `rec-${n}`, `ipp-${n}`, { ...pair[side] }))
      await pipeline.push(producer, 'patient', records)
    }
    await balanced()
    const people = await pipeline.rows(
      `SELECT toYear(birth_month) AS year, count() AS patients, uniqExact(patient_id) AS ids, uniqExact(person_id) AS persons,
              groupUniqArray(method) AS methods
       FROM patient JOIN person_link_current USING (patient_id) WHERE startsWith(_producer, 'chu-side') GROUP BY year ORDER BY year`,
    )
    const row = (year: number, persons: number, method: string) =>
      expect.objectContaining({ year, patients: 2, ids: 2, persons, methods: [method] })
    expect(people).toEqual([
      row(1950, 1, 'ins'),
      row(1951, 1, 'nir'),
      row(1952, 1, 'traits-place'),
      row(1953, 2, 'establishment-ipp'),
    ])
  })

  test('two producers have different pseudonyms for the same numbers', async () => {
    const ids = await pipeline.rows<{ id: string; producers: string[] }>(
      `SELECT arrayJoin([record_id, patient_id]) AS id, groupUniqArray(_producer) AS producers
       FROM patient GROUP BY id HAVING length(producers) > 1 OR NOT startsWith(id, 'p2_')`,
    )
    expect(ids).toEqual([])
  })
})

describe('a receipt', () => {
  let chu: Sender
  const observation = (id: string, more = {}) => recordOf('observation', id, 'ipp-follow', more)
  const briefly = (records: Awaited<ReturnType<Sender['states']>>) => records.map(({ index, state }) => [index, state])
  beforeAll(() => {
    chu = sender(pipeline.services.gateway.url, pipeline.key('chu-follows'))
  })

  test('says of each record what became of it: loaded, refused, rejected, replaced, cancelled', async () => {
    const first = await chu.send('diagnosis', [
      recordOf('diagnosis', 'd-1', 'ipp-follow'),
      recordOf('diagnosis', 'd-2', 'ipp-follow', { kind: 'zqx' }),
      recordOf('diagnosis', 'd-3', 'ipp-follow', { code: 'zqx wrong' }),
    ])
    expect(await chu.states(first)).toEqual([
      { index: 0, feed: 'diagnosis', state: 'loaded' },
      { index: 1, feed: 'diagnosis', state: 'refused', rule: 'enum', pointer: '/kind', detail: expect.any(String) },
      {
        index: 2,
        feed: 'diagnosis',
        state: 'rejected',
        rule: 'cim10-form',
        pointer: '/code',
        detail: expect.any(String),
      },
    ])
    const before = await chu.send('observation', [observation('o-1', { record_version: 1 }), observation('o-2')])
    expect(briefly(await chu.states(before))).toEqual([
      [0, 'loaded'],
      [1, 'loaded'],
    ])
    const correction = await chu.send('observation', [observation('o-1', { record_version: 2 })])
    expect(briefly(await chu.states(correction))).toEqual([[0, 'loaded']])
    expect(briefly(await chu.states(before))).toEqual([
      [0, 'replaced'],
      [1, 'loaded'],
    ])
    const cancel = { record_version: 3, operation: 'cancel' }
    await chu.states(await chu.send('observation', [observation('o-1', cancel)]))
    // Also when ClickHouse has removed the rows of the versions before.
    await pipeline.clickhouse.command({ query: 'OPTIMIZE TABLE feed_observation FINAL' })
    await pipeline.clickhouse.command({ query: 'OPTIMIZE TABLE record_loaded FINAL' })
    expect(briefly(await chu.states(before))).toEqual([
      [0, 'cancelled'],
      [1, 'loaded'],
    ])
    expect(briefly(await chu.states(correction))).toEqual([[0, 'cancelled']])
  })

  test('is asked by index, by the name that the sender gave, and in pages; no name is stored', async () => {
    const many = Array.from({ length: 120 }, (_, i) => observation(`named-${i}`))
    const id = await chu.send('observation', many)
    await chu.states(id)
    const found = async (query: string) =>
      briefly(((await (await chu.ask(id, query)).json()) as { records: [] }).records)
    expect(await found('?index=7')).toEqual([[7, 'loaded']])
    expect(await found('?record_id=named-119')).toEqual([[119, 'loaded']])
    expect(await found('?record_id=named-120')).toEqual([])
    const page = (await (await chu.ask(id, '?from=100&limit=15')).json()) as { records: []; next: number }
    expect([page.records.length, page.next]).toEqual([15, 115])
    expect((await pipeline.rows("SELECT * FROM receipt WHERE producer = 'chu-follows'")).length).toBeGreaterThan(0)
    expect(JSON.stringify(await pipeline.rows('SELECT * FROM receipt'))).not.toMatch(/named-|zqx|ipp-follow/)
  })

  test('is for its producer alone', async () => {
    const id = await chu.send('observation', [observation('own')])
    await chu.states(id)
    const other = sender(pipeline.services.gateway.url, pipeline.key('chu-other'))
    const refused = await other.ask(id)
    expect([refused.status, await refused.json()]).toEqual([404, expect.objectContaining({ code: 'no-receipt' })])
  })

  test('records are taken while ClickHouse is away; their receipts survive the gateway that was killed', async () => {
    // A folder of its own: a gateway brings what another one left in the same folder.
    const folder = join(pipeline.place.folder, 'other-host')
    mkdirSync(folder)
    cpSync(join(pipeline.place.folder, 'keys.json'), join(folder, 'keys.json'))
    const away = await pipeline.start('gateway', { CHAINON_DATA_DIR: folder, CLICKHOUSE_URL: 'http://127.0.0.1:1' })
    const id = await chu.send('observation', [observation('while-away')], away.url)
    const refused = await chu.ask(id, '', away.url)
    expect([refused.status, await refused.json()]).toEqual([
      503,
      expect.objectContaining({ code: 'dependency-unavailable', detail: expect.stringContaining('Records are taken') }),
    ])
    await expect.poll(() => away.alarms()).toMatchObject([{ id: 'gateway-receipts' }])
    away.child.kill('SIGKILL')
    const restarted = await pipeline.start('gateway', { CHAINON_DATA_DIR: folder })
    expect(briefly(await chu.states(id, restarted.url))).toEqual([[0, 'loaded']])
    await restarted.stop()
  })

  test('a push ends with what became of its records, by file and line', async () => {
    const file = join(pipeline.place.folder, 'pushed.ndjson')
    const pushed = [{}, { code: 'zqx wrong' }, {}].map((more, i) =>
      recordOf('diagnosis', `pushed-${i}`, 'ipp-push', more),
    )
    writeFileSync(file, pushed.map((record) => JSON.stringify(record)).join('\n'))
    const to = ['--url', pipeline.services.gateway.url, '--key', pipeline.key('chu-pushes')]
    const chainon = (...args: string[]) => runToEnd('services/cli/chainon.mjs', [...args, ...to], pipeline.env)
    // The gateway reads its keys again within half a second.
    await sender(pipeline.services.gateway.url, pipeline.key('chu-pushes')).ask('rcp_none')
    const { status, stdout, stderr } = await chainon('push', 'diagnosis', file)
    expect(stdout).toBe(`${file}: 3 accepted, 0 rejected; 2 loaded, 1 rejected by a rule\n`)
    expect(stderr).toContain(`${file}:2  diagnosis /code  cim10-form: accepted, then rejected: The value must match`)
    expect(status).toBe(1)
    const id = (
      await pipeline.rows<{ n: string }>("SELECT hex(receipt) AS n FROM receipt WHERE producer = 'chu-pushes'")
    )[0]
    const receipt = `rcp_${Buffer.from((id?.n ?? '').padStart(32, '0'), 'hex').toString('base64url')}`
    const told = await chainon('receipt', receipt, '--record-id', 'pushed-1', '--json')
    expect(JSON.parse(told.stdout)).toMatchObject([{ index: 1, state: 'rejected', rule: 'cim10-form' }])
    expect(told.status).toBe(1)
    expect(await chainon('receipt', receipt, '--index', '2')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('loaded'),
    })
  })

  test('what fails is told as it becomes known, and an operator sees the same receipt and index', async () => {
    const { url } = pipeline.services.gateway
    const key = pipeline.key('chu-listens')
    const listens = sender(url, key)
    await listens.ask('rcp_none')
    const id = await listens.send('diagnosis', [
      recordOf('diagnosis', 'l-1', 'ipp-listen'),
      recordOf('diagnosis', 'l-2', 'ipp-listen', { kind: 'zqx' }),
      recordOf('diagnosis', 'l-3', 'ipp-listen', { code: 'zqx wrong' }),
    ])
    const refused = {
      state: 'refused',
      receipt_id: id,
      indexes: [1],
      feed: 'diagnosis',
      rule: 'enum',
      pointer: '/kind',
    }
    const rejected = { state: 'rejected', receipt_id: id, indexes: [2], rule: 'cim10-form', pointer: '/code' }
    const told = async (after: string, count: number) => {
      const stopping = new AbortController()
      const found: ToldFailure[] = []
      for await (const one of failureEvents({ url, key, after, signal: stopping.signal }))
        if (found.push(one) === count) stopping.abort()
      return found
    }
    const both = await told('0-0', 2)
    // The receipt and the batch come to ClickHouse in either order.
    const byIndex = both.map(({ event }) => event).toSorted((a, b) => (a.indexes[0] ?? 0) - (b.indexes[0] ?? 0))
    expect(byIndex).toMatchObject([refused, rejected])
    expect(await told(both[0]?.id ?? '', 1)).toEqual([both[1]])
    const { stdout, status, stderr } = await runToEnd(
      'services/cli/chainon.mjs',
      ['quarantine', '--producer', 'chu-listens', '--json'],
      pipeline.env,
    )
    expect([status, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toMatchObject([
      { producer: 'chu-listens', rule: 'cim10-form', pointer: '/code', receipt_id: id, index: 2 },
    ])
    expect(stdout).not.toMatch(/zqx|ipp-listen/)
  })

  test('the producer sees what came, what was refused, and its quotas', async () => {
    const key = pipeline.key('chu-follows')
    const me = await fetch(`${pipeline.services.gateway.url}/v1/producers/me`, {
      headers: { authorization: `Bearer ${key}` },
    })
    expect(await me.json()).toMatchObject({
      producer: 'chu-follows',
      last_seen: expect.any(String),
      feeds: [
        { feed: 'diagnosis', accepted: 2, refused: 1, refused_by_rule: { enum: 1 } },
        { feed: 'observation', accepted: 126, refused: 0, last_loaded_at: expect.any(String) },
      ],
      quotas: { requests: { left: expect.any(Number) } },
    })
    await balanced()
  })
})

describe("a third party's hashed identifiers", () => {
  const PROJECT = 'hashedcohort'
  const SECRET = randomBytes(32)
  /** The last one came before the circuit was opened; of the one before it two producers have a record each. */
  const numbers = [0, 1, 2, 3].map((n) => nirOf(`29906990010${n}1`))
  const subjects = ['Zq-0', 'Zq-1', 'Zq-2', 'Zq-3', 'Zq-9']
  const hashes = [...numbers, nirOf('2990699001991')].map((number) =>
    createHmac('sha256', SECRET).update(number).digest('hex'),
  )
  const projectFile = (hashed: object) => {
    const decided = { birth_year_month: 'drop', residence_location: 'drop', exact_care_dates: 'keep' }
    return JSON.stringify({
      ...{ id: PROJECT, title: 'Cohort', purpose: 'Links a cohort', contact: 'office@hospital.example' },
      ...{ retention_until: '2035-12-31', period: { from: '2000-01-01', to: '2035-01-01' } },
      ...{ cohort: { sex: ['female', 'male'] }, tables: [{ feed: 'patient', columns: ['sex'] }] },
      potential_identifiers: { ...decided, exact_death_date: 'drop', death_location: 'drop' },
      ...{ min_cohort: 3, external_linkage: { circuits: ['hashed'], hashed } },
    })
  }
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)

  /** Runs steps as the command does, each with the login and the secrets of its service. */
  async function external(line: (launch: Launch) => Promise<number | null>) {
    let [stdout, stderr] = ['', '']
    const status = await line((service, args, stdio, main = 'external/main.ts') => {
      const secrets = { CHAINON_SECRETS_DIR: `${pipeline.place.folder}/secrets/${service}` }
      const child = spawn(
        ...stopWithParent('node_modules/.bin/node', [`services/${service}/${main}`, ...args], 'KILL'),
        {
          stdio: (stdio as readonly string[]).map((one) => (one === 'inherit' ? 'pipe' : one)) as typeof stdio,
          env: { ...process.env, ...withLogin(service, pipeline.env), ...secrets },
        },
      )
      // Of the others it is a pipe to the next one.
      if ((stdio as readonly string[])[1] === 'inherit')
        child.stdout?.on('data', (bytes: Buffer) => (stdout += bytes.toString()))
      child.stderr?.on('data', (bytes: Buffer) => (stderr += bytes.toString()))
      return child
    })
    return { status, stdout, stderr }
  }
  const one = (service: string, ...args: readonly string[]) =>
    external(async (launch) => {
      const main = service === 'deidentify' ? 'external/hashed/main.ts' : undefined
      return ((await once(launch(service, args, ['ignore', 'inherit', 'inherit'], main), 'close')) as [number])[0]
    })

  test('those who come while the circuit is open are found; then list and secret are destroyed, and are nowhere', async () => {
    const folder = join(pipeline.place.folder, 'third-party')
    mkdirSync(folder)
    const at = (name: string, text: string) => {
      writeFileSync(join(folder, name), text, { mode: 0o600 })
      return join(folder, name)
    }
    const list = at('list.csv', ['subject,hash', ...subjects.map((name, n) => `${name},${hashes[n]}`), ''].join('\n'))
    const secretFile = at('secret.hex', `${SECRET.toString('hex')}\n`)
    const form = { identifier: 'nir', characters: 15, encoding: 'hex' }
    const project = at('project.yaml', projectFile({ ...form, open_until: inDays(1) }))
    const open = (run: string) =>
      external((launch) =>
        openHashed(
          {
            run,
            keep: ['declare', '--project', project, '--run', run, '--json'],
            take: ['--secret-file', secretFile, '--', list],
          },
          launch,
        ),
      )
    const collect = (run: string) =>
      external((launch) =>
        collectHashed(
          { run, keep: ['link', 'hashed', '--project', project, '--run', run, '--days', '30', '--json'] },
          launch,
        ),
      )
    await pipeline.push('chu-hash', 'patient', [recordOf('patient', 'h-3', 'ipp-h-3', { nir: numbers[3] })])
    await pipeline.completeLedger()

    const circuits = join(pipeline.place.folder, 'external-circuits')
    const id = '00000000000000d4'
    const begun = await open(id)
    const test_hash = createHmac('sha256', SECRET).update('100000000000047').digest('hex')
    expect([begun.status, JSON.parse(begun.stdout), begun.stderr]).toEqual([
      0,
      expect.objectContaining({ id, open_until: inDays(1), kind: 'held', subjects: 5, test_hash }),
      '',
    ])
    // The running process takes it within seconds.
    const status = async () => (JSON.parse((await one('deidentify', 'status', '--json')).stdout) as object[])[0]
    while (!readdirSync(join(circuits, id)).some((name) => name.startsWith('matches-'))) await sleep(50)
    await pipeline.push(
      'chu-hash',
      'patient',
      [0, 1, 2].map((n) => recordOf('patient', `h-${n}`, `ipp-h-${n}`, { nir: numbers[n] })),
    )
    await pipeline.push('chu-hash-2', 'patient', [
      recordOf('patient', 'h-2', 'ipp-h-2', { ins: numbers[2], identity_status: 'VALI' }),
      recordOf('patient', 'h-5', 'ipp-h-5', { nir: nirOf('2990699001551') }),
    ])
    await balanced()
    expect(await status()).toMatchObject({ id, project: PROJECT, state: 'open', processes: 1, enough_found: true })
    expect(await pipeline.services.deidentify.health()).toEqual({ status: 'ok' })
    expect(await pipeline.services.deidentify.metrics()).toMatch(/chainon_circuit_records\S*number="counts"\S* 5/)

    const collected = await collect(id)
    expect([collected.status, collected.stderr]).toEqual([0, expect.stringContaining(`Circuit ${id} was destroyed`)])
    const kept = JSON.parse(collected.stdout) as { readonly report: object }
    expect(kept.report).toMatchObject({
      circuit: 'hashed',
      population: { subjects: '<11' },
      expected_precision: null,
      window: { processes: 1, compared_since: expect.any(String) },
    })
    const persons = await pipeline.rows<{ person: string }>(
      `SELECT DISTINCT l.person_id AS person FROM person_link_current AS l INNER JOIN patient AS p ON p.patient_id = l.patient_id
       WHERE p._producer LIKE 'chu-hash%'`,
    )
    const secret = loadOrCreateSecret(join(pipeline.place.folder, 'secrets/extract'), `project-${PROJECT}.key`)
    const own = persons.map(({ person }) => projectPseudonyms(secret).replace('person', person))
    const [header, ...rows] = (await one('extract', 'open', id)).stdout.trim().split('\n')
    expect([header, rows.map((row) => row.slice(0, 4))]).toEqual(['subject,person_id', ['Zq-0', 'Zq-1', 'Zq-2']])
    const linked = rows.map((row) => row.slice('Zq-0,'.length))
    expect([new Set(linked).size, linked.filter((person) => own.includes(person)).length, own.length]).toEqual([
      3, 3, 5,
    ])

    // The circuit is destroyed, with a proof.
    expect(readdirSync(join(circuits, id))).toEqual(['circuit.json'])
    expect(
      readdirSync(join(pipeline.place.folder, 'secrets/deidentify')).filter((name) => name.startsWith('circuit-')),
    ).toEqual([])
    const topics = await withAdmin(testKafka(pipeline.env), (admin) => admin.listTopics())
    const messages = await readTopics(
      pipeline.env,
      topics.filter((name) => name.startsWith(pipeline.place.namespace)),
    )
    const entries = messages
      .filter(({ topic }) => topic.endsWith('audit.access'))
      .map(
        ({ value }) => JSON.parse(String(value)) as { action: string; outcome: string; object: string; facts: object },
      )
    const of = (action: string) =>
      entries.filter(({ object, ...entry }) => entry.action === action && object.endsWith(id))
    const [opened] = of('link-circuit-open').filter(({ outcome }) => outcome === 'done')
    const facts = (opened?.facts ?? {}) as { readonly list_sha256?: string; readonly key?: string }
    expect(facts).toMatchObject({ project: PROJECT, subjects: 5, open_until: inDays(1), dry_run: false })
    const { list_sha256, key } = facts
    expect(of('link-circuit-destroy').map(({ outcome, facts }) => [outcome, facts])).toEqual(
      ['begun', 'done'].map((outcome) => [outcome, { project: PROJECT, reason: 'collected', key, list_sha256 }]),
    )
    expect(of('link-external').map(({ outcome }) => outcome)).toEqual(['begun', 'done'])

    // Neither numbers, hashes, subjects nor the secret are in Kafka, in tables, in logs or in what was printed.
    const tables = ['patient', 'person_link_current', 'quarantine', 'access_journal']
    const stored = await Promise.all(tables.map((table) => pipeline.rows(`SELECT * FROM ${table}`)))
    const { gateway, deidentify, curate } = pipeline.services
    const places = [
      ...messages.flatMap(({ key: name, value }) => [name, value]).map((bytes) => bytes?.toString('latin1') ?? ''),
      ...[gateway, deidentify, curate].map((service) => service.log()),
      ...[JSON.stringify(stored), await deidentify.metrics(), begun.stdout, collected.stdout, collected.stderr],
    ]
    const short = (hex: string) => Buffer.from(hex, 'hex').toString('base64url')
    const told = [SECRET.toString('hex'), ...hashes].flatMap((hex) => [hex, short(hex)])
    for (const text of [...numbers, ...subjects, ...told])
      expect(places.filter((place) => place.includes(text))).toEqual([])
  })
})

describe('a secret that makes pseudonyms', () => {
  const files = { deidentify: 'pseudonym-level1.key', curate: 'pseudonym-level2.key' } as const
  const folderOf = (name: keyof typeof files) => join(pipeline.env.CHAINON_SECRETS_DIR ?? '', name)
  const pathOf = (name: keyof typeof files) => join(folderOf(name), files[name])
  const startToEnd = (name: keyof typeof files) =>
    runToEnd(`services/${name}/main.ts`, [], {
      ...pipeline.env,
      CHAINON_HTTP_PORT: '0',
      CHAINON_SECRETS_DIR: folderOf(name),
    })

  test.each(['deidentify', 'curate'] as const)(
    'is made once: %s does not start without it, or with another',
    async (name) => {
      const secret = readFileSync(pathOf(name), 'utf8')
      await pipeline.services[name].stop()
      rmSync(pathOf(name))
      const missing = await startToEnd(name)
      expect([missing.status, missing.stderr]).toEqual([
        78,
        expect.stringContaining(`${name}/${files[name]} is missing`),
      ])
      expect(existsSync(pathOf(name))).toBe(false)
      writeFileSync(pathOf(name), `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
      const other = await startToEnd(name)
      expect([other.status, other.stderr]).toEqual([
        78,
        expect.stringContaining(`${name}/${files[name]} is not the one of this installation`),
      ])
      writeFileSync(pathOf(name), secret)
      pipeline.services[name] = await pipeline.start(name)
      await balanced()
    },
  )

  test('the warehouse knows those of both zones, and refuses a log that was made with another', async () => {
    const names = await pipeline.rows('SELECT name FROM key_fingerprint ORDER BY name')
    expect(names.map(({ name }) => name)).toEqual([
      'curate/linkage-tokens.key',
      'curate/pseudonym-level2.key',
      'deidentify/linkage-encoding.key',
      'deidentify/linkage-level1.key',
      'deidentify/pseudonym-level1.key',
      'deidentify/sealing',
      'extract/project-hashedcohort.key',
      'linkage/transport.key',
    ])
    const forked = 'deidentify/forked.key'
    await pipeline.clickhouse.insert({
      table: 'key_fingerprint',
      values: [{ name: forked, fingerprint: 'a'.repeat(16), registered_at: Date.now() }],
      format: 'JSONEachRow',
    })
    const topic = `${pipeline.env.CHAINON_NAMESPACE}key.fingerprints`
    await produce(pipeline.env, topic, [{ partition: 0, key: forked, value: 'b'.repeat(16) }])
    const { status, stderr } = await startToEnd('curate')
    expect([status, stderr]).toEqual([78, expect.stringContaining(`${forked}: the log has the fingerprint b`)])
  })
})

test('a record that was put aside is quarantined for its sender, with the fault', async () => {
  const chu = sender(pipeline.services.gateway.url, pipeline.key('chu-follows'))
  await pipeline.services.deidentify.stop()
  const id = await chu.send('death', [recordOf('death', 'aside', 'ipp-follow')])
  const accepted = (await (await chu.ask(id)).json()) as { states: object }
  expect(accepted.states).toEqual({ accepted: 1 })
  // As curate writes it for a record that cannot be read: none of the services here makes such a record.
  const [place] = await pipeline.rows(
    "SELECT feed, incarnation, partition, from_offset AS origin_offset FROM receipt WHERE feed = 'death' AND producer = 'chu-follows'",
  )
  const values = [{ ...place, service: 'curate', stage: 'decodeMessage', fault: 'undecodable', rule: 'undecodable' }]
  await pipeline.clickhouse.insert({ table: 'quarantine', values, format: 'JSONEachRow' })
  expect(await chu.states(id)).toMatchObject([
    { state: 'quarantined', rule: 'undecodable', detail: expect.any(String) },
  ])
})
