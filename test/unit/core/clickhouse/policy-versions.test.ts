/** A policy has a new version when a value would be treated in another way, and only then. */
import { describe, expect, it } from 'vitest'
import { newPolicies, type PolicyVersion } from '#core/clickhouse/policy-versions.ts'
import { loadContracts } from '#core/contract/load.ts'
import { policyOf } from '#core/contract/policy.ts'
import type { FeedContract, FieldContract } from '#core/contract/types.ts'
import { historyLines } from '../../../../services/cli/policy-history.ts'

const contracts = loadContracts('schemas/feeds')
const [death] = contracts.filter(({ feed }) => feed === 'death') as [FeedContract]
const since = '2026-11-29 12:00:00.000'

/** @returns the contract with another field in the place of one */
function withField(name: string, change: Partial<FieldContract>): FeedContract {
  return { ...death, fields: death.fields.map((field) => (field.name === name ? { ...field, ...change } : field)) }
}
const recorded = (rows: ReturnType<typeof newPolicies>): PolicyVersion[] =>
  rows.map(({ feed, version, sha256 }) => ({ feed, version, sha256, since }))

describe('the policy of a contract', () => {
  it('is another one when an action, a parameter, a guard or a bound of the shift is', () => {
    const changed = [
      withField('died_on', { privacy: { class: 'date', action: 'truncate', to: 'month' } }),
      withField('died_on', { privacy: { class: 'date', action: 'truncate', to: 'year' } }),
      withField('died_on', { as: 'died' }),
      withField('cause_code', { privacy: { class: 'none', action: 'keep', guard: [{ codes: ['icd11'] }] } }),
      { ...death, shift: { within: 30 } },
      { ...death, shift: { within: 31 } },
      { ...death, fields: death.fields.slice(1) },
    ]
    expect(new Set([death, ...changed].map((one) => policyOf(one).sha256)).size).toBe(changed.length + 1)
  })

  it('is the same when nothing of it changes', () => {
    const same = [
      { ...death, doc: 'Something else', recordRules: [], fields: death.fields.toReversed() },
      withField('died_on', { doc: 'Something else', rules: [] }),
    ]
    for (const one of same) expect(policyOf(one)).toEqual(policyOf(death))
  })
})

describe('the versions in the warehouse', () => {
  it('begin with 1, grow with each change, and are not added twice; a policy that comes back is a new version', () => {
    const first = recorded(newPolicies([], contracts))
    expect(first.map(({ version }) => version)).toEqual(contracts.map(() => 1))
    expect(newPolicies(first, contracts)).toEqual([])
    const other = withField('died_on', { privacy: { class: 'date', action: 'drop' } })
    const second = recorded(newPolicies(first, [other]))
    expect(second).toMatchObject([{ feed: 'death', version: 2 }])
    const third = newPolicies([...first, ...second], [death])
    expect(third).toMatchObject([{ feed: 'death', version: 3, sha256: policyOf(death).sha256 }])
    expect(JSON.parse(third[0]?.policy ?? '')).toMatchObject({ version: 'record_version' })
  })

  it('say which one is in force, and that the contract at hand is not', () => {
    const known = recorded(newPolicies([], [death]))
    const { sha256 } = policyOf(death)
    expect(historyLines(known, sha256)).toEqual([
      `version 1, in force since ${since} UTC`,
      `version 1, ${since} UTC, ${sha256}`,
    ])
    expect(historyLines(known, 'f00d')[0]).toMatch(/^not in force: version 1 is/)
    expect(historyLines([], sha256)[0]).toMatch(/^no version is recorded/)
  })
})
