import { createSecretKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { openBox, sealBox } from '#core/sealing/envelope.ts'

const KEY = createSecretKey(Buffer.alloc(32, 1))
const PLACE = { topic: 'identified.patient', key: 'k1' }
const VALUE = Buffer.from('a record')

test('a box opens at its place, and nowhere else', () => {
  const box = sealBox(KEY, 7, VALUE, PLACE)
  expect(openBox(KEY, { n: 7, box }, PLACE)).toEqual(VALUE)
  expect(openBox(KEY, { n: 7, box }, { ...PLACE, topic: 'identified.death' })).toBeUndefined()
  expect(openBox(KEY, { n: 7, box }, { ...PLACE, key: 'k2' })).toBeUndefined()
  expect(openBox(KEY, { n: 8, box }, PLACE)).toBeUndefined()
  expect(openBox(createSecretKey(Buffer.alloc(32, 2)), { n: 7, box }, PLACE)).toBeUndefined()
})

test('each changed bit, and each truncation, is found', () => {
  const box = sealBox(KEY, 0, VALUE, PLACE)
  for (let i = 0; i < box.length * 8; i++) {
    const changed = Buffer.from(box)
    changed[i >> 3] = (changed[i >> 3] ?? 0) ^ (1 << (i & 7))
    expect(openBox(KEY, { n: 0, box: changed }, PLACE)).toBeUndefined()
  }
  for (let length = 0; length < box.length; length++)
    expect(openBox(KEY, { n: 0, box: box.subarray(0, length) }, PLACE)).toBeUndefined()
  for (const n of [-1, 2 ** 53, 0.5]) expect(openBox(KEY, { n, box }, PLACE)).toBeUndefined()
})
