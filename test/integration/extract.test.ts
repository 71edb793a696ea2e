import { randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Manifest } from '../../services/extract/manifest.ts'
import {
  p2,
  projectFile,
  runExtract,
  startExtract,
  type TestWarehouse,
  testWarehouse,
} from '../helpers/extract-warehouse.ts'
import { type Isolated, isolated } from '../helpers/servers.ts'

interface Built {
  readonly run: string
  readonly database: string
  readonly directory: string
  readonly persons: number
  readonly source_patients: number
  readonly tables: readonly { table: string; rows: number; persons: number; file: string; sha256: string }[]
}

/** Projects are databases of the whole server, so each run of the tests has its own. */
const tag = randomBytes(4).toString('hex')
const id = (name: string) => `t${tag}_${name}`
const DAY = 'T10:00:00.123Z'.replace('T', ' ').replace('Z', '')

let place: Isolated
let warehouse: TestWarehouse

beforeAll(async () => {
  place = isolated()
  warehouse = await testWarehouse(place)
  await fill(warehouse)
})
afterAll(async () => {
  await warehouse.client.close()
  place.remove()
})

/**
 * Persons 0-4 are patients of both hospitals, and have their diagnosis at hospital B alone; 5-14 are patients of A with a
 * diagnosis; 18's diagnosis was corrected to diabetes. Out: 15 cancelled, 16 corrected to another, 17 outside the period, 19
 * hypertension, 20 nothing but cancelled records. 14 has an old O24.
 */
async function fill(into: TestWarehouse): Promise<void> {
  const numbers = Array.from({ length: 20 }, (_, i) => i)
  const both = [0, 1, 2, 3, 4]
  for (const i of both) {
    await into.link(`a${i}`, `pn_shared_person_${i}`, 'ins', 1)
    // First seen as a person of its own, then linked: the highest version is in force.
    await into.link(`b${i}`, `pn_alone_${i}`, 'establishment-ipp', 1)
    await into.link(`b${i}`, `pn_shared_person_${i}`, i < 3 ? 'ins' : 'traits', 2)
  }
  const sources = [...numbers.map((i) => ({ i, site: 'a' })), ...both.map((i) => ({ i, site: 'b' }))]
  const of = (i: number, site: string) => ({
    patient_id: p2(`${site}${i}`),
    _producer: site === 'a' ? 'chu-a' : 'clinic b\tsouth',
  })
  await into.insert('patient', [
    ...sources.map(({ i, site }) => ({
      ...of(i, site),
      record_id: p2(`patient ${site}${i}`),
      sex: i % 2 ? 'male' : 'female',
      birth_month: `${1940 + i}-05-01`,
      residence_department: ['69', '2A', '974', '021', null][i % 5],
      updated_at: `2015-01-01 ${DAY}`,
    })),
    {
      ...of(20, 'a'),
      record_id: p2('patient a20'),
      sex: 'male',
      updated_at: `2020-02-02 ${DAY}`,
      operation: 'cancel',
      _deleted: 1,
    },
  ])
  const diagnosis = (i: number, site: string, code: string, more: Readonly<Record<string, unknown>> = {}) => ({
    ...of(i, site),
    record_id: p2(`diagnosis ${i}`),
    encounter_id: i % 2 ? p2(`stay ${site}${i}`) : null,
    code_system: 'cim10',
    code,
    kind: 'principal',
    recorded_at: `2020-06-15 ${DAY}`,
    onset_on: '1931-12-24',
    ...more,
  })
  await into.insert('diagnosis', [
    ...both.map((i) => diagnosis(i, 'b', 'E119')),
    ...numbers.slice(5, 17).map((i) => diagnosis(i, 'a', 'E119')),
    diagnosis(17, 'a', 'E119', { recorded_at: '2021-01-01 00:00:00.000' }),
    diagnosis(18, 'a', 'J45'),
    diagnosis(19, 'a', 'I10'),
    diagnosis(14, 'a', 'O244', { record_id: p2('old'), recorded_at: `2010-01-01 ${DAY}` }),
    diagnosis(5, 'a', 'E11\'; DROP -- {p0:String} \\ "', {
      record_id: p2('strange'),
      recorded_at: '2020-01-01 00:00:00.000',
    }),
    diagnosis(20, 'a', 'E119'),
  ])
  // Corrections and cancellations come later, in blocks of their own.
  await into.insert('diagnosis', [
    diagnosis(15, 'a', 'E119', { operation: 'cancel', _deleted: 1, _version: '18446744073709551616' }),
    diagnosis(16, 'a', 'J45', { _version: '18446744073709551616' }),
    diagnosis(18, 'a', 'E110', { _version: '18446744073709551616' }),
    diagnosis(20, 'a', 'E119', { operation: 'cancel', _deleted: 1, _version: '18446744073709551616' }),
  ])
  const observation = (i: number, site: string, n: number, more: Readonly<Record<string, unknown>> = {}) => ({
    ...of(i, site),
    record_id: p2(`observation ${site}${i} ${n}`),
    encounter_id: p2(`stay ${site}${i}`),
    code_system: 'loinc',
    code: '4548-4',
    effective_at: n < 2 ? `2020-0${n + 1}-01 ${DAY}` : `2019-12-31 23:59:59.999`,
    value_number: 0.1 + i + n / 7,
    value_unit: 'µmol/L "x"',
    _flags: n === 0 ? ['loinc-key', "it's"] : [],
    ...more,
  })
  await into.insert(
    'observation',
    sources.flatMap(({ i, site }) => [0, 1, 2, 3].map((n) => observation(i, site, n))),
  )
  await into.insert(
    'observation',
    sources.map(({ i, site }) => observation(i, site, 3, { _deleted: 1, operation: 'cancel', _version: '1' })),
  )
  await into.insert('death', [
    {
      ...of(7, 'a'),
      record_id: p2('death 7'),
      sex: 'male',
      died_on: '2020-11-17',
      death_department: '69',
      cause_code: 'I219',
    },
    {
      ...of(8, 'a'),
      record_id: p2('death 8'),
      sex: 'male',
      died_on: '2021-01-01',
      death_department: '69',
      cause_code: 'I219',
    },
  ])
}

