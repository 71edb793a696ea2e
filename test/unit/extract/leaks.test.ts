/** Columns of a project that undo its own decisions, and how many persons have a row of their own. */
import { describe, expect, it } from 'vitest'
import { leaksOf } from '../../../services/extract/leaks.ts'
import { planTable, uniqueSql } from '../../../services/extract/table-build.ts'
import { byFeed, projectWith } from './example.ts'

const KEEP_ALL = {
  birth_year_month: 'keep',
  residence_location: 'keep',
  exact_care_dates: 'keep',
  exact_death_date: 'keep',
  death_location: 'keep',
}
const decisions = (changes: object) => ({ potential_identifiers: { ...KEEP_ALL, ...changes } })
const STAYS = {
  tables: [{ feed: 'encounter', columns: ['record_id', 'started_at', 'ended_at', 'discharge_mode'] }],
}
const found = (changes: Readonly<Record<string, unknown>>) =>
  leaksOf(projectWith(changes), byFeed).map(({ leak, feed, field, undoes }) => [`${leak} ${feed}.${field}`, ...undoes])

describe('the leaks of a project', () => {
  it('a cut death date is told by the discharge of the same project', () => {
    expect(found({ ...STAYS, ...decisions({ exact_death_date: 'truncate' }) })).toEqual([
      ['tells-death encounter.discharge_mode', 'death.died_on', 'patient.deceased_on'],
    ])
    expect(found({ ...STAYS, ...decisions({ exact_death_date: 'drop' }) })).toHaveLength(1)
  })

  it('not where the date of the stay is cut as much, dropped, or not there', () => {
    const cut = { exact_death_date: 'truncate', exact_care_dates: 'truncate' }
    expect(found({ ...STAYS, ...decisions(cut) })).toEqual([])
    expect(found({ ...STAYS, ...decisions({ exact_death_date: 'drop', exact_care_dates: 'drop' }) })).toEqual([])
    const without = { tables: [{ feed: 'encounter', columns: ['record_id', 'started_at', 'discharge_mode'] }] }
    expect(found({ ...without, ...decisions({ exact_death_date: 'truncate' }) })).toEqual([])
  })

  it('a true date of death beside shifted dates of care; not where both are shifted', () => {
    const shift = { date_shift: { within: 182 }, ...STAYS }
    const care = { exact_care_dates: 'shift' }
    const tables = [...STAYS.tables, { feed: 'death', columns: ['died_on'] }]
    expect(found({ ...shift, tables, ...decisions(care) })[0]?.[0]).toBe('unshifted-date death.died_on')
    expect(found({ ...shift, tables, ...decisions({ ...care, exact_death_date: 'shift' }) })).toEqual([])
  })

  it('not where the project keeps what is told', () => {
    expect(found({ ...STAYS, ...decisions({}) })).toEqual([])
  })

  it('the mother of a newborn by the day of a delivery; not where only its month is left', () => {
    const acts = { tables: [{ feed: 'procedure', columns: ['record_id', 'code', 'performed_at'] }] }
    expect(found({ ...acts, ...decisions({}) })).toEqual([['tells-mother procedure.code', 'who is the mother of whom']])
    expect(found({ ...acts, ...decisions({ exact_care_dates: 'truncate' }) })).toEqual([])
  })

  it('the example tells births and deaths by its stays and diagnoses', () => {
    expect(found({}).map(([leak]) => leak)).toEqual([
      'tells-birth diagnosis.code',
      'tells-birth encounter.admission_mode',
      'tells-birth observation.code',
      'tells-death diagnosis.code',
      'tells-death encounter.discharge_mode',
      'tells-death observation.code',
      'tells-mother diagnosis.code',
      'tells-mother encounter.admission_mode',
      'tells-mother observation.code',
    ])
  })
})

describe('the persons with a row of their own', () => {
  it('are counted over all columns but the pseudonyms', () => {
    const project = projectWith({ ...STAYS, ...decisions({}) })
    const [table] = project.tables
    const contract = byFeed.get('encounter')
    if (!table || !contract) throw new Error('the project has no table')
    const sql = uniqueSql(planTable(project, table, contract), 'p.encounter')
    expect(sql).toContain('GROUP BY `started_at`, `ended_at`, `discharge_mode` HAVING')
    expect(sql).not.toContain('record_id')
  })
})
