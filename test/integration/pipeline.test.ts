/** The whole path of a record, with real services and servers: from the gateway to the tables that the contracts describe. */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { columnsOf } from '#core/contract/table.ts'
import { isRowBalanced } from '#core/ledger/row.ts'
import { runToEnd } from '../helpers/gateway.ts'
import { produce } from '../helpers/kafka.ts'
import { FEEDS, type Feed, nirOf, recordOf } from '../helpers/records.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

const contracts = loadContracts(fileURLToPath(new URL('../../schemas/feeds', import.meta.url)))
let pipeline: Pipeline

beforeAll(async () => {
  pipeline = await startPipeline({}, 'earlier-rules')
}, 120_000)
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
        { birth_date: '1950-01-02', ins },
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
      'curate/pseudonym-level2.key',
      'deidentify/linkage-level1.key',
      'deidentify/pseudonym-level1.key',
      'deidentify/sealing',
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