async function build(file: string, ...flags: string[]): Promise<Built> {
  const ended = await runExtract(place, ['extract', file, '--json', ...flags])
  expect(ended.stderr.split('\n').filter((line) => line.startsWith('chainon:'))).toEqual([])
  expect(ended.code).toBe(0)
  return JSON.parse(ended.stdout) as Built
}

const manifestOf = (built: Built) =>
  JSON.parse(readFileSync(join(built.directory, 'manifest.json'), 'utf8')) as Manifest
const rowsOf = async (built: Built, table: string) =>
  parquetReadObjects({ file: await asyncBufferFromFile(join(built.directory, `${table}.parquet`)) })
const databases = async (name: string) =>
  (await warehouse.ask(`SELECT name FROM system.databases WHERE name LIKE 'project_${id(name)}%'`))
    .split('\n')
    .filter(Boolean)
const tableOf = (built: Built, name: string) => built.tables.find(({ table }) => table === name)

describe('an extraction', () => {
  let first: Built

  test('holds the persons of the cohort, across hospitals, and all their rows of the period', async () => {
    first = await build(projectFile(place, id('main')))
    expect(first).toMatchObject({ database: `project_${id('main')}`, persons: 16, source_patients: 21 })
    expect(first.tables.map(({ table, rows, persons }) => [table, rows, persons])).toEqual([
      ['patient', 21, 16],
      ['diagnosis', 17, 16],
      ['observation', 42, 16],
      ['death', 1, 1],
    ])
    const manifest = manifestOf(first)
    expect(manifest.tables.map((table) => table.excluded)).toEqual([
      { no_event_time: 0, outside_period: 0 },
      { no_event_time: 0, outside_period: 1 },
      { no_event_time: 0, outside_period: 21 },
      { no_event_time: 0, outside_period: 1 },
    ])
    expect(manifest.linkage).toEqual({
      source_patients: 21,
      persons: 16,
      persons_with_several_sources: 5,
      source_patients_by_method: { ins: 8, none: 11, traits: 2 },
      highest_link_version: 2,
    })
    expect(manifest.run.small_cohort_allowed).toBe(false)
    expect(manifest.warehouse.ledger_at_start).toEqual({})
  })

  test('gives the same persons the same pseudonym in every table, and every value back as it was', async () => {
    const [patients, diagnoses, observations, deaths] = await Promise.all(
      ['patient', 'diagnosis', 'observation', 'death'].map((name) => rowsOf(first, name)),
    )
    const persons = new Set(patients?.map((row) => row.person_id))
    expect(persons.size).toBe(16)
    for (const row of [...(diagnoses ?? []), ...(observations ?? []), ...(deaths ?? [])])
      expect(persons).toContain(row.person_id)
    expect(Object.keys(patients?.[0] ?? {})).toEqual([
      'person_id',
      'sex',
      'birth_year',
      'residence_region',
      'updated_at',
      'site_code',
    ])
    expect([...new Set(patients?.map((row) => row.residence_region))].toSorted()).toEqual(['04', '84', '94', null])
    expect(Math.min(...(patients ?? []).map((row) => row.birth_year as number))).toBe(1940)
    expect(new Set(patients?.map((row) => row.site_code)).size).toBe(2)
    for (const row of patients ?? []) expect(row.site_code).toMatch(/^site_[\w-]{10}$/)
    expect(deaths).toEqual([
      { person_id: expect.stringMatching(/^p3_/), died_month: new Date('2020-11-01'), cause_code: 'I219' },
    ])
    const one = observations?.find((row) => (row.flags as string[]).length > 0)
    expect(one).toMatchObject({
      flags: ['loinc-key', "it's"],
      value_unit: 'µmol/L "x"',
      effective_at: new Date('2020-01-01T10:00:00.123Z'),
    })
    const values = observations?.map((row) => row.value_number as number).toSorted((a, b) => a - b)
    expect(values?.slice(0, 4)).toEqual([0.1, 0.1, 0.1 + 1 / 7, 0.1 + 1 / 7])
    expect(diagnoses?.map((row) => row.code)).toContain('E11\'; DROP -- {p0:String} \\ "')
    expect(diagnoses?.every((row) => (row.onset_on as Date).toISOString().startsWith('1931-12-24'))).toBe(true)
    // A stay is the same stay in two tables.
    const stays = new Set(observations?.map((row) => row.encounter_id))
    for (const row of diagnoses ?? []) if (row.encounter_id !== null) expect(stays).toContain(row.encounter_id)
    expect(diagnoses?.some((row) => row.encounter_id === null)).toBe(true)
  })

  test('no second-level pseudonym is in any byte of the files, nor in the database', async () => {
    const forbidden = (
      await warehouse.ask('SELECT DISTINCT arrayJoin([patient_id, record_id, encounter_id]) FROM observation WHERE 1')
    ).split('\n')
    forbidden.push(
      ...(await warehouse.ask('SELECT DISTINCT arrayJoin([patient_id, record_id, encounter_id]) FROM diagnosis')).split(
        '\n',
      ),
    )
    expect(forbidden.length).toBeGreaterThan(100)
    forbidden.push('pn_shared_person_1', 'chu-a', 'clinic b')
    const texts = [readFileSync(join(first.directory, 'manifest.json'), 'latin1')]
    for (const { file, table } of first.tables) {
      texts.push(readFileSync(join(first.directory, file), 'latin1'))
      // Compressed pages could hide what their bytes do not show.
      texts.push(JSON.stringify(await rowsOf(first, table)))
      texts.push(await warehouse.ask(`SELECT * FROM ${first.database}.${table}`))
    }
    for (const text of texts) {
      expect(text).not.toMatch(/p[2n]_[\w-]{43}/)
      for (const value of forbidden.filter((candidate) => candidate !== '\\N'))
        expect(text.includes(value.replace(/^p2_/, ''))).toBe(false)
    }
  })

  test('files are for their owner alone, and verify finds nothing', async () => {
    expect(statSync(first.directory).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(first.directory))
      expect(statSync(join(first.directory, name)).mode & 0o777).toBe(0o600)
    const ended = await runExtract(place, ['verify', first.directory, '--json'], {
      CLICKHOUSE_URL: 'http://127.0.0.1:9',
    })
    expect(ended.code).toBe(0)
    expect((JSON.parse(ended.stdout) as { ok: boolean }[]).map(({ ok }) => ok)).toEqual([true, true, true, true, true])
  })

  test('the same state and file give the same bytes, also after the warehouse merged its parts', async () => {
    for (const feed of ['patient', 'diagnosis', 'observation'])
      await warehouse.client.command({ query: `OPTIMIZE TABLE feed_${feed} FINAL` })
    const again = await build(projectFile(place, id('main')))
    expect(again.run).not.toBe(first.run)
    expect(again.tables.map(({ sha256 }) => sha256)).toEqual(first.tables.map(({ sha256 }) => sha256))
    expect(await databases('main')).toEqual([`project_${id('main')}`])
    const listed = await runExtract(place, ['list', '--json'])
    expect(JSON.parse(listed.stdout)).toEqual([
      expect.objectContaining({ id: id('main'), run: again.run, runs: 2, database: 'ready', persons: 16 }),
    ])
  })

  test('another project has unrelated pseudonyms', async () => {
    const other = await build(projectFile(place, id('other')))
    const values = async (built: Built) =>
      new Set((await rowsOf(built, 'observation')).flatMap((row) => [row.person_id, row.record_id, row.encounter_id]))
    const mine = await values(first)
    for (const value of await values(other)) expect(mine).not.toContain(value)
    const sites = async (built: Built) => new Set((await rowsOf(built, 'patient')).map((row) => row.site_code))
    const before = await sites(first)
    for (const site of await sites(other)) expect(before).not.toContain(site)
  })

  test('the filter means what it says', async () => {
    const count = async (cohort: object) => {
      const ended = await build(
        projectFile(place, id('filter'), { cohort, tables: [{ feed: 'diagnosis', columns: ['code'] }] }),
        '--allow-small',
      )
      return ended.persons
    }
    const code = (starts: string) => [{ column: 'code', starts_with: starts }]
    const diabetes = { feed: 'diagnosis', where: code('E11') }
    expect(
      await count({ any_of: [diabetes], none_of: [{ feed: 'diagnosis', where: code('O24'), within_period: false }] }),
    ).toBe(15)
    expect(await count({ any_of: [diabetes], none_of: [{ feed: 'diagnosis', where: code('O24') }] })).toBe(16)
    expect(await count({ all_of: [{ ...diabetes, at_least: 2 }] })).toBe(1)
    expect(await count({ any_of: [{ ...diabetes, within_period: false }] })).toBe(17)
    expect(await count({ any_of: [diabetes], sex: ['female'], birth_year: { from: 1942, to: 1946 } })).toBe(3)
    expect(await count({ all_of: [{ feed: 'observation', at_least: 4 }] })).toBe(5)
    expect(await count({ none_of: [{ feed: 'diagnosis', where: code('E11') }] })).toBe(3)
    expect(
      await count({
        all_of: [{ feed: 'diagnosis', where: [{ column: 'code', equals: 'E11\'; DROP -- {p0:String} \\ "' }] }],
      }),
    ).toBe(1)
    expect(
      await count({ all_of: [{ feed: 'diagnosis', where: [{ column: 'code', in: ["' OR 1=1 --", '\\', 'I10'] }] }] }),
    ).toBe(1)
    expect(await count({ all_of: [{ feed: 'diagnosis', where: [{ column: 'code', equals: "' OR 1=1 --" }] }] })).toBe(0)
  }, 120_000)
})

