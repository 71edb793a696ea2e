import type { KafkaMessage } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import type { Decoder } from '#core/avro/registry.ts'
import { fullName } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { MARKER_SCHEMA, markerOf } from '#core/contract/marker.ts'
import { pseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import type { Failed } from '#core/pipeline/pipeline.ts'
import { decodeMessage } from '../../../../services/curate/steps/decode-message.ts'
import { opener, sealTokens } from '../../../helpers/sealed-tokens.ts'

const patient = loadContracts('schemas/feeds').find(({ feed }) => feed === 'patient') ?? expect.unreachable()
const wrap = pseudonymWrap(2, new Map([[2, Buffer.alloc(32, 2)]]))
const MARKER = fullName(MARKER_SCHEMA)
const failed: Failed<'undecodable', 'quarantined'> = {
  kind: 'fail',
  fault: 'undecodable',
  details: [{ pointer: '', rule: 'undecodable' }],
  stage: 'decodeIdentified',
  outcome: 'quarantined',
}

function decode(name: string, record: Readonly<Record<string, unknown>>, marked: boolean, tokens?: typeof opener) {
  const decoder: Decoder = { prepare: async () => undefined, decode: () => ({ name, record: { ...record } }) }
  const headers = marked ? { 'chainon-marker': 'quarantine' } : {}
  const message = { value: Buffer.alloc(1), timestamp: '17', headers } as unknown as KafkaMessage
  return decodeMessage(patient, decoder, wrap, tokens).run({ message, origin: 3n })
}

describe('decodeMessage', () => {
  it('reads a record with its provenance', () => {
    const record = { _producer: 'h', _received_at: 5 }
    expect(decode('a.Record', record, false)).toEqual({
      kind: 'pass',
      value: { origin: 3n, record, provenance: { producer: 'h', receivedAt: 5 } },
    })
  })

  it('opens the linkage tokens of a linked feed; of another record, changed or missing ones break the seal', async () => {
    const sealed = sealTokens(['t1_nir_a', 't1_traits_b'], { feed: 'patient', recordId: 'p1_r' })
    await opener.prepare([sealed])
    const of = (record_id: string, _sealed_tokens: unknown) =>
      decode('a.Record', { record_id, _sealed_tokens, _producer: 'h', _received_at: 5 }, false, opener)
    expect(of('p1_r', sealed)).toMatchObject({
      kind: 'pass',
      value: { record: { _tokens: ['t1_nir_a', 't1_traits_b'] } },
    })
    const changed = Buffer.from(sealed)
    changed.writeUInt8((changed.at(-1) ?? 0) ^ 1, changed.length - 1)
    const attempts = [of('p1_other', sealed), of('p1_r', changed), of('p1_r', Buffer.alloc(0)), of('p1_r', undefined)]
    for (const broken of attempts)
      expect(broken).toMatchObject({ kind: 'fail', fault: 'seal-broken', provenance: { producer: 'h', receivedAt: 5 } })
  })

  it('gives pseudonyms as they were made, wrapped or not, and opens the tokens that are bound to them', async () => {
    const [record_id, patient_id] = ['a', 'b'].map((letter) => `p1_${letter.repeat(42)}A`) as [string, string]
    const sealed = sealTokens(['t1_nir_a'], { feed: 'patient', recordId: record_id })
    await opener.prepare([sealed])
    const of = (record: object) =>
      decode('a.Record', { ...record, _sealed_tokens: sealed, _producer: 'h', _received_at: 5 }, false, opener)
    const stored = { record_id: wrap.wrap(record_id), patient_id: wrap.wrap(patient_id) }
    expect(stored.record_id).toMatch(/^p1_[\w-]{54}_k2$/)
    for (const one of [stored, { record_id, patient_id }, { ...stored, patient_id }])
      expect(of(one)).toMatchObject({
        kind: 'pass',
        value: { record: { record_id, patient_id, _tokens: ['t1_nir_a'] } },
      })
    const forged = stored.patient_id.replace(/^p1_./, (start) => (start === 'p1_x' ? 'p1_y' : 'p1_x'))
    expect(of({ ...stored, patient_id: forged })).toMatchObject({ kind: 'fail', fault: 'seal-broken' })
    // Of a version that this process lacks: it is no record's fault.
    expect(() => of({ ...stored, patient_id: stored.patient_id.replace('_k2', '_k3') })).toThrow(
      expect.objectContaining({ code: 'key-rotation' }),
    )
  })

  it('reads a marker as the failure that deidentify found', () => {
    expect(decode(MARKER, markerOf(failed, 11), true)).toEqual({
      kind: 'fail',
      fault: 'undecodable',
      details: [{ pointer: '', rule: 'undecodable' }],
      provenance: { producer: '', receivedAt: 11 },
      foundBy: { service: 'deidentify', stage: 'decodeIdentified' },
    })
  })

  it.each([
    ['a marker without its header', MARKER, markerOf(failed, 11), false],
    ['a record with the header of a marker', 'a.Record', { _producer: 'h', _received_at: 5 }, true],
    [
      'a marker with a code that is not a fault of a record',
      MARKER,
      { ...markerOf(failed, 11), fault: 'wrong-key' },
      true,
    ],
    ['a marker with a rule that could be a value', MARKER, { ...markerOf(failed, 11), rule: 'DUPONT Jean' }, true],
  ])('quarantines %s as undecodable, without any of its values', (_what, name, record, marked) => {
    expect(decode(name, record, marked)).toEqual({
      kind: 'fail',
      fault: 'undecodable',
      details: [{ pointer: '', rule: 'undecodable' }],
      provenance: { producer: '', receivedAt: 17_000 },
    })
  })
})
