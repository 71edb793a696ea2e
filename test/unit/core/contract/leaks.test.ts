/** Columns that undo the decision on another one: planted in the contracts that Chainon brings, one for each rule. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { LEAKS } from '#core/contract/leak-schema.ts'
import { findLeaks, type Leak, needlessAcceptances } from '#core/contract/leaks.ts'
import { loadContracts } from '#core/contract/load.ts'
import { parseContract } from '#core/contract/parse.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { leakReport } from '../../../../services/cli/leak-report.ts'

const shipped = loadContracts('schemas/feeds')
type Json = { fields: ({ name: string } & Record<string, unknown>)[] } & Record<string, unknown>

function edited(feed: string, edit: (json: Json, field: (name: string) => Record<string, unknown>) => void) {
  const json = JSON.parse(readFileSync(`schemas/feeds/${feed}.avsc`, 'utf8')) as Json
  edit(json, (name) => {
    const found = json.fields.find((one) => one.name === name)
    if (!found) throw new Error(`no field ${name}`)
    return found
  })
  return parseContract(feed, JSON.stringify(json))
}
function changed(...args: Parameters<typeof edited>): FeedContract {
  const result = edited(...args)
  if (!result.ok) throw new Error(result.problems.join('\n'))
  return result.contract
}
/** The shipped contracts, with these in the place of their own. */
const withThese = (...contracts: readonly FeedContract[]) =>
  shipped.map((one) => contracts.find(({ feed }) => feed === one.feed) ?? one)
const open = (leaks: readonly Leak[]) =>
  leaks.filter(({ accepted }) => accepted === undefined).map(({ feed, field, leak }) => `${leak} ${feed}.${field}`)
const undoneBy = (leaks: readonly Leak[], leak: string, field: string) =>
  leaks.find((one) => one.leak === leak && one.field === field)?.undoes
const number = (name: string, privacy: object) => ({
  name,
  type: ['null', 'double'],
  doc: name,
  default: null,
  privacy,
})
const KEEP = { class: 'none', action: 'keep' }
const SHIFT = { class: 'date', action: 'shift' }
const AGE = { class: 'trait', action: 'generalise', to: 'age_band', at: 'updated_at', edges: [0, 18, 90], as: 'age' }

describe('the contracts that Chainon brings', () => {
  it('have no leak that they do not accept, and accept none that is not there', () => {
    const leaks = findLeaks(shipped)
    expect(open(leaks)).toEqual([])
    expect(leaks.map(({ leak, feed, field }) => `${leak} ${feed}.${field}`)).toEqual([
      'tells-birth diagnosis.code',
      'tells-birth encounter.admission_mode',
      'tells-birth observation.code',
      'tells-birth pmsi_stay.ghm',
      'tells-birth pmsi_stay.admission_mode',
      'tells-birth pmsi_stay.birth_weight_g',
      'tells-birth pmsi_stay.principal_diagnosis',
      'tells-mother diagnosis.code',
      'tells-mother encounter.admission_mode',
      'tells-mother observation.code',
      'tells-mother pmsi_stay.ghm',
      'tells-mother pmsi_stay.admission_mode',
      'tells-mother pmsi_stay.birth_weight_g',
      'tells-mother pmsi_stay.principal_diagnosis',
      'tells-mother procedure.code',
    ])
    for (const contract of shipped) expect(needlessAcceptances(contract, leaks)).toEqual([])
  })
})

