/** The form of hashed identifiers: what a third party computes by its own means is what is compared. */
import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { canonicalNumber, type HashForm, readHash, TEST_NUMBER, writtenHash } from '#core/linkage/hashed.ts'
import { isValidNir } from '#core/rules/check-digits.ts'
import { numberHash, testHash } from '../../../../services/deidentify/external/hashed/number-hash.ts'

const HEX: HashForm = { identifier: 'nir', characters: 15, encoding: 'hex' }
const SHORT: HashForm = { identifier: 'ins', characters: 13, encoding: 'base64url' }
/** As docs/circuits.md has it. */
const SECRET = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex')

test('the test vectors of the documentation', () => {
  expect(isValidNir(TEST_NUMBER)).toBe(true)
  expect(testHash(HEX, SECRET)).toBe(createHmac('sha256', SECRET).update('100000000000047').digest('hex'))
  expect(testHash(SHORT, SECRET)).toBe(createHmac('sha256', SECRET).update('1000000000000').digest('base64url'))
  expect([testHash(HEX, SECRET), testHash(SHORT, SECRET)]).toEqual([
    '3f584b3a88078cc3834111afaa6521a86f4e8018c7356a60f3748b13e5f07ab0',
    'RSkvlpC0Lb49itI5FBG4m8wr0JYHraZwVkMrjNNZMWo',
  ])
})

test('a number of Corsica keeps its letter, in upper case', () => {
  expect([HEX, SHORT].map((form) => canonicalNumber(form, '2A9999999999999'))).toEqual([
    '2A9999999999999',
    '2A99999999999',
  ])
})

test('a hash is read in its form alone, and written as it was', () => {
  const hash = createHmac('sha256', SECRET).update('x').digest()
  const [hex, short] = [hash.toString('hex'), hash.toString('base64url')]
  expect([readHash(HEX, hex), readHash(HEX, hex.toUpperCase())]).toEqual([short, short])
  expect([readHash(SHORT, short), readHash(SHORT, `${short}=`)]).toEqual([short, short])
  expect([writtenHash(HEX, short), writtenHash(SHORT, short)]).toEqual([hex, short])
  for (const text of ['', hex.slice(1), `${hex}0`, short, TEST_NUMBER]) expect(readHash(HEX, text)).toBeUndefined()
  // Its last character would be another text of the same bytes.
  for (const text of ['', hex, short.slice(1), `${short.slice(0, 42)}B`, hash.toString('base64').replace('=', '+')])
    expect(readHash(SHORT, text)).toBeUndefined()
})

test('a number counts as for the linkage: of no doubtful identity, and for ins only when it is qualified', () => {
  const of = (form: HashForm, identity: object) =>
    numberHash(form, SECRET)({ doubtful: false, ins: '', number: '', ...identity })
  const number = '279035121518989'
  const hash = createHmac('sha256', SECRET).update(number).digest('base64url')
  expect(of(HEX, { number })).toBe(hash)
  expect(of(HEX, { number, ins: number })).toBe(hash)
  expect(of(HEX, { number, doubtful: true })).toBeUndefined()
  expect(of(HEX, {})).toBeUndefined()
  expect(of(SHORT, { number })).toBeUndefined()
  expect(of(SHORT, { number, ins: number })).toBe(
    createHmac('sha256', SECRET).update(number.slice(0, 13)).digest('base64url'),
  )
})