describe('what is refused, and what then remains', () => {
  test('a small cohort ends with 1 and leaves nothing; a dry run rounds and leaves nothing', async () => {
    const file = projectFile(place, id('small'), {
      cohort: { all_of: [{ feed: 'diagnosis', where: [{ column: 'code', equals: 'I10' }] }] },
    })
    const refused = await runExtract(place, ['extract', file])
    expect([refused.code, refused.stdout]).toEqual([1, ''])
    expect(refused.stderr).toContain('fewer than 11 persons')
    expect(refused.stderr).toContain('--allow-small')
    const dry = await runExtract(place, ['extract', file, '--dry-run', '--json'])
    expect(dry.code).toBe(0)
    expect(JSON.parse(dry.stdout)).toMatchObject({ dry_run: true, persons: 'fewer than 11' })
    const large = await runExtract(place, ['extract', projectFile(place, id('dry')), '--dry-run'])
    expect(large.stdout).toContain('about 20 persons')
    expect(await databases('small')).toEqual([])
    expect(await databases('dry')).toEqual([])
    expect(readdirSync(join(place.folder, 'projects', id('small')))).toEqual([])
    expect(existsSync(join(place.folder, 'secrets', `project-${id('dry')}.key`))).toBe(false)
    const allowed = await build(file, '--allow-small')
    expect(manifestOf(allowed).run.small_cohort_allowed).toBe(true)
  })

  test('verify finds a changed byte, a lost file, a foreign file and a wrong count', async () => {
    const built = await build(projectFile(place, id('verify')))
    const problems = async () => {
      const ended = await runExtract(place, ['verify', built.directory, '--json'])
      expect(ended.code).toBe(1)
      const checks = JSON.parse(ended.stdout) as { file: string; problems: string[] }[]
      return Object.fromEntries(
        checks.filter((check) => check.problems.length > 0).map((check) => [check.file, check.problems.join('; ')]),
      )
    }
    const path = (name: string) => join(built.directory, name)
    writeFileSync(path('extra.csv'), 'x')
    const manifest = readFileSync(path('manifest.json'), 'utf8')
    writeFileSync(path('manifest.json'), manifest.replace('"rows": 42', '"rows": 41'))
    appendFileSync(path('project.yaml'), '#')
    truncateSync(path('diagnosis.parquet'), 500)
    expect(await problems()).toEqual({
      'extra.csv': 'is not in the manifest',
      'project.yaml': expect.stringContaining('sha256 differs'),
      'observation.parquet': 'has 42 rows, the manifest says 41',
      'diagnosis.parquet': expect.stringMatching(/has 500 bytes.*sha256 differs.*cannot be read as Parquet/),
    })
    writeFileSync(path('manifest.json'), '{')
    expect(await problems()).toEqual({ 'manifest.json': 'is not JSON' })
  })

  test('usage ends with 2, a wrong file with 78, a missing ClickHouse or table with 75', async () => {
    expect((await runExtract(place, ['build', 'x'])).code).toBe(2)
    expect((await runExtract(place, ['verify', join(place.folder, 'nowhere')])).code).toBe(2)
    const wrong = await runExtract(place, ['extract', projectFile(place, id('wrong'), { tables: [], extra: 1 })])
    expect(wrong.code).toBe(78)
    expect(wrong.stderr.match(/^ {2}- /gm)).toHaveLength(2)
    expect((await runExtract(place, ['extract', '/nowhere.yaml'])).code).toBe(78)
    const gone = await runExtract(place, ['extract', projectFile(place, id('gone'))], {
      CLICKHOUSE_URL: 'http://127.0.0.1:9',
    })
    expect(gone.code).toBe(75)
    expect(gone.stderr).toContain('ClickHouse does not answer')
    const bare = await runExtract(place, ['extract', projectFile(place, id('bare'))], {
      CLICKHOUSE_DATABASE: 'nothing_here',
    })
    expect(bare.code).toBe(75)
    expect(bare.stderr).toContain('the warehouse lacks a table')
    expect(await databases('bare')).toEqual([])
  })
})

