import { describe, expect, it } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { recordReader } from '#core/contract/record-reader.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { checkIdentifiedRules } from '../../../../services/deidentify/steps/check-identified-rules.ts'

const patient = loadContracts('schemas/feeds').find(({ feed }) => feed === 'patient') as FeedContract

describe('rules of the identified zone', () => {
  it('quarantine the record with the names of rule and field, or are passed on as outcomes', () => {
    const step = checkIdentifiedRules(patient)
    const provenance = { producer: 'h', receivedAt: Date.UTC(2025, 0, 1) * 1000 }
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