describe('a planted leak is named with the column that tells and those that are undone', () => {
  it('the stay of a newborn says the birth date, and who was there says the mother', () => {
    const leaks = findLeaks(withThese(changed('encounter', (json) => delete json.accepted_leaks)))
    expect(open(leaks)).toEqual(['tells-birth encounter.admission_mode', 'tells-mother encounter.admission_mode'])
    expect(undoneBy(leaks, 'tells-birth', 'admission_mode')).toEqual([
      'death.birth_date',
      'document.patient_birth_date',
      'patient.birth_date',
      'patient.birth_partial',
    ])
  })

  it('a discharge by death says the death date, also where it is dropped or cut', () => {
    const patient = changed('patient', (_json, field) => {
      field('deceased_on').privacy = { class: 'date', action: 'truncate', to: 'year', as: 'deceased_year' }
      delete field('deceased_on').precision
    })
    const leaks = findLeaks(withThese(patient))
    expect(undoneBy(leaks, 'tells-death', 'discharge_mode')).toEqual(['patient.deceased_on'])
    expect(undoneBy(leaks, 'finer-column', 'died_on')).toEqual(['patient.deceased_on'])
  })

  it('a diagnosis, an act, a result or a document that is made of the dead says the death date', () => {
    const patient = changed('patient', (_json, field) => {
      field('deceased_on').privacy = { class: 'date', action: 'truncate', to: 'year', as: 'deceased_year' }
      delete field('deceased_on').precision
    })
    const names = open(findLeaks(withThese(patient))).filter((name) => name.startsWith('tells-death'))
    expect(names).toEqual([
      'tells-death diagnosis.code',
      'tells-death document.kind',
      'tells-death encounter.discharge_mode',
      'tells-death observation.code',
      'tells-death pmsi_stay.discharge_mode',
      'tells-death procedure.code',
    ])
  })

  it('the delivery of a mother says which newborn is hers', () => {
    const silent = changed('procedure', (json) => delete json.accepted_leaks)
    expect(open(findLeaks(withThese(silent)))).toEqual(['tells-mother procedure.code'])
  })

  it('no longer, where the date of the stay is cut as much', () => {
    const encounter = changed('encounter', (json, field) => {
      json.rules = []
      delete json.accepted_leaks
      field('ended_at').privacy = { class: 'date', action: 'truncate', to: 'year', as: 'ended_year' }
      delete field('ended_at').precision
      field('admission_mode').privacy = { class: 'none', action: 'drop' }
    })
    const patient = changed('patient', (_json, field) => {
      field('deceased_on').privacy = { class: 'date', action: 'truncate', to: 'year', as: 'deceased_year' }
      delete field('deceased_on').precision
    })
    const leaks = findLeaks([encounter, patient])
    expect(leaks).toEqual([])
  })

  it('an age beside its date, in a band or as a number', () => {
    const band = changed('patient', (_json, field) => void (field('birth_date').privacy = AGE))
    expect(undoneBy(findLeaks([band]), 'age-beside-date', 'birth_date')).toEqual(['patient.birth_date'])
    const inYears = changed('encounter', (json) => json.fields.push(number('age_at_entry', KEEP)))
    const [patient] = shipped.filter(({ feed }) => feed === 'patient') as [FeedContract]
    const cut = {
      ...patient,
      fields: patient.fields.map((one) =>
        one.name === 'birth_date' ? { ...one, privacy: { class: 'trait', action: 'drop' } as const } : one,
      ),
    }
    expect(undoneBy(findLeaks([inYears, cut]), 'age-beside-date', 'age_at_entry')).toEqual(['patient.birth_date'])
  })

  it('a month of birth beside a year of birth in another feed', () => {
    const death = changed(
      'death',
      (_json, field) =>
        void (field('birth_date').privacy = { class: 'trait', action: 'truncate', to: 'year', as: 'birth_year' }),
    )
    const leaks = findLeaks(withThese(death))
    expect(open(leaks)).toEqual(['finer-column patient.birth_date', 'finer-column patient.birth_partial'])
    expect(undoneBy(leaks, 'finer-column', 'birth_date')).toEqual(['death.birth_date'])
  })

  it('a commune beside a department', () => {
    const patient = changed('patient', (_json, field) => {
      field('city').privacy = { ...KEEP, guard: [{ values: ['LYON', 'PARIS'] }] }
      field('city').maxLength = 64
    })
    expect(open(findLeaks(withThese(patient)))).toEqual(['finer-place patient.city'])
  })

  it('an area beside a department or a larger area of the same residence', () => {
    const AREA = { class: 'place', action: 'generalise', to: 'area', as: 'residence_area' }
    const patient = changed(
      'patient',
      (_json, field) => void (field('postcode').privacy = { ...AREA, population: 20_000 }),
    )
    // It has a department of the same residence, which is not what is looked at here.
    const stay = changed('pmsi_stay', (_json, field) => {
      field('residence_code').privacy = { class: 'place', action: 'drop' }
    })
    expect(findLeaks(withThese(patient, stay)).filter(({ leak }) => leak === 'finer-place')).toEqual([])
    const place = (privacy: object) => ({
      name: 'postcode',
      type: ['null', 'string'],
      doc: 'x',
      default: null,
      maxLength: 10,
      privacy,
    })
    const beside = (privacy: object) =>
      open(
        findLeaks(
          withThese(
            patient,
            stay,
            changed('encounter', (json) => json.fields.push(place(privacy))),
          ),
        ),
      )
    expect(beside({ ...AREA, to: 'department', as: 'residence_department' })).toEqual(['finer-place patient.postcode'])
    expect(beside({ ...AREA, population: 50_000 })).toEqual(['finer-place patient.postcode'])
    expect(beside({ ...AREA, population: 20_000 })).toEqual([])
  })

  it('a true date beside shifted ones, in any feed, and the version, which may be a time', () => {
    const shift = { within: 180 }
    const encounter = changed('encounter', (json, field) => {
      json.shift = shift
      delete json.accepted_leaks
      field('started_at').privacy = SHIFT
      field('ended_at').privacy = SHIFT
    })
    const procedure = changed('procedure', (json, field) => {
      json.shift = shift
      field('performed_at').privacy = SHIFT
    })
    const leaks = findLeaks([encounter, procedure])
    expect(open(leaks)).toEqual([
      'unshifted-date procedure.ended_at',
      'version-is-time encounter.record_version',
      'version-is-time procedure.record_version',
    ])
    expect(undoneBy(leaks, 'unshifted-date', 'ended_at')).toEqual([
      'encounter.started_at',
      'encounter.ended_at',
      'procedure.performed_at',
    ])
  })

  it('an exact number beside a rounded one', () => {
    const rounded = changed('observation', (json, field) => {
      field('value_number').privacy = { class: 'none', action: 'round', digits: 2 }
      json.fields.push(number('value_raw', KEEP))
    })
    const names = open(findLeaks(withThese(rounded)))
    expect(names).toContain('unrounded-twin observation.value_raw')
    expect(names).toContain('unrounded-twin observation.value_low')
    expect(names).not.toContain('unrounded-twin observation.reference_low')
  })

  it('has a test for each rule', () => {
    const text = readFileSync(import.meta.filename, 'utf8')
    for (const leak of Object.keys(LEAKS)) expect(text).toMatch(new RegExp(`${leak}[ ']`))
  })
})

