import { describe, expect, test } from 'vitest'
import { survivingFields } from '#core/contract/avro-schemas.ts'
import {
  coveredColumns,
  type Decision,
  type Decisions,
  IDENTIFIER_NAMES,
  identifierOf,
} from '#core/contract/potential-identifiers.ts'
import type { FieldContract } from '#core/contract/types.ts'
import { planColumns, selectableColumns } from '../../../services/extract/columns.ts'
import { REGION_OF } from '../../../services/extract/regions.ts'
import { byFeed, contracts } from './example.ts'

const all = (decision: Decision) => Object.fromEntries(IDENTIFIER_NAMES.map((name) => [name, decision])) as Decisions
const contractOf = (feed: string) => {
  const contract = byFeed.get(feed)
  if (!contract) throw new Error(feed)
  return contract
}
const names = (feed: string, columns: readonly string[], decisions: Decisions) =>
  planColumns(contractOf(feed), columns, decisions).kept.map((column) => column.name)

describe('the columns of a project', () => {
  test('every date, place, text and month of birth of every contract needs a decision', () => {
    for (const contract of contracts) {
      for (const field of survivingFields(contract)) {
        const expected =
          ['date', 'place', 'text'].includes(field.privacy.class) || ['date', 'timestamp'].includes(field.kind)
        expect([contract.feed, field.as, identifierOf(field) !== undefined]).toEqual([
          contract.feed,
          field.as,
          expected,
        ])
      }
    }
    expect(coveredColumns(contracts, 'birth_year_month')).toEqual([
      'death.birth_month',
      'patient.birth_month',
      'patient.birth_partial_month',
    ])
    expect(coveredColumns(contracts, 'exact_death_date')).toEqual(['death.died_on', 'patient.deceased_on'])
    expect(coveredColumns(contracts, 'residence_location')).toEqual([
      'patient.residence_department',
      'pmsi_stay.residence_department',
    ])
    expect(coveredColumns(contracts, 'death_location')).toEqual(['death.death_department'])
    expect(coveredColumns(contracts, 'exact_care_dates')).toContain('observation.effective_at')
  })

  test('a place that is neither of residence nor of death is covered by no decision', () => {
    const residence = contractOf('patient').fields.find((field) => field.as === 'residence_department') as FieldContract
    expect(identifierOf({ ...residence, as: 'workplace_department' })).toBe('uncovered')
  })

  test('a scrubbed text, which can tell any of them, is covered by no decision', () => {
    const document = contractOf('document')
    expect(survivingFields(document).map(({ name }) => name)).toContain('text')
    expect(selectableColumns(document)).toContain('kind')
    expect(['text', 'title'].filter((name) => selectableColumns(document).includes(name))).toEqual([])
    expect(() => planColumns(document, ['text'], all('keep'))).toThrow('document.text belongs to no potential')
  })

  test('no table may list the source patient or an internal column', () => {
    for (const contract of contracts) {
      const selectable = selectableColumns(contract)
      expect(selectable).not.toContain('patient_id')
      expect(selectable.filter((name) => name.startsWith('_'))).toEqual([])
      expect(selectable).toContain('person_id')
    }
  })

  test('the person is the first column, listed or not', () => {
    expect(names('diagnosis', ['code'], all('keep'))).toEqual(['person_id', 'code'])
    expect(names('diagnosis', ['code', 'person_id'], all('keep'))).toEqual(['person_id', 'code'])
  })

  test('shift renames a date and leaves null where only its month is known; a date that the contract cut is left out', () => {
    const shift = { ...all('keep'), exact_care_dates: 'shift', exact_death_date: 'shift' } as const
    const { kept } = planColumns(contractOf('patient'), ['deceased_on', 'updated_at', 'birth_month'], shift)
    expect(kept.map(({ domain, name, type }) => [name, type, domain])).toEqual([
      ['person_id', 'String', 'person'],
      ['deceased_shifted', 'Nullable(Date32)', 'shifted'],
      ['updated_shifted', "Nullable(DateTime64(3, 'UTC'))", 'shifted'],
      ['birth_month', 'Nullable(Date32)', undefined],
    ])
    expect(kept[1]?.expression).toBe(
      "if(ifNull(toString(f.`deceased_precision`) IN ('year', 'month'), 0), NULL, f.`deceased_on`)",
    )
    const cut = contractOf('diagnosis')
    const privacy = { class: 'date', action: 'truncate', to: 'month' } as const
    const fields = cut.fields.map((field) => (field.name === 'onset_on' ? { ...field, privacy } : field))
    const planned = planColumns({ ...cut, fields }, ['onset_on'], shift)
    expect(planned.dropped.map(({ source }) => source)).toEqual(['onset_on'])
  })

  test('keep leaves a column as it is, truncate renames it, drop leaves it out and reports it', () => {
    const columns = ['birth_month', 'residence_department', 'deceased_on', 'updated_at', 'sex']
    expect(names('patient', columns, all('keep'))).toEqual(['person_id', ...columns])
    expect(names('patient', columns, all('truncate'))).toEqual([
      'person_id',
      'birth_year',
      'residence_region',
      'deceased_month',
      'updated_month',
      'sex',
    ])
    const dropped = planColumns(contractOf('patient'), columns, all('drop'))
    expect(dropped.kept.map((column) => column.name)).toEqual(['person_id', 'sex'])
    expect(dropped.dropped.map((column) => column.source)).toEqual([
      'birth_month',
      'residence_department',
      'deceased_on',
      'updated_at',
    ])
  })

  test('every pseudonym is replaced, in a domain of its own', () => {
    for (const contract of contracts) {
      const { kept } = planColumns(contract, selectableColumns(contract), all('keep'))
      const pseudonyms = new Set(
        survivingFields(contract).flatMap((field) => (field.privacy.action === 'pseudonymise' ? [field.as] : [])),
      )
      for (const column of kept) {
        const expected = pseudonyms.has(column.source) || ['person_id', '_producer'].includes(column.source)
        expect([column.name, column.domain !== undefined]).toEqual([column.name, expected])
      }
    }
  })

  test('an area of inhabitants is kept, or cut to its region', () => {
    const patient = contractOf('patient')
    const fields = patient.fields.map(
      (field): FieldContract =>
        field.name === 'postcode'
          ? {
              ...field,
              as: 'residence_area',
              privacy: { class: 'place', action: 'generalise', to: 'area', population: 20_000, as: 'residence_area' },
            }
          : field,
    )
    const plan = (decision: Decision) => planColumns({ ...patient, fields }, ['residence_area'], all(decision)).kept
    expect(plan('keep').map(({ name }) => name)).toContain('residence_area')
    const [region] = plan('truncate').filter(({ name }) => name === 'residence_region')
    expect(region?.expression).toContain("splitByChar('-', ")
  })

  test('101 departments are in 18 regions', () => {
    expect(REGION_OF.size).toBe(102)
    expect(new Set(REGION_OF.values()).size).toBe(18)
    expect([REGION_OF.get('75'), REGION_OF.get('69'), REGION_OF.get('2A'), REGION_OF.get('974')]).toEqual([
      '11',
      '84',
      '94',
      '04',
    ])
  })
})
