import { randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { extractConfig } from '../../services/extract/config.ts'
import type { Manifest } from '../../services/extract/manifest.ts'
import { selectPopulation } from '../../services/extract/population.ts'
import { parseProjectFile, readProjectFile } from '../../services/extract/project-file.ts'
import { openWarehouse } from '../../services/extract/warehouse.ts'
import { createDatabase, dropDatabase } from '../../services/extract/workspace.ts'
import { fillPeople } from '../helpers/extract-people.ts'
import { projectFile, runExtract, type TestWarehouse, testWarehouse } from '../helpers/extract-warehouse.ts'
import { type Isolated, isolated, withLogin } from '../helpers/servers.ts'

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

let place: Isolated
let warehouse: TestWarehouse

beforeAll(async () => {
  place = isolated()
  warehouse = await testWarehouse(place)
  await fillPeople(warehouse)
})
afterAll(async () => {
  await warehouse.client.close()
  place.remove()
})

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
  (await warehouse.query(`SELECT name FROM system.databases WHERE name LIKE 'project_${id(name)}%'`))
    .split('\n')
    .filter(Boolean)

describe('an extraction', () => {
  let first: Built

  test('has the persons of the cohort, across hospitals, and all their rows of the period', async () => {
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
    for (const { persons, unique_persons: unique } of manifest.tables) expect(unique).toBeLessThanOrEqual(persons)
    expect(Math.max(...manifest.tables.map((table) => table.unique_persons ?? 0))).toBeGreaterThan(0)
    expect(manifest.leaks).toBeDefined()
    expect(manifest.warehouse.ledger_at_start).toEqual({})
  })

  test('says how many persons stand in small cells, as its rows do, and what to leave out until none does', async () => {
    const manifest = manifestOf(first)
    for (const { name, small_cells: cells } of manifest.tables) {
      const rows = await rowsOf(first, name)
      const same = Map.groupBy(rows, (row) => String(cells?.columns.map((column) => String(row[column])).join('\0')))
      const small = [...same.values()].filter((cell) => new Set(cell.map(({ person_id: person }) => person)).size < 11)
      expect([name, cells?.k, cells?.persons]).toEqual([
        name,
        11,
        new Set(small.flat().map(({ person_id: person }) => person)).size,
      ])
    }
    const patient = manifest.tables.find(({ name }) => name === 'patient')?.small_cells
    expect(patient?.columns).toEqual(['sex', 'birth_year', 'residence_region', 'updated_at'])
    expect(patient?.persons).toBeGreaterThan(0)
    expect(patient?.leave_out.at(-1)?.persons).toBe(0)
  })

  test('has one pseudonym per person in every table, and every value unchanged', async () => {
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
    expect(new Set(patients?.map((row) => row.residence_region))).toEqual(new Set(['04', '84', '94', null]))
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

  test('that shifts dates moves those of a person by the same whole weeks, in the files and in the database', async () => {
    const decisions = {
      birth_year_month: 'drop',
      residence_location: 'drop',
      exact_care_dates: 'shift',
      exact_death_date: 'shift',
      death_location: 'drop',
    }
    const shift = { within: 182, weekday: 'keep' }
    const moved = await build(projectFile(place, id('moved'), { potential_identifiers: decisions, date_shift: shift }))
    expect(manifestOf(moved)).toMatchObject({ date_shift: shift, potential_identifiers: decisions })
    expect(moved.tables.map(({ rows }) => rows)).toEqual(first.tables.map(({ rows }) => rows))
    const [diagnoses, observations] = await Promise.all(['diagnosis', 'observation'].map((name) => rowsOf(moved, name)))
    const days = (value: unknown) => (value as Date).getTime() / 86_400_000
    const byPerson = new Map<unknown, Set<number>>()
    // Every onset of the test's persons is of this day.
    for (const { onset_shifted: onset, person_id: person } of diagnoses ?? [])
      byPerson.set(person, (byPerson.get(person) ?? new Set()).add(days(onset) - days(new Date('1931-12-24'))))
    expect([...byPerson.values()].every((found) => found.size === 1)).toBe(true)
    const all = [...byPerson.values()].flatMap((found) => [...found])
    expect(all.every((weeks) => weeks !== 0 && weeks % 7 === 0 && Math.abs(weeks) <= 182)).toBe(true)
    expect(new Set(all).size).toBeGreaterThan(1)
    const times = (rows: typeof observations, name: string) =>
      (rows ?? []).map((row) => (row[name] as Date).toISOString().slice(10)).toSorted()
    expect(times(observations, 'effective_shifted')).toEqual(times(await rowsOf(first, 'observation'), 'effective_at'))
  })

  test('neither the files nor the database contain a second-level pseudonym', async () => {
    const forbidden = (
      await warehouse.query('SELECT DISTINCT arrayJoin([patient_id, record_id, encounter_id]) FROM observation WHERE 1')
    ).split('\n')
    forbidden.push(
      ...(
        await warehouse.query('SELECT DISTINCT arrayJoin([patient_id, record_id, encounter_id]) FROM diagnosis')
      ).split('\n'),
    )
    expect(forbidden.length).toBeGreaterThan(100)
    forbidden.push('pn_shared_person_1', 'chu-a', 'clinic b')
    const texts = [readFileSync(join(first.directory, 'manifest.json'), 'latin1')]
    for (const { file, table } of first.tables) {
      texts.push(readFileSync(join(first.directory, file), 'latin1'))
      // Compressed pages could contain what their bytes do not show.
      texts.push(JSON.stringify(await rowsOf(first, table)))
      texts.push(await warehouse.query(`SELECT * FROM ${first.database}.${table}`))
    }
    for (const text of texts) {
      expect(text).not.toMatch(/p[2n]_[\w-]{43}/)
      for (const value of forbidden.filter((candidate) => candidate !== '\\N'))
        expect(text.includes(value.replace(/^p2_/, ''))).toBe(false)
    }
  })

  test('only their owner may read the files, and verify finds no problem', async () => {
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
      expect.objectContaining({ id: id('moved'), runs: 1, database: 'ready', persons: 16 }),
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

  test('by the persons of the model: one person for each patient, those that are not judged are linked exactly, and changes since the last run are told', async () => {
    for (const [patient, person] of [
      ...[
        ['a0', 'r0'],
        ['b0', 'r0'],
        ['a1', 'r1'],
        ['b1', 'r2'],
        ['a2', 'r3'],
        ['a5', 'r4'],
        ['a6', 'r4'],
        ['a7', 'r6'],
      ],
    ] as const)
      await warehouse.score(patient, `patient ${patient}`, `pn_${person}`, 10)
    await warehouse.score('a7', 'observation a7 0', 'pn_r7', 11)
    // What readers see: each patient once, by the model where it has one, of whom one is of two persons.
    expect(
      await warehouse.query(`SELECT count() = uniqExact(patient_id), countIf(method = 'scored'), countIf(persons = 2),
        countIf(startsWith(method, 'exact:')) > 0, countIf(method = 'scored' AND NOT startsWith(person_id, 'pn_r')) FROM person_current`),
    ).toBe(['1', '8', '1', '1', '0'].join('\t'))
    const exact = await build(projectFile(place, id('scored')))
    expect(exact).toMatchObject({ persons: 16, source_patients: 21 })
    expect(manifestOf(exact).linkage).not.toHaveProperty('scored')
    const scored = { persons: 'scored' }
    const before = await build(projectFile(place, id('scored'), scored))
    // 5 and 6 are one person; the patients 1 and 2 of hospital A, who have no diagnosis, are others than those of B.
    expect(before).toMatchObject({ persons: 15, source_patients: 19 })
    const { linkage } = manifestOf(before)
    expect(linkage).toMatchObject({
      source_patients_by_method: { 'exact:ins': 3, 'exact:none': 8, 'exact:traits': 2, scored: 6 },
      highest_link_version: 11,
    })
    const figures = {
      judged: 6,
      not_judged: 13,
      of_several_persons: 1,
      models: ['model 1'],
      link_above_probability: 0.75,
    }
    // Every person has another pseudonym than in the run before.
    expect(linkage.scored).toEqual({
      ...figures,
      told_until: 11,
      since: { run: exact.run, persons: 'exact', changes: [] },
    })
    const personOf = async (built: Built) => {
      const rows = await rowsOf(built, 'patient')
      return new Set(rows.map(({ person_id: person }) => String(person))).size
    }
    expect(await personOf(before)).toBe(15)

    // Told twice, it is one change; one of a patient whom the project does not read is none.
    for (const version of [20, 21])
      await warehouse.score('a5', 'patient a5', 'pn_r5', version, {
        previous_person_id: 'pn_r4',
        change: 'split',
        reason: 'decision',
      })
    await warehouse.score('zz', 'patient zz', 'pn_r5', 22, { previous_person_id: 'pn_r9', change: 'merge' })
    const after = await build(projectFile(place, id('scored'), scored))
    expect(after.persons).toBe(16)
    expect(manifestOf(after).linkage.scored).toEqual({
      ...{ ...figures, told_until: 22 },
      since: { run: before.run, persons: 'scored', changes: [{ kind: 'split', reason: 'decision', records: 1 }] },
    })
    const dry = await runExtract(place, ['extract', projectFile(place, id('scored'), scored), '--dry-run', '--json'])
    expect(JSON.parse(dry.stdout)).toMatchObject({
      scored: { not_judged: 'about 10', of_several_persons: 'fewer than 11', since: { run: after.run, changes: [] } },
    })
  })

  test('the filter selects the persons that it describes', async () => {
    const contracts = loadContracts('schemas/feeds')
    const reading = openWarehouse(extractConfig(withLogin('extract', place.env)))
    let works = 0
    /** As a build does it; a whole build for each filter would take a minute. */
    const count = async (cohort: object) => {
      const file = projectFile(place, id('filter'), { cohort, tables: [{ feed: 'diagnosis', columns: ['code'] }] })
      const project = parseProjectFile(readProjectFile(file), contracts, '2024-01-01')
      const work = `project_${id('filter')}__work_${++works}`
      await createDatabase(reading, work, 'run')
      const byFeed = new Map(contracts.map((contract) => [contract.feed, contract]))
      const { cohort: selected } = await selectPopulation(reading, project, byFeed, work)
      const [row] = await reading.rows<{ persons: number }>(
        `SELECT toUInt32(uniqExact(person_id)) AS persons FROM ${selected}`,
      )
      await dropDatabase(reading, work)
      return row?.persons
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
    await reading.close()
  })
})

describe('an extraction with a decision on small cells', () => {
  const policy = {
    k: 3,
    known: ['diagnosis.code'],
    steps: [
      { coarsen: 'patient.birth_month' },
      { drop: 'patient.residence_department' },
      { drop: 'patient.updated_at' },
    ],
    suppress_up_to: 45,
  }
  const changes = { min_cohort: 5, small_cells: policy }
  const WOMEN = { any_of: [{ feed: 'diagnosis', where: [{ column: 'code', starts_with: 'E11' }] }], sex: ['female'] }

  test('takes the steps that are needed and leaves out rows until nobody stands in one, which its tables show', async () => {
    const built = await build(projectFile(place, id('cells'), changes))
    const manifest = manifestOf(built)
    // Women of the forties and fifties are left. Men: of two hospitals there are too few, then of one; and one has died.
    expect(manifest.small_cells).toMatchObject({
      policy,
      persons: 16,
      before: { persons: 16, by_all_rows: 16 },
      steps: [
        { step: { coarsen: 'patient.birth_month' }, because: 'small-cells', persons: 16 },
        { step: { drop: 'patient.residence_department' }, because: 'small-cells', persons: 7 },
      ],
      suppressed_persons: 7,
      after: { persons: 0 },
    })
    expect(manifest.cohort.persons).toBe(9)
    const [patients = [], diagnoses = [], deaths = []] = await Promise.all(
      ['patient', 'diagnosis', 'death'].map((name) => rowsOf(built, name)),
    )
    expect(Object.keys(patients[0] ?? {})).toEqual(['person_id', 'sex', 'birth_decade', 'updated_at', 'site_code'])
    const profiles = new Map(patients.map((row) => [row.person_id, `${row.sex} ${row.birth_decade}`]))
    const cells = [
      ...patients.map((row) => [row.person_id, `${profiles.get(row.person_id)} ${row.site_code}`]),
      ...diagnoses.map((row) => [row.person_id, `${profiles.get(row.person_id)} ${row.recorded_at} ${row.code}`]),
    ]
    for (const rows of Map.groupBy(cells, ([, cell]) => cell).values())
      expect(new Set(rows.map(([person]) => person)).size).toBeGreaterThanOrEqual(3)
    // Of one woman the only rare diagnosis is left out, and not she.
    expect([profiles.size, diagnoses.length, deaths.length]).toEqual([9, 8, 0])
    expect(manifest.tables.map(({ excluded }) => excluded.small_cells)).toEqual([9, 9, 18, 1])
  })

  test('decides the same again, and refuses a run whose difference from the one before it shows a person', async () => {
    const again = manifestOf(await build(projectFile(place, id('cells'), changes))).small_cells
    expect(again?.steps.map(({ because }) => because)).toEqual(['earlier-run', 'earlier-run'])
    expect(again?.difference).toMatchObject({ changed: 0, persons: 0 })
    const cohort = { ...WOMEN, birth_year: { to: 1955 } }
    const refused = await runExtract(place, ['extract', projectFile(place, id('cells'), { ...changes, cohort })])
    expect([refused.code, refused.stdout]).toEqual([1, ''])
    expect(refused.stderr).toContain('together with run')
    expect(await databases('cells')).toEqual([`project_${id('cells')}`])
    const dry = await runExtract(place, [
      'extract',
      projectFile(place, id('cells_dry'), { small_cells: { k: 11 } }),
      ...['--dry-run', '--json'],
    ])
    expect(JSON.parse(dry.stdout)).toMatchObject({ small_cells: { k: 11, refused: true, before: 'about 20' } })
  })
})

describe('a rejected or failed run', () => {
  test('a small cohort exits with 1 and leaves nothing; a dry run rounds and leaves nothing', async () => {
    const file = projectFile(place, id('small'), {
      cohort: { all_of: [{ feed: 'diagnosis', where: [{ column: 'code', equals: 'I10' }] }] },
    })
    const rejected = await runExtract(place, ['extract', file])
    expect([rejected.code, rejected.stdout]).toEqual([1, ''])
    expect(rejected.stderr).toContain('fewer than 11 persons')
    expect(rejected.stderr).toContain('--allow-small')
    const dry = await runExtract(place, ['extract', file, '--dry-run', '--json'])
    expect(dry.code).toBe(0)
    expect(JSON.parse(dry.stdout)).toMatchObject({ dry_run: true, persons: 'fewer than 11' })
    const strict = { small_cells: { k: 11, steps: [{ drop: 'patient.residence_department' }] } }
    const large = await runExtract(place, ['extract', projectFile(place, id('dry'), strict), '--dry-run'])
    expect(large.stdout).toContain('about 20 persons')
    expect(large.stdout).toContain('by what is known of them and one row: about 20')
    expect(large.stdout).toContain('left out: patient.residence_department; then about 20')
    expect(large.stdout).toContain('The extraction would be refused')
    expect(await databases('small')).toEqual([])
    expect(await databases('dry')).toEqual([])
    expect(readdirSync(join(place.folder, 'projects', id('small')))).toEqual([])
    expect(existsSync(join(place.folder, 'secrets', `project-${id('dry')}.key`))).toBe(false)
    const allowed = await build(file, '--allow-small')
    expect(manifestOf(allowed).run.small_cohort_allowed).toBe(true)
  })

  test('verify finds a changed byte, a truncated file, an unknown file and a wrong count', async () => {
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

  test('usage exits with 2, a wrong file with 78, an unreachable ClickHouse or a missing table with 75', async () => {
    expect((await runExtract(place, ['build', 'x'])).code).toBe(2)
    expect((await runExtract(place, ['verify', join(place.folder, 'nowhere')])).code).toBe(2)
    const wrong = await runExtract(place, ['extract', projectFile(place, id('wrong'), { tables: [], extra: 1 })])
    expect(wrong.code).toBe(78)
    expect(wrong.stderr.match(/^ {2}- /gm)).toHaveLength(2)
    expect((await runExtract(place, ['extract', '/nowhere.yaml'])).code).toBe(78)
    const unreachable = await runExtract(place, ['extract', projectFile(place, id('unreachable'))], {
      CLICKHOUSE_URL: 'http://127.0.0.1:9',
    })
    expect(unreachable.code).toBe(75)
    expect(unreachable.stderr).toContain('ClickHouse does not answer')
    const bare = await runExtract(place, ['extract', projectFile(place, id('bare'))], {
      CLICKHOUSE_DATABASE: 'nothing_here',
    })
    expect(bare.code).toBe(75)
    expect(bare.stderr).toContain('the warehouse lacks a table')
    expect(await databases('bare')).toEqual([])
  })
})
