import { describe, expect, test } from 'vitest'
import { type FailureTables, failureViews } from '../../../../services/console/collectors/failures.ts'

const tables: FailureTables = {
  quarantine: [
    {
      feed: 'patient',
      service: 'deidentify',
      stage: 'checkIdentifiedRules',
      fault: 'rule-rejected',
      pointer: '/nir',
      rule: 'nir-key',
      total: '9',
      last_24h: '3',
      last_seen: 1_800_000_000,
    },
    {
      feed: 'observation',
      service: 'curate',
      stage: 'validateRecord',
      fault: 'rule-rejected',
      pointer: '/effective_at',
      rule: 'not-in-future',
      total: '40',
      last_24h: '10',
      last_seen: 1_800_000_000,
    },
    {
      feed: 'document',
      service: 'deidentify',
      stage: 'decodeMessage',
      fault: 'undecodable',
      pointer: '',
      rule: '',
      total: '1',
      last_24h: '0',
      last_seen: 1_700_000_000,
    },
  ],
  quarantineHours: [
    { key: 'observation|curate|validateRecord|rule-rejected|/effective_at|not-in-future', hour: 23, n: '7' },
    { key: 'observation|curate|validateRecord|rule-rejected|/effective_at|not-in-future', hour: 0, n: '3' },
    { key: 'observation|curate|validateRecord|rule-rejected|/effective_at|not-in-future', hour: 24, n: '99' },
  ],
  rules: [
    {
      feed: 'observation',
      rule: 'not-in-future',
      severity: 'reject',
      failed: '40',
      failed_24h: '10',
      checked_24h: '1000',
      last_seen: 1,
    },
    {
      feed: 'observation',
      rule: 'loinc',
      severity: 'flag',
      failed: '20',
      failed_24h: '5',
      checked_24h: '500',
      last_seen: 1,
    },
    { feed: 'patient', rule: 'sex', severity: 'flag', failed: '0', failed_24h: '0', checked_24h: '500', last_seen: 0 },
  ],
  ruleHours: [{ key: 'observation|loinc|flag', hour: 5, n: '5' }],
}

describe('failures by rule', () => {
  const views = failureViews(tables)

  test('a rejected record is shown once, with its field and with the share of the checked records', () => {
    const rejected = views.filter(({ rule }) => rule === 'not-in-future')
    expect(rejected).toHaveLength(1)
    expect(rejected[0]).toMatchObject({
      outcome: 'rejected-by-rule',
      service: 'curate',
      stage: 'validateRecord',
      pointer: '/effective_at',
      total: 40,
      share_24h: 0.01,
    })
  })

  test('a record that deidentify rejects is quarantined, as in the ledger', () => {
    expect(views.find(({ rule }) => rule === 'nir-key')).toMatchObject({
      outcome: 'quarantined',
      service: 'deidentify',
      stage: 'checkIdentifiedRules',
    })
  })

  test('without a rule, the fault is shown', () => {
    expect(views.find(({ feed }) => feed === 'document')).toMatchObject({ rule: 'undecodable', outcome: 'quarantined' })
  })

  test('a rule that no record failed is not shown', () => {
    expect(views.some(({ rule }) => rule === 'sex')).toBe(false)
    expect(views.find(({ rule }) => rule === 'loinc')).toMatchObject({
      outcome: 'flagged',
      last_24h: 5,
      share_24h: 0.01,
    })
  })

  test('trends have 24 hours, without the hours before or after', () => {
    const trend = views.find(({ rule }) => rule === 'not-in-future')?.trend
    expect(trend).toHaveLength(24)
    expect(trend?.[0]).toBe(3)
    expect(trend?.[23]).toBe(7)
    expect(trend?.reduce((sum, n) => sum + n, 0)).toBe(10)
  })
})
