import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ConfigurationError } from '#core/faults/errors.ts'
import { assertOpenedFor, closesAt } from '../../../../services/extract/external/declare.ts'
import { readCriteria } from '../../../../services/extract/external/read-criteria.ts'
import { exampleWith, problemsOf, projectWith } from '../example.ts'

const CRITERIA = [
  'patient.sex',
  'patient.birth_month',
  'encounter.started_at',
  'encounter.site_code',
  'diagnosis.code',
  'procedure.code',
]
const plan = (more: object = {}) => ({ circuits: ['direct', 'indirect'], criteria: CRITERIA, ...more })
const declared = () =>
  projectWith({ external_linkage: plan({ time_zone: 'Europe/Paris' }) }).externalLinkage?.criteria ?? []

test("a project's file declares circuits, criteria that projects may see, and how many remain", () => {
  expect(projectWith({}).externalLinkage).toBeUndefined()
  const { externalLinkage } = projectWith({ external_linkage: plan() })
  expect(externalLinkage).toMatchObject({ circuits: ['direct', 'indirect'], atLeast: 3 })
  expect(declared().map(({ name, kind, to }) => [name, kind, to])).toEqual([
    ['patient.sex', 'enum', undefined],
    ['patient.birth_month', 'date', 'month'],
    ['encounter.started_at', 'timestamp', undefined],
    ['encounter.site_code', 'string', undefined],
    ['diagnosis.code', 'string', undefined],
    ['procedure.code', 'string', undefined],
  ])
  expect(declared()[2]?.expression).toBe("toString(toDate32(toTimeZone(f.`started_at`, 'Europe/Paris')))")
})

const hashed = (more: object = {}) => ({
  circuits: ['hashed'],
  hashed: { identifier: 'nir', characters: 15, encoding: 'hex', open_until: '2026-12-31', ...more },
})

test('the hashed circuit is declared with the form of its hashes and its last day', () => {
  expect(projectWith({ external_linkage: hashed() }).externalLinkage).toEqual({
    circuits: ['hashed'],
    ...{ criteria: [], atLeast: 0 },
    hashed: { form: { identifier: 'nir', characters: 15, encoding: 'hex' }, openUntil: '2026-12-31' },
  })
  const of = (external_linkage: object) => problemsOf(exampleWith({ external_linkage })).join('\n')
  expect(of({ circuits: ['hashed'] })).toContain("needs 'hashed': identifier, characters, encoding, open_until")
  expect(of({ ...hashed(), circuits: ['direct'] })).toContain("circuits' has no 'hashed'")
  expect(of(hashed({ identifier: 'ipp' }))).toContain('identifier')
  expect(of(hashed({ characters: 14 }))).toContain('characters')
  expect(of(hashed({ encoding: 'base64' }))).toContain('encoding')
  expect(of(hashed({ open_until: '2026-02-30' }))).toContain('open_until')
  expect(of(hashed({ secret: 'x' }))).toContain('secret')
})

test('a circuit is open to the end of its last day, for a year at most and not after the retention; and is collected by its own project', () => {
  const at = (openUntil: string, retention = '2030-01-01') =>
    closesAt({ openUntil }, retention, Date.parse('2026-11-30T12:00:00Z'))
  expect(at('2026-11-30')).toBe(Date.parse('2026-12-01T00:00:00Z'))
  expect(() => at('2026-11-29')).toThrow(/open_until: is past/)
  expect(() => at('2027-12-31')).toThrow(/more than 366 days away/)
  expect(() => at('2026-12-31', '2026-12-30')).toThrow(/after retention_until/)
  const collected = (facts: object) => () =>
    assertOpenedFor({ id: 'study', minCohort: 11 }, { project: 'study', least: 11, ...facts })
  expect(collected({})).not.toThrow()
  expect(collected({ project: 'other' })).toThrow(/opened for another project/)
  expect(collected({ least: 12 })).toThrow(/another min_cohort/)
})

test('pseudonyms, texts, unknown columns and what does not fit are problems with their place', () => {
  const of = (external_linkage: object) => problemsOf(exampleWith({ external_linkage })).join('\n')
  for (const column of ['patient_id', 'record_id', 'encounter_id', 'reason_text', 'birth_family_name', '_received_at'])
    expect(of(plan({ criteria: ['patient.sex', `encounter.${column}`] }))).toContain('encounter has no such column')
  expect(of(plan({ criteria: ['patient.sex', 'patients.sex'] }))).toContain("did you mean 'patient'?")
  expect(of(plan({ criteria: ['patient.sex', 'patient.sex'] }))).toContain('is there twice')
  expect(of({ circuits: ['indirect'] })).toContain("needs 'criteria'")
  expect(of({ circuits: ['direct'], criteria: CRITERIA })).toContain("has no 'indirect'")
  expect(of(plan({ at_least: 7 }))).toContain('must not be above the number of criteria')
  expect(of(plan({ time_zone: 'Mars' }))).toContain('IANA')
})

const folder = mkdtempSync(join(tmpdir(), 'chainon-'))
const read = async (text: string) => {
  writeFileSync(join(folder, 'cohort.csv'), text)
  return readCriteria(join(folder, 'cohort.csv'), declared())
}
const problems = async (text: string) =>
  read(text).then(
    () => [],
    (error: unknown) => (error instanceof ConfigurationError ? error.problems : Promise.reject(error)),
  )

test('the values of a cohort are in the form of the warehouse; an empty cell is not known, and codes may be several', async () => {
  const file = await read(
    'subject;patient.sex;patient.birth_month;encounter.started_at;diagnosis.code\nS-1;female;1950-03;2024-01-05;I10 | E119|I10\nS-2;male;1951-07-14;;\n',
  )
  expect(file.criteria.map(({ name }) => name)).toEqual([
    'patient.sex',
    'patient.birth_month',
    'encounter.started_at',
    'diagnosis.code',
  ])
  expect(file.subjects).toEqual([
    { subject: 'S-1', values: [['female'], ['1950-03-01'], ['2024-01-05'], ['I10', 'E119']] },
    { subject: 'S-2', values: [['male'], ['1951-07-01'], [], []] },
  ])
})

test('what is wrong is told by line, column and rule, and no value is repeated', async () => {
  const found = await problems(
    'subject,patient.sex,patient.birth_month,encounter.started_at\nS-1,secretvalue,1950-13,05/01/2024\nsecret subject,female,1950-03,2024-01-05\nS-1,female,1950-03,2024-01-05\nS-2,female\n',
  )
  expect(found).toEqual([
    'line 2: column patient.sex: one of female, male, other, unknown (enum)',
    'line 2: column patient.birth_month: a date of the calendar, YYYY-MM-DD or YYYY-MM (date)',
    'line 2: column encounter.started_at: a date of the calendar, YYYY-MM-DD (date)',
    'line 3: column subject: 1 to 64 letters, digits and . _ - (pattern)',
    'line 4: column subject: the subject of line 2 is there again (duplicate-subject)',
    'line 5: 2 cells, and the header has 4 (cell-count)',
  ])
  expect(found.join()).not.toContain('secret')
  expect(await problems('patient.sex,diagnosis.cod\nfemale,I10\n')).toEqual([
    'the header has no column subject',
    "column 2 of the header is no criterion of the project file; did you mean 'diagnosis.code'?",
  ])
  rmSync(folder, { recursive: true })
})
