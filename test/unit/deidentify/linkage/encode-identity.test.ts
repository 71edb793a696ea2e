import { describe, expect, it } from 'vitest'
import { identifiedSchema, pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { recordEncoder } from '#core/linkage/encode.ts'
import { formOf, installationTraits } from '#core/linkage/feed-traits.ts'
import { unpackMessage } from '#core/linkage/message.ts'
import { filterStore } from '#core/linkage/record-store.ts'
import { linkageSeal } from '#core/linkage/seal.ts'
import { identityEncoders, writtenTraits } from '../../../../services/deidentify/linkage/encode-identity.ts'
import { deidentifyPipeline } from '../../../../services/deidentify/pipeline.ts'
import { loadResources } from '../../../../services/deidentify/text/resources.ts'
import { decoderOf, encoderOf } from '../../../guide/avro.ts'
import { sealTokens } from '../../../helpers/sealed-tokens.ts'

const contracts = loadContracts('schemas/feeds')
const patient = contracts.find(({ feed }) => feed === 'patient') as FeedContract
const secret = Buffer.alloc(32, 1)
const level1 = pseudonymiser(1, Buffer.alloc(32, 2))
const seal = linkageSeal(Buffer.alloc(32, 3), 'linkage.patient')
const encoder = recordEncoder(installationTraits(contracts), secret)
const encode = identityEncoders(contracts, secret, level1)(patient, seal)
const form = { form: formOf(encoder), filterWords: encoder.layout.words, tokenWords: 2 * encoder.kinds.length }
const RECEIVED_AT = 1_790_000_000_000_000
const NIR = '279035121518989'
const record = {
  record_id: '1',
  record_version: 3,
  operation: 'upsert',
  patient_ipp: '8000123',
  nir: NIR,
  birth_family_name: 'Martin',
  used_family_name: 'Dupont',
  birth_given_names: 'Élodie, Marie',
  birth_date: 3650,
  sex: 'female',
  birth_place_insee: '75056',
  address_line: '12 rue de la Paix',
  postcode: '69003',
  city: 'Lyon',
  phone: '0472110000',
  email: 'e@example.org',
}

function read(given: Readonly<Record<string, unknown>>) {
  const plain = seal.open(encode(given, 'chu', 5, '42'), '42')
  const unpacked = plain && unpackMessage(plain, form)
  if (!unpacked?.ok) throw new Error('the message cannot be read')
  return unpacked.message
}

describe('writtenTraits', () => {
  const traitsOf = writtenTraits(patient)
  it('takes each trait from the field of its role', () => {
    expect(traitsOf(record)).toEqual({
      national_id: NIR,
      birth_name: 'Martin',
      family_name: 'Dupont',
      given_name: 'Élodie, Marie',
      birth_date: '1979-12-30',
      sex: 'female',
      birth_place: '75056',
      street: '12 rue de la Paix',
      postcode: '69003',
      city: 'Lyon',
      phone: '0472110000',
      email: 'e@example.org',
    })
  })

  it('takes a number only where the status allows it, and nothing of a doubtful identity', () => {
    const ins = { ...record, nir: null, ins: NIR }
    expect(traitsOf({ ...ins, identity_status: 'VALI' }).national_id).toBe(NIR)
    expect(traitsOf({ ...ins, identity_status: 'PROV' }).national_id).toBe('')
    expect(traitsOf({ ...record, nir: `${NIR.slice(0, 14)}0` }).national_id).toBe('')
    expect(traitsOf({ ...record, identity_status: 'FICT' })).toEqual({})
  })

  it('leaves out a day that is in no calendar', () => {
    for (const birth of [2 ** 31 - 1, -(2 ** 31)])
      expect(traitsOf({ ...record, birth_date: birth }).birth_date).toBe('')
    expect(traitsOf({ ...record, birth_date: null }).birth_date).toBe('')
  })
})

describe('encodeIdentity', () => {
  it('says whose record it is by first-level pseudonyms, as the pseudonymised log does', () => {
    expect(read(record)).toMatchObject({
      producer: 'chu',
      patient: level1.pseudonym('patient', 'chu\x008000123'),
      record: level1.pseudonym('record', 'chu\0patient\x001'),
      version: 3,
      receivedAt: 5,
    })
  })

  it('encodes two spellings of one identity alike, and nothing of a doubtful or a cancelled one', () => {
    const other = { ...record, birth_family_name: 'MARTIN', birth_given_names: 'ELODIE MARIE', city: 'LYON CEDEX 03' }
    expect(read(other).encoded).toEqual(read(record).encoded)
    const doubtful = read({ ...record, identity_status: 'DOUB' }).encoded
    expect([...(doubtful?.filters ?? [1]), ...(doubtful?.tokens ?? [1])].every((word) => word === 0)).toBe(true)
    expect(read({ ...record, operation: 'cancel' }).encoded).toBeUndefined()
  })

  it('makes what the linker compares: a typo stays similar', () => {
    const store = filterStore(encoder.layout)
    for (const family of ['Martin', 'Martim'])
      store.add(
        read({ ...record, birth_family_name: family }).encoded as NonNullable<ReturnType<typeof read>['encoded']>,
      )
    const at = encoder.layout.fields.findIndex(({ trait }) => trait === 'birth_name')
    expect(store.similarity(0, at, 1, at)).toBeGreaterThan(0.6)
    expect(store.similarity(0, at, 1, at)).toBeLessThan(1)
  })
})

it('the pipeline passes the sealed message on beside the pseudonymised one, and only of a record that passes', async () => {
  const pipeline = deidentifyPipeline({
    contract: patient,
    decoder: decoderOf(identifiedSchema(patient)),
    encoder: encoderOf(pseudonymisedSchema(patient)),
    pseudonymiser: level1,
    tokenSecret: Buffer.alloc(32, 4),
    sealTokens,
    encodeIdentity: encode,
    textResources: loadResources,
  })
  const empty = Object.fromEntries(patient.fields.map(({ name, default: given }) => [name, given ?? null]))
  const value = encoderOf(identifiedSchema(patient)).encode({
    ...empty,
    ...record,
    updated_at: 0,
    _producer: 'chu',
    _received_at: RECEIVED_AT,
  })
  const message = { offset: '42', timestamp: '0' }
  const [passed, failed] = await pipeline.runBatch([
    { message, opened: { ok: true, value: value ?? Buffer.alloc(0) } },
    { message, opened: { ok: false, fault: 'seal-broken' } },
  ])
  if (passed?.kind !== 'pass') throw new Error('the record failed')
  expect(passed.value.body.linkage).toEqual(encode(record, 'chu', RECEIVED_AT, '42'))
  expect(failed?.kind).toBe('fail')
})
