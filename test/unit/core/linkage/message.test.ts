import { expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { recordEncoder } from '#core/linkage/encode.ts'
import { formOf, installationTraits } from '#core/linkage/feed-traits.ts'
import { packMessage, unpackMessage } from '#core/linkage/message.ts'
import { linkageSeal } from '#core/linkage/seal.ts'

const encoder = recordEncoder(installationTraits(loadContracts('schemas/feeds')), Buffer.alloc(32, 1))
const form = {
  form: formOf(encoder),
  filterWords: encoder.layout.words,
  tokenWords: 2 * encoder.kinds.length,
}
const encoded = encoder.encode({ family_name: 'MARTIN', given_name: 'ELODIE', birth_date: '19800102', sex: 'F' })
const message = {
  producer: 'chu-é',
  patient: `p1_${'a'.repeat(43)}`,
  record: `p1_${'b'.repeat(43)}`,
  version: 2 ** 53 - 1,
  receivedAt: 1_790_000_000_000_001,
  encoded,
}

test('the traits of all linked feeds are compared, and of no other', () => {
  expect([...installationTraits(loadContracts('schemas/feeds'))].toSorted()).toEqual([
    'birth_date',
    'birth_name',
    'birth_place',
    'city',
    'email',
    'family_name',
    'given_name',
    'middle_name',
    'national_id',
    'phone',
    'postcode',
    'sex',
    'street',
    'street_number',
  ])
})

test('a message is read as it was written: a record, a newborn, and a cancelled one, of which no encoding is there', () => {
  for (const one of [
    message,
    { ...message, encoded: { ...encoded, newborn: true } },
    { ...message, encoded: undefined },
    { ...message, encoding: 2 },
    { ...message, encoding: 65_535, encoded: undefined },
  ])
    expect(unpackMessage(packMessage(one, form), form)).toEqual({ ok: true, message: one })
  const cancelled = packMessage({ ...message, encoded: undefined }, form)
  expect(cancelled.length).toBe(26 + 3 + 6 + 46 + 46)
  expect(() => packMessage({ ...message, producer: 'é'.repeat(128) }, form)).toThrow(RangeError)
})

test('a message of another form, and one of every other length, is refused', () => {
  expect(packMessage({ ...message, encoding: 1 }, form)).toEqual(packMessage(message, form))
  const bytes = packMessage({ ...message, encoding: 2 }, form)
  expect(unpackMessage(bytes, { ...form, form: Buffer.alloc(8) })).toEqual({ ok: false, why: 'other-form' })
  for (let length = 0; length < bytes.length; length++)
    expect(unpackMessage(bytes.subarray(0, length), form).ok, String(length)).toBe(false)
  expect(unpackMessage(Buffer.concat([bytes, Buffer.alloc(1)]), form)).toEqual({ ok: false, why: 'damaged' })
})

test('a sealed message is opened at its place alone, with its key, and as it was', () => {
  const secret = Buffer.alloc(32, 2)
  const seal = linkageSeal(secret, 'linkage.patient')
  const plain = packMessage(message, form)
  const sealed = seal.seal(plain, '42')
  expect(seal.open(sealed, '42')).toEqual(plain)
  expect(seal.seal(plain, '42')).toEqual(sealed)
  expect(sealed.includes(plain.subarray(30, 60))).toBe(false)
  expect(seal.seal(plain, '43').subarray(1, 13)).not.toEqual(sealed.subarray(1, 13))
  expect(seal.open(sealed, '43')).toBeUndefined()
  expect(linkageSeal(secret, 'linkage.death').open(sealed, '42')).toBeUndefined()
  expect(linkageSeal(Buffer.alloc(32, 3), 'linkage.patient').open(sealed, '42')).toBeUndefined()
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed)
    changed[at] = (changed[at] as number) ^ 1
    expect(seal.open(changed, '42'), String(at)).toBeUndefined()
  }
  for (const length of [0, 1, 28]) expect(seal.open(sealed.subarray(0, length), '42')).toBeUndefined()
})
