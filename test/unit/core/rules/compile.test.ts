import { describe, expect, it } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { isValidLoinc, isValidLuhn, isValidNir } from '#core/rules/check-digits.ts'
import { compileRules } from '#core/rules/compile.ts'

const contracts = loadContracts('schemas/feeds')
const contractOf = (feed: string) => contracts.find((contract) => contract.feed === feed) ?? contracts[0]

function outcome(
  feed: string,
  rule: string,
  record: Record<string, unknown>,
  receivedAt = Date.UTC(2025, 0, 1) * 1000,
) {
  const contract = contractOf(feed)
  if (!contract) throw new Error('no contract')
  const compiled = [...compileRules(contract, 'identified'), ...compileRules(contract, 'pseudonymised')].find(
    ({ id }) => id === rule,
  )
  if (!compiled) throw new Error(`no rule ${rule}`)
  return compiled.check(record, receivedAt)
}

describe('check digits', () => {
  it('accept the numbers of the published examples', () => {
    // The test patient of the French agency for digital health, and the example of the key's definition.
    expect(isValidNir('279035121518989')).toBe(true)
    expect(isValidNir('206127511100564')).toBe(true)
    expect(isValidNir('279035121518988')).toBe(false)
    expect(isValidLoinc('718-7')).toBe(true)
    expect(isValidLoinc('11502-2')).toBe(true)
    expect(isValidLoinc('718-8')).toBe(false)
    expect(isValidLuhn('79927398713')).toBe(true)
  })

  it('read Corsica as 19 and 18 before the modulo', () => {
    for (const [department, digits] of [
      ['2A', '19'],
      ['2B', '18'],
    ] as const) {
      const number = `18005${department}004123`
      const key = String(97 - (Number(`18005${digits}004123`) % 97)).padStart(2, '0')
      expect(isValidNir(`${number}${key}`)).toBe(true)
    }
  })

  it('find every single wrong digit of a NIR', () => {
    const good = '279035121518989'
    for (let i = 1; i < 13; i++) {
      const wrong = good.slice(0, i) + ((Number(good[i]) + 1) % 10) + good.slice(i + 1)
      expect(isValidNir(wrong)).toBe(false)
    }
  })
})

describe('rules', () => {
  it('are split by zone: a field that does not survive is checked before it is removed', () => {
    const patient = contractOf('patient')
    if (!patient) throw new Error('no contract')
    expect(compileRules(patient, 'identified').map(({ id }) => id)).toEqual([
      'ins-key',
      'nir-key',
      'birth-after-1900',
      'birth-not-in-future',
      'insee-commune',
    ])
  })

  it('count what they do not apply to as not applicable, never as passed', () => {
    expect(outcome('diagnosis', 'cim10-form', { code_system: 'snomed', code: '44054006' })).toBe('not-applicable')
    expect(outcome('patient', 'ins-key', { ins: null })).toBe('not-applicable')
    expect(outcome('encounter', 'end-after-start', { started_at: 5, ended_at: null })).toBe('not-applicable')
  })

  it.each([
    ['diagnosis', 'cim10-form', { code_system: 'cim10', code: 'E112' }, 'passed'],
    ['diagnosis', 'cim10-form', { code_system: 'cim10', code: 'E11.2' }, 'failed'],
    ['procedure', 'ccam-form', { code_system: 'ccam', code: 'HHFA001' }, 'passed'],
    ['encounter', 'end-after-start', { started_at: 5, ended_at: 4 }, 'failed'],
    ['diagnosis', 'resolved-after-onset', { onset_on: 5, resolved_on: 5 }, 'passed'],
    ['observation', 'number-has-unit', { value_number: 1, value_unit: null }, 'failed'],
    ['medication', 'quantity-positive', { quantity: -1 }, 'failed'],
    ['death', 'death-after-1900', { died_on: -30_000 }, 'failed'],
  ] as const)('%s %s on %o', (feed, rule, record, expected) => {
    expect(outcome(feed, rule, record)).toBe(expected)
  })

  it('measure the future from the receipt, so that a replay has the same outcome', () => {
    const effective_at = Date.UTC(2025, 5, 1)
    expect(outcome('observation', 'not-in-future', { effective_at }, Date.UTC(2025, 4, 1) * 1000)).toBe('failed')
    expect(outcome('observation', 'not-in-future', { effective_at }, Date.UTC(2025, 6, 1) * 1000)).toBe('passed')
  })
})