describe('a build that dies', () => {
  const observations = (into: TestWarehouse, from: number, count: number) =>
    into.client.command({
      query: `INSERT INTO feed_observation (record_id, operation, patient_id, code_system, code, effective_at, value_number, _producer)
        SELECT concat('p2_', leftPad(toString(number), 43, 'r')), 'upsert', concat('p2_', leftPad(toString(number % 50), 43, 'x')), 'loinc', '4548-4',
          toDateTime64('2020-01-01 00:00:00', 3, 'UTC') + number, number / 3, 'chu-a' FROM numbers(${from}, ${count})`,
    })

  test('kill -9 in the middle: readers keep the old state, the next run removes the rest and goes through', async () => {
    const own = isolated()
    const big = await testWarehouse(own)
    try {
      await observations(big, 0, 2000)
      const file = projectFile(own, id('killed'), {
        cohort: { all_of: [{ feed: 'observation' }] },
        tables: [{ feed: 'observation', columns: ['record_id', 'code', 'effective_at', 'value_number'] }],
      })
      const old = await runExtract(own, ['extract', file, '--json'])
      expect(old.code).toBe(0)
      await observations(big, 2000, 348_000)
      const victim = startExtract(own, ['extract', file])
      await victim.until(/table 1\/1 observation: [1-9]\d* of 350000 rows/)
      const second = await runExtract(own, ['extract', file])
      expect([second.code, second.stderr]).toEqual([
        75,
        expect.stringContaining('another extraction of this project runs'),
      ])
      victim.child.kill('SIGKILL')
      await victim.ended
      expect((await databases('killed')).length).toBe(3)
      expect(await big.ask(`SELECT count() FROM project_${id('killed')}.observation`)).toBe('2000')
      const before = (JSON.parse(old.stdout) as Built).run
      // Readers of the whole time see the old state, the new one, or for a moment none.
      const seen = new Set<string>()
      const next = startExtract(own, ['extract', file, '--json'])
      const ended = next.ended.then(() => false)
      while (await Promise.race([ended, new Promise<boolean>((resolve) => setTimeout(resolve, 20, true))])) {
        seen.add(await big.ask(`SELECT count() FROM project_${id('killed')}.observation`).catch(() => 'none'))
      }
      const done = await next.ended
      expect(done.code).toBe(0)
      const built = JSON.parse(done.stdout) as Built
      expect(tableOf(built, 'observation')?.rows).toBe(350_000)
      expect([...seen].filter((count) => !['2000', '350000', 'none'].includes(count))).toEqual([])
      expect(seen).toContain('2000')
      expect(await databases('killed')).toEqual([`project_${id('killed')}`])
      expect(readdirSync(join(own.folder, 'projects', id('killed'))).toSorted()).toEqual([before, built.run])
      expect((await runExtract(own, ['verify', built.directory])).code).toBe(0)
    } finally {
      await big.client.close()
      own.remove()
    }
  }, 180_000)

  test('an interrupted build takes its work away with it', async () => {
    const own = isolated()
    const big = await testWarehouse(own)
    try {
      await observations(big, 0, 350_000)
      const file = projectFile(own, id('stopped'), {
        cohort: { all_of: [{ feed: 'observation' }] },
        tables: [{ feed: 'observation', columns: ['record_id', 'code'] }],
      })
      const stopped = startExtract(own, ['extract', file])
      await stopped.until(/table 1\/1 observation: 0 of/)
      stopped.child.kill('SIGTERM')
      const ended = await stopped.ended
      expect([ended.code, ended.stderr]).toEqual([75, expect.stringContaining('interrupted')])
      expect(await databases('stopped')).toEqual([])
      expect(readdirSync(join(own.folder, 'projects', id('stopped')))).toEqual([])
    } finally {
      await big.client.close()
      own.remove()
    }
  }, 120_000)

  test('death between the two renames of the swap is taken back', async () => {
    const file = projectFile(place, id('renamed'))
    const built = await build(file)
    await warehouse.client.command({
      query: `RENAME DATABASE project_${id('renamed')} TO project_${id('renamed')}__old_1`,
    })
    await warehouse.client.command({ query: `CREATE DATABASE project_${id('renamed')}__building_1` })
    const dry = await runExtract(place, ['extract', file, '--dry-run', '--json'])
    expect(JSON.parse(dry.stdout)).toMatchObject({ replaces: built.run })
    expect(await databases('renamed')).toEqual([`project_${id('renamed')}`])
  })
})
