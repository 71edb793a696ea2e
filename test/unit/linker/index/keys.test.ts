import { expect, test } from 'vitest'
import { indexKeys } from '../../../../services/linker/index/keys.ts'

const keys = indexKeys(Buffer.alloc(32, 1), 12)
const other = indexKeys(Buffer.alloc(32, 2), 12)
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
  expect(made).toHaveLength(2)
  expect(made[0]).toHaveLength(8)
  expect(keys.tokens(Int32Array.of(5, -7))[0]).toEqual(made[0])
  expect(made[0]).not.toEqual(made[1])
  expect(other.tokens(tokens)[0]).not.toEqual(made[0])
  expect(made[0]).not.toEqual(Buffer.from(tokens.buffer).subarray(0, 8))
})

test('a bucket has its bits and no others', () => {
  const buckets = new Set<number>()
  const few = indexKeys(Buffer.alloc(32, 1), 4)
  for (let i = 1; i < 2000; i++) buckets.add(few.tokens(Int32Array.of(i, 1))[0]?.readUIntBE(0, 3) ?? -1)
  expect(buckets.size).toBe(16)
  for (const bucket of buckets) expect(bucket & 0x0f_ffff).toBe(0)
  expect(keys.id('a').readUIntBE(0, 3) & 0x7fff).toBe(0)
  expect(keys.id('a')).toEqual(keys.id('a'))
  expect(keys.id('a')).not.toEqual(keys.id('b'))
})

test('indexes with one key have one fingerprint', () => {
  expect(indexKeys(Buffer.alloc(32, 1), 20).fingerprint).toBe(keys.fingerprint)
  expect(other.fingerprint).not.toBe(keys.fingerprint)
})