describe('an acceptance', () => {
  it('names its reason in the check; without one the check has a finding, and so with one too many', () => {
    const others = shipped
      .filter(({ feed }) => feed !== 'encounter')
      .map((contract) => ({ name: `${contract.feed}.avsc`, result: { ok: true as const, contract } }))
    const [encounter] = shipped.filter(({ feed }) => feed === 'encounter') as [FeedContract]
    expect(leakReport(encounter, others)).toMatchObject({
      open: false,
      text: expect.stringContaining('accepted: Studies'),
    })
    const silent = { ...encounter, acceptedLeaks: [] }
    expect(leakReport(silent, others)).toMatchObject({ open: true, text: expect.stringContaining('NOT ACCEPTED') })
    const needless = [
      ...encounter.acceptedLeaks,
      { leak: 'tells-death' as const, field: 'discharge_mode', reason: 'x' },
    ]
    expect(leakReport({ ...encounter, acceptedLeaks: needless }, others)).toMatchObject({
      open: true,
      text: expect.stringContaining('tells-death of discharge_mode is accepted, and is no leak'),
    })
  })

  it.each<[string, Parameters<typeof edited>[1], string]>([
    [
      'of a field that does not exist',
      (json) => void (json.accepted_leaks = [{ leak: 'tells-birth', field: 'mode', reason: 'x' }]),
      "'accepted_leaks' names the field 'mode', which does not exist",
    ],
    [
      'without a reason',
      (json) => void (json.accepted_leaks = [{ leak: 'tells-birth', field: 'admission_mode' }]),
      "accepted_leaks[0]: lacks 'reason': text that is not empty",
    ],
    [
      'of what is no leak',
      (json) => void (json.accepted_leaks = [{ leak: 'tells-brith', field: 'admission_mode', reason: 'x' }]),
      "did you mean 'tells-birth'?",
    ],
    [
      'beside a date that does not exist',
      (_json, field) => void (field('admission_mode').tells = [{ event: 'birth', at: 'begun_at' }]),
      "field 'admission_mode': 'tells' names the field 'begun_at', which does not exist",
    ],
    [
      'beside a date that is none',
      (_json, field) => void (field('admission_mode').tells = [{ event: 'birth', at: 'kind' }]),
      "field 'admission_mode': 'tells' needs a date or timestamp: 'kind'",
    ],
  ])('%s is refused', (_what, edit, problem) => {
    const result = edited('encounter', edit)
    expect(result.ok ? '' : result.problems.join('\n')).toContain(problem)
  })
})
