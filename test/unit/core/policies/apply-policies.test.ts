import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pseudonymisedSchema, survivingFields } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { policies } from '#core/policies/apply-policies.ts'

const contracts = loadContracts('schemas/feeds')
const secret = randomBytes(32)
const patient = contracts.find(({ feed }) => feed === 'patient') as FeedContract

const NOTHING = { withheld: [], texts: new Map<string, string | null>() }

describe('policies', () => {
  /** Every string of the records is a canary: only a field with the action `keep` may contain one afterwards. */
  it('remove every value of a field that is not kept, in any feed', () => {
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
          const out = apply(record, 'hospital', NOTHING)
          expect(Object.keys(out)).toEqual(survivingFields(contract).map((field) => field.as))
          for (const field of survivingFields(contract)) {
            if (field.privacy.action !== 'keep') expect(String(out[field.as])).not.toContain(canary)
          }
        }),
        { numRuns: 50 },
      )
    }
  })

  it('pseudonymise by producer: one number at two hospitals is of two patients', () => {
    const apply = policies(patient, pseudonymiser(1, secret))
    const record = { record_id: 'r', patient_ipp: '1' }
    expect(apply(record, 'a', NOTHING).patient_id).not.toBe(apply(record, 'b', NOTHING).patient_id)
  })

  it('write only what the pseudonymised schema names', () => {
    for (const contract of contracts) {
      const apply = policies(contract, pseudonymiser(1, secret))
      const names = pseudonymisedSchema(contract).fields.map((field) => field.name)
      const made = Object.keys(
        apply(Object.fromEntries(contract.fields.map((field) => [field.name, null])), 'h', NOTHING),
      )
      expect(names.filter((name) => !name.startsWith('_'))).toEqual(made)
    }
  })
})
