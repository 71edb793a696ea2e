import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pseudonymisedSchema, survivingFields } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { recordReader } from '#core/contract/record-reader.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { firstGivenName, normaliseName } from '../../../../services/deidentify/linkage/normalise.ts'
import { tokeniser } from '../../../../services/deidentify/linkage/tokenise.ts'
import { policies } from '../../../../services/deidentify/policies/apply-policies.ts'
import { departmentOf } from '../../../../services/deidentify/policies/generalise.ts'
import { checkIdentifiedRules } from '../../../../services/deidentify/steps/check-identified-rules.ts'

const contracts = loadContracts('schemas/feeds')
const secret = randomBytes(32)
const patient = contracts.find(({ feed }) => feed === 'patient') as FeedContract
const tokenise = tokeniser(patient, secret)
const traits = {
  birth_family_name: "D'Artagnan-Lefèvre",
  birth_given_names: 'Élodie Marie',
  birth_date: 3650,
  sex: 'female',
  birth_place_insee: '75056',
}
const kinds = (record: Record<string, unknown>) => tokenise(record).map((token) => token.split('_')[1])

describe('normalisation', () => {
  it('gives one form to the spellings of a name', () => {
    expect(normaliseName("d'Artagnan Lefevre")).toBe(normaliseName("D'ARTAGNAN-LEFÈVRE"))
    expect(normaliseName('Œuvrard')).toBe('OEUVRARD')
    expect(firstGivenName('Jean-Pierre Paul')).toBe('JEANPIERRE')
    expect(firstGivenName('Jean, Pierre')).toBe('JEAN')
  })

  it('is idempotent and holds only A to Z', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const once = normaliseName(text)
        expect(once).toMatch(/^[A-Z]*$/)
        expect(normaliseName(once)).toBe(once)
      }),
    )
  })

  it.each([
    ['75012', '75'],
    ['97400', '974'],
    ['20000', '2A'],
    ['20200', '2B'],
    ['2B033', '2B'],
    ['SW1A 1AA', null],
  ])('department of %s is %s', (code, department) => expect(departmentOf(code)).toBe(department))
})

describe('tokenise', () => {
  it('gives the same tokens to two spellings of one person', () => {
    const other = { ...traits, birth_family_name: 'dartagnan lefevre', birth_given_names: 'ELODIE' }
    expect(tokenise(other)).toEqual(tokenise(traits))
  })

  it('lets an INS and a NIR of the same number meet', () => {
    const ins = tokenise({ ...traits, ins: '279035121518989' })
    const nir = tokenise({ ...traits, nir: '2 79 03 51 215 189 89' })
    expect(kinds({ ...traits, ins: '279035121518989' })).toEqual(['ins', 'nir', 'place', 'traits-place', 'traits'])
    expect(ins.filter((token) => nir.includes(token)).map((token) => token.split('_')[1])).toEqual([
      'nir',
      'place',
      'traits-place',
      'traits',
    ])
  })

  it('lets only a qualified identity use its INS, and a doubtful one nothing', () => {
    expect(kinds({ ...traits, ins: '279035121518989', identity_status: 'PROV' })).toEqual([
      'place',
      'traits-place',
      'traits',
    ])
    expect(kinds({ ...traits, ins: '279035121518989', identity_status: 'VALI' })).toContain('ins')
    expect(kinds({ ...traits, ins: '279035121518989', identity_status: 'DOUB' })).toEqual([])
  })

  it('never makes a token of a number with a wrong key, or of half a set of traits', () => {
    expect(kinds({ ...traits, nir: '279035121518988' })).not.toContain('nir')
    expect(kinds({ ...traits, birth_date: null })).toEqual(['place'])
    expect(kinds({ ...traits, sex: 'unknown' })).toEqual(['place'])
  })
})

describe('policies', () => {
  /** Records whose every string is a canary: whatever comes out and is not a kept code must not hold one. */
  it('let nothing out of a field that is not kept, in any feed', () => {
    for (const contract of contracts) {
      const apply = policies(contract, pseudonymiser(1, secret))
      fc.assert(
        fc.property(fc.stringMatching(/^[a-z]{12}$/), (canary) => {
          const record = Object.fromEntries(
            contract.fields.map((field) => [
              field.name,
              field.kind === 'string' ? `${canary}${field.name}` : field.kind === 'enum' ? field.symbols[0] : 5,
            ]),
          )
          const out = apply(record, 'hospital')
          expect(Object.keys(out)).toEqual(survivingFields(contract).map((field) => field.as))
          for (const field of survivingFields(contract)) {
            if (field.privacy.action !== 'keep') expect(String(out[field.as])).not.toContain(canary)
          }
        }),
        { numRuns: 50 },
      )
    }
  })

  it('pseudonymise by producer: one number at two hospitals is two patients', () => {
    const apply = policies(patient, pseudonymiser(1, secret))
    const record = { record_id: 'r', patient_ipp: '1' }
    expect(apply(record, 'a').patient_id).not.toBe(apply(record, 'b').patient_id)
  })

  it('write only what the pseudonymised schema names', () => {
    for (const contract of contracts) {
      const apply = policies(contract, pseudonymiser(1, secret))
      const names = pseudonymisedSchema(contract).fields.map((field) => field.name)
      const made = Object.keys(apply(Object.fromEntries(contract.fields.map((field) => [field.name, null])), 'h'))
      expect(names.filter((name) => !name.startsWith('_'))).toEqual(made)
    }
  })
})

describe('rules of the identified zone', () => {
  it('quarantine by name of rule and field, or travel on as outcomes', () => {
    const step = checkIdentifiedRules(patient)
    const provenance = { producer: 'h', receivedAt: Date.UTC(2025, 0, 1) }
    const check = (record: Record<string, unknown>) => step.run({ origin: '7', record, provenance })
    const reading = recordReader(
      patient,
      'json',
    )({
      record_id: 'r',
      patient_ipp: 'p',
      sex: 'female',
      birth_date: '2090-01-01',
      updated_at: '2024-01-01T00:00:00Z',
    })
    if (!reading.ok) throw new Error('unreadable')
    expect(check(reading.record)).toEqual({
      kind: 'fail',
      fault: 'rule-rejected',
      provenance,
      details: [{ pointer: '/birth_date', rule: 'birth-not-in-future' }],
    })
    const record = { ...reading.record, birth_date: 100, nir: '279035121518988' }
    expect(check(record)).toEqual({
      kind: 'pass',
      value: {
        origin: '7',
        record,
        provenance,
        outcomes: ['ins-key=not-applicable', 'nir-key=failed', 'insee-commune=not-applicable'],
      },
    })
  })
})
