import { expect, test } from 'vitest'
import { indexKeys } from '../../../../services/linker/index/keys.ts'

const keys = indexKeys(Buffer.alloc(32, 1))
const other = indexKeys(Buffer.alloc(32, 2))
const head = Buffer.from('in clear')
const plain = Buffer.from('filters and an id')

test('what was sealed is opened, and is not readable', () => {
  const stored = keys.seal(head, plain)
  expect(keys.open(stored, head.length)).toEqual(plain)
  expect(stored.subarray(head.length).includes(plain.subarray(0, 6))).toBe(false)
  // The same record again has another nonce.
  expect(keys.seal(head, plain)).not.toEqual(stored)
})

test('every changed bit is found, in the part in clear as well, and so is another key', () => {
  const stored = keys.seal(head, plain)
  for (let bit = 0; bit < 8 * stored.length; bit++) {
    const changed = Buffer.from(stored)
    changed[bit >>> 3] = (changed[bit >>> 3] as number) ^ (1 << (bit & 7))
    expect(() => keys.open(changed, head.length)).toThrow('a record of the linkage index was changed')
  }
  expect(() => other.open(stored, head.length)).toThrow(expect.objectContaining({ code: 'seal-broken' }))
  expect(() => keys.open(stored.subarray(0, 20), head.length)).toThrow(expect.objectContaining({ code: 'seal-broken' }))
})

test('tokens are hashed again: equal ones stay equal, a missing one is left out, the key of the encodings does not give them', () => {
  const tokens = Int32Array.of(5, -7, 0, 0, 6, -7)
  const made = keys.tokens(tokens)
  expect(made).toHaveLength(4)
  expect(keys.tokens(Int32Array.of(5, -7))).toEqual(made.subarray(0, 2))
  expect(made.subarray(0, 2)).not.toEqual(made.subarray(2))
  expect(other.tokens(tokens)).not.toEqual(made)
  expect(made.subarray(0, 2)).not.toEqual(tokens.subarray(0, 2))
})

test('an id has a hash of its own', () => {
  expect(keys.id('a')).toHaveLength(12)
  expect(keys.id('a')).toEqual(keys.id('a'))
  expect(keys.id('a')).not.toEqual(keys.id('b'))
})

test('indexes with one key have one fingerprint', () => {
  expect(indexKeys(Buffer.alloc(32, 1)).fingerprint).toBe(keys.fingerprint)
  expect(other.fingerprint).not.toBe(keys.fingerprint)
})
